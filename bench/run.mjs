// `make bench`: this Worker and its peers on one workerd, same machine, same
// run, warm, in interleaved rounds; then the cold first request of each in
// fresh processes; last, both modules' linear memory under load. Prints medians
// and ratios, writes build/bench.json.
//
//	node bench/run.mjs [--rounds 5] [--seconds 0.8] [--only verify-1k]
import { execFile } from "node:child_process";
import net from "node:net";
import { parseArgs, promisify } from "node:util";
import { memory } from "./memory.mjs";
import { bringUp, build, contestants, load, sourceConfiguration } from "./peers.mjs";
import { keep, versus } from "./results.mjs";

const { values: flags } = parseArgs({ options: {
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "0.8" },
  only: { type: "string", default: "" },
} });
const rounds = Number(flags.rounds);
const sizes = { "1k": 1 << 10, "20k": 20 << 10, "200k": 200 << 10 };
const cases = ["verify", "full"].flatMap((work) => Object.entries(sizes).flatMap(([label, size]) =>
  [1, 32].map((clients) => ({ name: `${work}-${label}-c${clients}`, work, size, clients }))));

const names = Object.keys(contestants);
const peers = names.filter((name) => name !== "ours");

/** The metrics of the table, as the load generator calls them. */
const metrics = ["requests_per_s", "cpu_s_per_1k", "p50_ms", "p99_ms"];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

async function measure(stage, name, c, run) {
  const address = stage.origin[builtFor(name, c.work)];
  const { stdout } = await promisify(execFile)(load, [
    "-addr", address, "-path", contestants[name][c.work], "-size", c.size, "-clients", c.clients,
    "-for", `${flags.seconds}s`, "-pid", stage.pid, "-run", run,
  ].map(String)).catch((error) => {
    throw new Error(`${name} ${c.name}: ${error.stderr}`);
  });
  const line = JSON.parse(stdout);
  if (line.errors > 0) throw new Error(`${name} ${c.name}: ${line.errors} of ${line.requests} failed: ${line.first_error}`);
  return line;
}

// warm measures every case of every contestant, round by round, the order
// turned by one each round so that nobody always follows the same neighbour.
async function warm(configuration) {
  const lines = new Map();
  const stage = await bringUp([...names, "ours-verify"], configuration);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const c of cases.filter(({ name }) => name.startsWith(flags.only))) {
        for (let i = 0; i < names.length; i++) {
          const name = names[(i + round) % names.length];
          const key = `${c.name} ${name}`;
          lines.set(key, [...(lines.get(key) ?? []), await measure(stage, name, c, `${round}-${c.name}`)]);
        }
      }
      process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    }
  } finally {
    await stage.stop();
  }
  return lines;
}

// cold is the time in ms from the first byte of a Worker's first request to
// its answer, in a workerd that has just started: {"verify hono": [ms, …]}.
async function cold(configuration) {
  const samples = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const work of ["verify", "full"]) {
      for (const name of names) {
        const key = `${work} ${name}`;
        samples.set(key, [...(samples.get(key) ?? []), await coldOnce(name, work, `cold-${round}-${work}`, configuration)]);
      }
    }
  }
  return samples;
}

async function coldOnce(name, work, run, configuration) {
  const built = builtFor(name, work);
  const stage = await bringUp([built], name === "ours" ? configuration : []);
  try {
    await firstAnswer(stage.origin.sink, "GET / HTTP/1.1\r\nHost: sink\r\n\r\n"); // the process and this client, not the Worker
    const { stdout: request } = await promisify(execFile)(load, ["-print", "-addr", stage.origin[built], "-path", contestants[name][work], "-run", run]);
    return await firstAnswer(stage.origin[built], request, "202");
  } finally {
    await stage.stop();
  }
}

/** Verify-only is a build of its own for us, a path for the peers. */
const builtFor = (name, work) => (name === "ours" && work === "verify" ? "ours-verify" : name);

function firstAnswer(address, request, want = "200") {
  const [host, port] = address.split(":");
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), host, () => {
      const began = performance.now();
      socket.write(request);
      socket.once("data", (data) => {
        const ms = performance.now() - began;
        socket.destroy();
        const status = data.toString("latin1").slice(9, 12);
        if (status === want) resolve(ms);
        else reject(new Error(`cold: ${data.toString().slice(0, 300)}`));
      });
    });
    socket.on("error", reject);
  });
}

/** Rows of build/bench.json. */
function tabulate(lines, samples) {
  const rows = [];
  const add = (...of) => rows.push(versus(...of));
  for (const peer of peers) {
    for (const c of cases) {
      const [ours, theirs] = ["ours", peer].map((name) => lines.get(`${c.name} ${name}`));
      if (!ours) continue;
      for (const metric of metrics) {
        add(c.name, peer, metric, median(ours.map((line) => line[metric])), median(theirs.map((line) => line[metric])));
      }
    }
    for (const work of ["verify", "full"]) {
      add(`cold-${work}-1k`, peer, "first_request_ms", median(samples.get(`${work} ours`)), median(samples.get(`${work} ${peer}`)));
    }
  }
  return rows;
}

function print(rows) {
  for (const metric of [...new Set(rows.map((row) => row.metric))]) {
    console.log(`\n${metric}, median of ${rounds}: ours, each peer, and ours ÷ peer`);
    console.log(["case".padEnd(16), "ours".padStart(10), ...peers.flatMap((p) => [p.padStart(12), "ratio".padStart(7)])].join(" "));
    const of = rows.filter((row) => row.metric === metric);
    for (const name of [...new Set(of.map((row) => row.case))]) {
      const line = of.filter((row) => row.case === name);
      console.log([name.padEnd(16), String(line[0].ours).padStart(10), ...line.flatMap((row) => [String(row.theirs).padStart(12), `${row.ratio.toFixed(2)}×`.padStart(7)])].join(" "));
    }
  }
}

const began = Date.now();
await build();
const configuration = await sourceConfiguration();
const rows = tabulate(await warm(configuration), await cold(configuration));
print(rows);
console.log("\nlinear memory");
rows.push(...await memory());
console.log(`\n${((Date.now() - began) / 1000).toFixed(0)} s`);
await keep("run", rows);
