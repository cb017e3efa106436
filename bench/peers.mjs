// The Workers under the bench: this product's public Worker and its peers,
// each deployable on its own, brought up side by side on one workerd.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { Miniflare, Log, LogLevel, convertV4MiniflareOptions } from "miniflare";
import { bundle, loadWorker, product, root, start } from "../e2e/harness.mjs";

const run = promisify(execFile);
const built = path.join(root, "build", "bench");

export const load = path.join(built, "load");
export const secret = "It's a Secret to Everybody";

/** Every Worker that is measured: where it is and the paths of its two cases. */
export const contestants = {
  ours: { ...product.worker, verify: "/webhooks/bench/github", full: "/webhooks/bench/github" },
  handwritten: peer("handwritten"),
  hono: peer("hono"),
  stock: peer("stock"),
};

/**
 * The product's Worker with its stores replaced by nothing (build tag
 * hookweirbench): what verify-only means for it. Everything else is the code
 * that deploys.
 */
const oursVerifyOnly = path.join(built, "worker.wasm");

const sink = peer("sink");

function peer(name) {
  return { config: `bench/peers/${name}/wrangler.toml`, bundle: path.join(built, "deploy", name), verify: "/verify", full: "/full" };
}

/** Builds peers and load generator into build/bench. */
export async function build() {
  await mkdir(built, { recursive: true });
  const stock = path.join(built, "stock");
  const wasm = { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } };
  await run("go", ["build", "-o", load, "./bench/load"], { cwd: root });
  await run("go", ["run", "github.com/syumai/workers/cmd/workers-assets-gen", "-mode", "go", "-o", stock], { cwd: root });
  await run("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", path.join(stock, "app.wasm"), "./bench/peers/stock"], wasm);
  await run("go", ["build", "-trimpath", "-ldflags=-s -w", "-tags", "hookweirbench", "-o", oursVerifyOnly, "./worker"], wasm);
  const { ours: _, ...peers } = contestants; // ours is what `make build` made
  for (const { config, bundle: outdir } of [sink, ...Object.values(peers)]) await bundle(config, outdir);
}

/**
 * Brings Workers up on one fresh workerd: {pid, origin: {name: host:port},
 * stop()}. Each has a socket of its own: no proxy is measured. Names are
 * those of contestants, and "ours-verify", the verify-only build of ours.
 */
export async function bringUp(names, configuration = []) {
  const workers = { sink: await loadWorker("consumers", sink) };
  for (const name of names) workers[name] = await worker(name);
  const before = new Set(await workerds());
  const state = await mkdtemp(path.join(await scratch(), "hookweir-bench-"));
  const mf = new Miniflare(convertV4MiniflareOptions({
    host: "127.0.0.1", port: 0, cf: false, telemetry: { enabled: false }, logRequests: false, log: new Log(LogLevel.NONE),
    resourcePersistencePath: state,
    handleStructuredLogs() {}, // ours logs; nobody reads it here
    workers: Object.values(workers),
  }));
  const stop = async () => {
    await mf.dispose();
    await rm(state, { recursive: true, force: true });
  };
  try {
    await mf.ready;
    const origin = {};
    for (const [name, worker] of Object.entries(workers)) origin[name] = (await mf.unsafeGetDirectURL(worker.name)).host;
    if (configuration.length) {
      const kv = await mf.getKVNamespace("CONFIG", (workers.ours ?? workers["ours-verify"]).name);
      for (const [key, value] of configuration) await kv.put(key, value);
    }
    const [pid] = (await workerds()).filter((p) => !before.has(p));
    return { pid, origin, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function worker(name) {
  if (name === "ours") return loadWorker("worker", contestants.ours);
  if (name !== "ours-verify") return loadWorker(name, contestants[name]);
  return { ...(await loadWorker("worker", contestants.ours, { wasm: { worker: oursVerifyOnly } })), name };
}

// scratch is where workerd's KV, R2 and Durable Objects write: in memory if
// there is room, since a disk shared with others measures the others.
async function scratch() {
  const room = await statfs("/dev/shm").then((s) => s.bavail * s.bsize, () => 0);
  return room >= 4 * 2 ** 30 ? "/dev/shm" : tmpdir();
}

async function workerds() {
  const { stdout } = await run("ps", ["-o", "pid=,comm=", "--ppid", String(process.pid)]);
  return stdout.split("\n").filter((line) => line.includes("workerd")).map((line) => Number(line.trim().split(/\s+/)[0]));
}

/** What the product's API writes to CONFIG for the source the bench sends to. */
export async function sourceConfiguration() {
  const product = await start();
  try {
    const answer = await product.admin("PUT", "/tenants/bench/sources/github", { provider: "github", secrets: [secret] });
    if (answer.status >= 300) throw new Error(`could not make the source: ${answer.status} ${answer.text}`);
    const kv = await product.kv("CONFIG");
    const { keys } = await kv.list();
    return await Promise.all(keys.map(async ({ name }) => [name, await kv.get(name)]));
  } finally {
    await product.stop();
  }
}
