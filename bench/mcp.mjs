// The agent's endpoint against the MCP TypeScript SDK on the same workerd:
// tools/list and tools/call a second, and CPU for each, in turns. Then the
// first answer of a process that has just begun, and the memory that tenants'
// objects take. Its rows are in build/bench.json too.
//
//	node bench/mcp.mjs [--rounds 3] [--seconds 2] [--clients 16] [--starts 5] [--tenants 200]
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { Miniflare, Log, LogLevel, convertV4MiniflareOptions } from "miniflare";
import { bundle, loadWorker, root, start } from "../e2e/harness.mjs";
import { post } from "../e2e/mcp.mjs";
import { figure, keep, versus } from "./results.mjs";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, seconds: { type: "string", default: "2" }, clients: { type: "string", default: "16" }, starts: { type: "string", default: "5" }, tenants: { type: "string", default: "200" } } });
const [rounds, seconds, clients, starts, tenants] = [values.rounds, values.seconds, values.clients, values.starts, values.tenants].map(Number);
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

const rows = [];

async function cpu(pid) { // seconds so far; a tick is a hundredth
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function measure({ url, tokens = [], pid }, method, params) {
  const end = performance.now() + seconds * 1000;
  const before = await cpu(pid);
  let done = 0;
  await Promise.all(Array.from({ length: clients }, async (_, i) => {
    while (performance.now() < end) {
      const answer = await post(url, tokens[i], method, params);
      if (answer.status !== 200 || answer.json?.error) throw new Error(`${url}: ${answer.status} ${answer.text.slice(0, 200)}`);
      done++;
    }
  }));
  return { rate: done / seconds, ms: ((await cpu(pid)) - before) * 1000 / done };
}

const out = path.join(root, "build", "bench", "deploy", "mcp");
const part = { config: "bench/peers/mcp/wrangler.toml", bundle: out };
await bundle(part.config, out);
const product = await start();
const ours = { tokens: [], url: `${product.url}/mcp/bench`, pid: (await product.pids())[0] };
// A key a client: each may make 100 calls a second.
for (let i = 0; i < clients; i++) ours.tokens.push((await product.admin("POST", "/tenants/bench/keys", { rate: 6000 })).json.key);
const mf = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false }, log: new Log(LogLevel.NONE), workers: [await loadWorker("mcp", part)] }));
try {
  await mf.ready;
  const theirs = { url: `${(await mf.unsafeGetDirectURL("bench-mcp")).origin}/`, pid: (await product.pids()).find((pid) => pid !== ours.pid) };
  const cases = [["tools/list", {}, {}], ["tools/call", { name: "list_sources", arguments: {} }, { name: "tool_1", arguments: {} }]];
  for (const [method, mine, peer] of cases) {
    const got = { ours: [], theirs: [] };
    for (let round = 0; round < rounds; round++) {
      got.theirs.push(await measure(theirs, method, peer));
      got.ours.push(await measure(ours, method, mine));
    }
    const of = (who, what) => median(got[who].map((m) => m[what]));
    for (const [what, metric] of [["rate", "requests_per_s"], ["ms", "cpu_ms"]]) rows.push(versus(method, "typescript-sdk", metric, of("ours", what), of("theirs", what)));
    console.log(`${method}: ours ${of("ours", "rate").toFixed(0)}/s, ${of("ours", "ms").toFixed(2)} ms CPU; TypeScript SDK ${of("theirs", "rate").toFixed(0)}/s, ${of("theirs", "ms").toFixed(2)} ms CPU; ratio ${(of("ours", "rate") / of("theirs", "rate")).toFixed(2)}`);
  }
} finally {
  await mf.dispose();
  await product.stop();
}

// The object's storage is there, no isolate is: Go starts in both Workers, the
// object is made, the library registers everything.
async function coldStarts() {
  const persist = await mkdtemp(path.join(tmpdir(), "hookweir-bench-"));
  try {
    let key;
    const first = [], second = [];
    for (let i = 0; i <= starts; i++) {
      const cold = await start({ persist });
      const url = `${cold.url}/mcp/bench`;
      if (key === undefined) key = (await cold.admin("POST", "/tenants/bench/keys", {})).json.key;
      else for (const list of [first, second]) {
        const began = performance.now();
        const { status, text } = await post(url, key, "tools/list");
        if (status !== 200) throw new Error(text);
        list.push(performance.now() - began);
      }
      await cold.stop();
    }
    rows.push(figure("cold first tools/list", "ms", median(first)), figure("second tools/list", "ms", median(second)));
    console.log(`cold: the first tools/list after ${median(first).toFixed(0)} ms, the second after ${median(second).toFixed(0)} ms (median of ${starts})`);
  } finally {
    await rm(persist, { recursive: true, force: true });
  }
}

async function memoryOfTenants() {
  const many = await start();
  try {
    const [pid] = (await many.pids()).slice(-1);
    const rss = async () => Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))[1]);
    const use = async (from, to) => {
      for (let i = from; i < to; i++) {
        const { key } = (await many.admin("POST", `/tenants/bench-${i}/keys`, {})).json;
        for (let n = 0; n < 2; n++) await post(`${many.url}/mcp/bench-${i}`, key, "tools/list");
      }
    };
    await use(0, 20); // what the first few take is the isolates' own
    const before = await rss();
    await use(20, 20 + tenants);
    const each = ((await rss()) - before) / tenants;
    rows.push(figure("memory of a tenant's object", "kib", each));
    console.log(`memory: ${each.toFixed(0)} KiB of the process for each tenant's object in use (${tenants} of them)`);
    for (const line of many.logs) if (/instance_recycled/.test(line.message)) console.log(line.message);
  } finally {
    await many.stop();
  }
}

if (starts > 0) await coldStarts();
if (tenants > 0) await memoryOfTenants();
await keep("mcp", rows);
