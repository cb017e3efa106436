// Outbound writes on workerd: how many are accepted, delivered and paced, and
// what that costs, beside a Worker written by hand that only has a queue
// (bench/peers/writes). A part of `make bench`; with --burst only the burst:
// what share of its rate a destination gets, by its server's own clock.
//
//	node bench/writes.mjs [--rounds 3] [--seconds 2]
//	node bench/writes.mjs --burst 5000 [--rate 50] [--allow 10] [--keys 50]
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { excess, startDestination } from "../e2e/destination.mjs";
import { bundle, loadWorker, root, start, until } from "../e2e/harness.mjs";
import { must } from "../e2e/scene.mjs";
import { figure, keep, versus } from "./results.mjs";

const { values: flags } = parseArgs({ options: {
  rounds: { type: "string", default: "3" },
  seconds: { type: "string", default: "2" },
  burst: { type: "string" },
  rate: { type: "string", default: "50" },
  allow: { type: "string", default: "10" },
  keys: { type: "string" },
} });
const [rounds, seconds] = [flags.rounds, flags.seconds].map(Number);
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

/** Built Workers beside the product: {name: miniflare options}. */
async function beside() {
  const list = [];
  for (const name of ["writes", "permits"]) {
    const part = { config: `bench/peers/${name}/wrangler.toml`, bundle: path.join(root, "build", "bench", "deploy", name) };
    await bundle(part.config, part.bundle);
    list.push(await loadWorker(name, part));
  }
  return list;
}

const server = await startDestination();
const product = await start({ beside: flags.burst ? [] : await beside() });
const [pid] = await product.pids();
const admin = { authorization: `Bearer ${product.adminToken}` };
const put = (name, config) => must(product.admin("PUT", `/tenants/bench/destinations/${name}`, { base_url: server.url, ...config }));
const route = (name) => `${product.url}/v1/tenants/bench/destinations/${name}/writes`;
const write = (i, keys) => ({ method: "POST", path: "/items", body: { n: i, text: "x".repeat(200) }, ...(keys && { partition_key: `k${i % keys}` }) });
const many = (n, make) => Array.from({ length: n }, (_, i) => make(i));

async function cpu() { // seconds so far; a tick is a hundredth
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).replace(/.*\) /, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function post(url, body, headers) {
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 200)}`);
  return text;
}

/** {rate, ms}: how many a second, and CPU each. */
async function measure(work) {
  const before = await cpu(), began = performance.now();
  const n = await work(began + seconds * 1000);
  return { rate: (n * 1000) / (performance.now() - began), ms: (((await cpu()) - before) * 1000) / n };
}

const accepting = (url, body, each, clients, headers) => () => measure(async (end) => {
  let n = 0;
  await Promise.all(many(clients, async () => {
    for (; performance.now() < end; n += each) await post(url, body, headers);
  }));
  return n;
});

/** Hands over count writes and waits until they have arrived. */
const delivering = (count, hand) => () => measure(async () => {
  server.arrivals.length = 0;
  await hand();
  await until("the writes", () => server.arrivals.length >= count, 120_000);
  return count;
});

const permits = (n, calls) => () => measure(async () => {
  const ask = JSON.stringify({ tenant: "bench", destination: "fast", calls, n });
  const { slots } = JSON.parse(await post(await product.origin("bench-permits"), ask));
  if (slots !== n * calls) throw new Error(`${slots} slots of ${n * calls}`);
  return slots;
});

const rows = [];

async function compare(what, ours, theirs) {
  const got = { ours: [], theirs: [] };
  for (let round = 0; round <= rounds; round++) { // the first warms up
    for (const [who, run] of [["theirs", theirs], ["ours", ours]]) if (run) got[who].push(await run());
  }
  const of = (who) => ["rate", "ms"].map((m) => median(got[who].slice(1).map((line) => line[m])));
  const [[rate, ms], [peerRate, peerMs]] = [of("ours"), theirs ? of("theirs") : []];
  for (const [metric, mine, its] of [["per_s", rate, peerRate], ["cpu_ms", ms, peerMs]]) rows.push(theirs ? versus(what, "by hand", metric, mine, its) : figure(what, metric, mine));
  console.log(`${what.padEnd(34)} ${rate.toFixed(0).padStart(7)}/s ${ms.toFixed(3).padStart(8)} ms CPU${theirs ? `   by hand ${peerRate.toFixed(0).padStart(7)}/s ${peerMs.toFixed(3).padStart(8)} ms   ratio ${(rate / peerRate).toFixed(2)}` : ""}`);
}

async function table() {
  await put("idle", { rate: { requests: 1, per: "24h", burst: 1 } }); // accepts and keeps
  await put("free");
  await put("fast", { rate: { requests: 1_000_000, per: "1s", burst: 1000 } });
  const peer = await product.origin("bench-writes");
  for (const [what, each, clients] of [["accepted, one at a time", 1, 16], ["accepted, lists of 100", 100, 4], ["accepted, lists of 1000", 1000, 2]]) {
    const body = JSON.stringify(each === 1 ? write(0) : many(each, (i) => write(i)));
    await compare(what, accepting(route("idle"), body, each, clients, admin), accepting(`${peer}/stored`, body, each, clients));
  }
  const count = 1000;
  const theirs = delivering(count, () => post(`${peer}/sent`, JSON.stringify(many(count, (i) => ({ ...write(i), url: `${server.url}/items` })))));
  const ours = (keys) => delivering(count, () => post(route("free"), JSON.stringify(many(count, (i) => write(i, keys))), admin));
  await compare("delivered, no limit, no key", ours(0), theirs);
  await compare("delivered, no limit, 50 keys", ours(50), theirs);
  for (const n of [100, 10, 1]) await compare(`permits of one Lane, ${n} a call`, permits(n, 200));
}

/** Writes over a destination's rate: what its server counts. */
async function burst(count, rate, allow, keys) {
  server.arrivals.length = 0;
  const name = `burst-${keys}`;
  await put(name, { rate: { requests: rate, per: "1s", burst: allow } });
  const before = await cpu();
  for (let i = 0; i < count; i += 1000) await post(route(name), JSON.stringify(many(Math.min(1000, count - i), (j) => write(i + j, keys))), admin);
  await until("the burst", () => server.arrivals.length >= count, (count / rate) * 3000 + 60_000);
  const s = (server.arrivals.at(-1).at - server.arrivals[0].at) / 1000;
  const share = (100 * (count - 1)) / rate / s;
  rows.push(figure(`${count} writes${keys ? ` of ${keys} keys` : ""} at ${rate}/s`, "percent_of_rate", share));
  console.log(`${count} writes${keys ? ` of ${keys} keys` : ""} at ${rate}/s, burst ${allow}: ${share.toFixed(1)} % of the rate, ${excess(server.arrivals, rate, allow)} over it, ${((1000 * ((await cpu()) - before)) / count).toFixed(2)} ms of CPU each`);
}

try {
  await put("warm");
  await post(route("warm"), JSON.stringify(many(200, (i) => write(i, i % 2 && 20))), admin);
  await until("it to be warm", () => server.arrivals.length >= 200, 60_000);
  if (flags.burst) {
    for (const keys of flags.keys ? [Number(flags.keys)] : [0, 50]) await burst(Number(flags.burst), Number(flags.rate), Number(flags.allow), keys);
  } else {
    await table();
    for (const keys of [0, 50]) await burst(500, 50, 10, keys);
    await keep("writes", rows);
  }
} finally {
  await product.stop();
  await server.stop();
}
