// The product on real workerd: both Workers as they would be deployed (the
// output of `wrangler deploy --dry-run`), wired as their wrangler.toml files
// say, on free loopback ports, with no account and no network.
//
//	build/deploy/worker ────▶ workerd ◀── build/deploy/consumers
//	wrangler.toml [bindings] ──▲   ▲────── consumers/wrangler.toml [bindings]
//	                           │
//	        faults: the worker's stores, through faults.worker.mjs
import { execFile } from "node:child_process";
import { readdir, readFile, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv, promisify } from "node:util";
import { Miniflare, Log, LogLevel, convertV4MiniflareOptions } from "miniflare";
import { unstable_getMiniflareWorkerOptions as miniflareOptions, unstable_readConfig as readConfig } from "wrangler";
import { conforms, isAPI } from "./openapi.mjs";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** Development settings, in place of `wrangler secret put`. */
const developmentVars = { worker: ".dev.vars.example", consumers: "consumers/.dev.vars.example" };

/** Reads a .dev.vars file. */
export const readVars = async (file) => parseEnv(await readFile(path.join(root, file), "utf8"));

/** Where each Worker's configuration and deployable files are. */
export const product = {
  worker: { config: "wrangler.toml", bundle: "build/deploy/worker" },
  consumers: { config: "consumers/wrangler.toml", bundle: "build/deploy/consumers" },
};

/** How many structured log lines a run keeps; older ones are dropped. */
const maxLogLines = 20_000;

const moduleTypes = { ".js": "ESModule", ".mjs": "ESModule", ".wasm": "CompiledWasm" };

/**
 * Starts the product.
 *
 * @param {object} options
 *   parts      {worker, consumers}, each {config, bundle}: default `product`
 *   only       "worker" or "consumers": as if the other was not deployed
 *   wasm       {worker?, consumers?}: path of a .wasm put in place of the bundle's
 *   vars       {worker?, consumers?}: over [vars] and the development secrets;
 *              undefined takes one away
 *   without    {worker?, consumers?}: names of bindings to leave out
 *   port       {worker?}: a fixed port of the public Worker; default: a free one
 *   persist    folder that keeps KV, R2 and Durable Objects; default: a
 *              temporary one, removed by stop()
 *   outbound   async (Request) => Response | undefined: sees every fetch of
 *              both Workers first; undefined lets it go out
 *   queues     {queue: {maxBatchTimeout (s), …}}: over what its consumer has
 *   d1         {consumers?: {BINDING: name}}: D1 databases beside the configured ones
 *   measure    true makes memory() of the result work, by measured.worker.mjs
 *              before each entry module and workerd's inspector
 *   faults     true puts a fault Worker between the public Worker and its stores
 *   beside     miniflare options of further Workers on the same workerd
 *   verbose    true prints what the Workers log; default: VERBOSE=1 in the environment
 */
export async function start(given = {}) {
  const options = { verbose: process.env.VERBOSE === "1", ...given };
  const parts = { ...product, ...options.parts };
  const temporary = options.persist ? undefined : await mkdtemp(path.join(tmpdir(), "hookweir-e2e-"));
  const logs = [];
  let mf;
  try {
    const workers = [];
    const roles = {};
    for (const role of options.only ? [options.only] : ["worker", "consumers"]) {
      roles[role] = await loadWorker(role, parts[role], options);
      workers.push(roles[role]);
    }
    if (options.faults) workers.push(await interpose(roles.worker));
    workers.push(...(options.beside ?? []));
    mf = new Miniflare(convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false, // no look-up of request.cf over the network
      telemetry: { enabled: false },
      ...(options.measure && { inspectorHost: "127.0.0.1", inspectorPort: 0 }),
      logRequests: false,
      log: new Log(options.verbose ? LogLevel.INFO : LogLevel.NONE),
      resourcePersistencePath: path.resolve(options.persist ?? temporary),
      handleStructuredLogs(line) {
        if (logs.length === maxLogLines) logs.shift();
        logs.push(line);
        if (options.verbose) console.error(`[${line.level}] ${line.message}`);
      },
      workers,
    }));
    await mf.ready;
    return await describe(mf, workers, { logs, temporary, consumers: roles.consumers });
  } catch (error) {
    await mf?.dispose();
    if (temporary) await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** One Worker's miniflare options: bindings from its wrangler.toml, modules from its bundle. */
export async function loadWorker(role, part, { wasm, vars, outbound, without, port = {}, d1, measure, queues = {} } = {}) {
  const config = readConfig({ config: path.resolve(root, part.config) }, { hideWarnings: true });
  // Settings are the committed examples: no .dev.vars of the developer's, no environment.
  const { workerOptions } = miniflareOptions({ ...config, secrets: undefined, userConfigPath: path.join(root, "build", "no-dev-vars", "wrangler.toml") });
  const { modulesRules: _, rootPath: __, ...bindings } = workerOptions;
  for (const name of without?.[role] ?? []) unbind(bindings, name);
  const bundle = path.resolve(root, part.bundle);
  for (const [queue, more] of Object.entries(queues)) {
    if (bindings.queueConsumers?.[queue]) bindings.queueConsumers = { ...bindings.queueConsumers, [queue]: { ...bindings.queueConsumers[queue], ...more } };
  }
  return {
    ...bindings,
    name: config.name,
    modulesRoot: bundle,
    modules: [...(measure ? await measured(bundle) : []), ...(await readModules(bundle, wasm?.[role]))],
    bindings: definite({ ...config.vars, ...(developmentVars[role] && (await readVars(developmentVars[role]))), ...vars?.[role] }),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: port[role] ?? 0 }],
    ...(d1?.[role] && { d1Databases: { ...bindings.d1Databases, ...d1[role] } }),
    ...(outbound && { outboundService: async (request) => (await outbound(request.clone())) ?? fetch(request.url, forwardable(request)) }),
  };
}

const definite = (vars) => Object.fromEntries(Object.entries(vars).filter(([, value]) => value !== undefined));

/** The kinds of bindings, as miniflare's options call them. */
const bindingKinds = ["kvNamespaces", "r2Buckets", "queueProducers", "durableObjects", "serviceBindings", "d1Databases"];

function unbind(options, name) {
  const kind = bindingKinds.find((k) => Object.hasOwn(options[k] ?? {}, name));
  if (!kind) throw new Error(`${name} is no binding`);
  options[kind] = Object.fromEntries(Object.entries(options[kind]).filter(([n]) => n !== name));
}

async function readModules(bundle, wasm) {
  let names;
  try {
    names = await readdir(bundle);
  } catch (cause) {
    throw new Error(`${path.relative(root, bundle)} is not there: run \`make build\` first`, { cause });
  }
  const modules = [];
  for (const name of names.sort((a, b) => entryFirst(a) - entryFirst(b))) {
    const type = moduleTypes[path.extname(name)];
    if (type === undefined) continue;
    const file = type === "CompiledWasm" && wasm ? path.resolve(root, wasm) : path.join(bundle, name);
    modules.push({ type, path: path.join(bundle, name), contents: await readFile(file) });
  }
  if (modules[0]?.type !== "ESModule") throw new Error(`${bundle}: no entry module`);
  return modules;
}

async function measured(bundle) {
  return [{ type: "ESModule", path: path.join(bundle, "measured.mjs"), contents: await readFile(path.join(root, "e2e", "measured.worker.mjs")) }];
}

// The first module is the entry; wrangler writes exactly one script.
const entryFirst = (name) => (path.extname(name) === ".js" ? 0 : 1);

function forwardable(request) {
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  return { method: request.method, headers: request.headers, redirect: "manual", ...(hasBody && { body: request.body, duplex: "half" }) };
}

// interpose moves the worker's KV, R2 and queue bindings to a fault Worker
// and leaves service bindings to it in their place, under the same names.
async function interpose(worker) {
  const file = path.join(root, "e2e", "faults.worker.mjs");
  const faults = {
    name: "faults",
    modules: [{ type: "ESModule", path: file, contents: await readFile(file) }],
    modulesRoot: path.dirname(file),
    compatibilityDate: worker.compatibilityDate,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  worker.serviceBindings = { ...worker.serviceBindings };
  for (const [kind, entrypoint] of [["kvNamespaces", "KV"], ["r2Buckets", "Bucket"], ["queueProducers", "Queue"]]) {
    faults[kind] = worker[kind];
    for (const binding of Object.keys(worker[kind] ?? {})) {
      worker.serviceBindings[binding] = { name: "faults", entrypoint, props: { binding } };
    }
    worker[kind] = {};
  }
  return faults;
}

async function describe(mf, workers, { logs, temporary, consumers }) {
  const origin = async (name) => (await mf.unsafeGetDirectURL(name)).origin;
  const url = await origin(workers[0].name);
  const control = workers.some((w) => w.name === "faults") && (await origin("faults"));
  const holder = (kind, binding) => {
    const found = workers.find((w) => Object.hasOwn(w[kind] ?? {}, binding));
    if (!found) throw new Error(`no Worker has ${kind} ${binding}`);
    return found.name;
  };
  const adminToken = consumers?.bindings.ADMIN_TOKEN;
  return {
    url,
    adminToken,
    logs,
    pids: () => childrenNamed("workerd"),
    memory: () => measure(mf, workers),
    /** Where a Worker of the name listens. */
    origin,
    /** Calls the operator's API and holds the answer against docs/openapi.json: {status, headers, text, json}. */
    admin(method, route, body, init) {
      return call(`${url}/v1${route}`, method, body, { authorization: `Bearer ${adminToken}` }, init);
    },
    kv: (binding) => mf.getKVNamespace(binding, holder("kvNamespaces", binding)),
    bucket: (binding) => mf.getR2Bucket(binding, holder("r2Buckets", binding)),
    d1: (binding) => mf.getD1Database(binding, holder("d1Databases", binding)),
    queue: (binding) => mf.getQueueProducer(binding, holder("queueProducers", binding)),
    /** One tick of the cron trigger, which workerd does not fire by itself. */
    tick: async () => (await mf.getWorker(consumers.name)).scheduled({ cron: "* * * * *", scheduledTime: new Date() }),
    /** Moves the clock of the consumers' test build to so many ms after the real one. */
    async clock(ms) {
      const answer = await call(`${url}/healthz`, "GET", undefined, { "x-hookweir-clock": String(ms) });
      if (answer.status !== 200) throw new Error(`the clock: ${answer.status} ${answer.text}`);
    },
    /** Sets what goes wrong per binding, e.g. {EVENTS: {fail: 1}}; see faults.worker.mjs. */
    async faults(modes) {
      if (!control) throw new Error("start({faults: true}) first");
      const response = await fetch(control, { method: "PUT", body: JSON.stringify(modes) });
      if (!response.ok) throw new Error(`faults: ${response.status} ${await response.text()}`);
    },
    async stop() {
      await mf.dispose();
      if (temporary) await rm(temporary, { recursive: true, force: true });
    },
  };
}

/** One JSON request to the product; the answer with its body read, and held against docs/openapi.json if the path is the API's. */
export async function call(url, method, body, headers = {}, init = {}) {
  const response = await fetch(url, {
    method,
    redirect: "manual",
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...init,
  });
  const answer = await answerOf(response);
  if (isAPI(url)) conforms(method, url, answer, body);
  return answer;
}

/** {status, headers, text, json} of a Response; json is undefined if the text is not. */
export async function answerOf(response) {
  const text = await response.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

/**
 * What memory is whose, in bytes: {parts: {[Worker's name]: {linear, instances,
 * heap}}, others, rss}. linear is that of the Go instances that live, heap the
 * isolate's JavaScript with its buffers after a collection, others the same of
 * miniflare's own isolates (queues, KV, R2, D1, proxies) without one, since an
 * idle one does not answer; rss the whole process, SQLite's caches and compiled
 * code with it.
 */
async function measure(mf, workers) {
  const inspector = new URL((await mf.getInspectorURL()).href.replace("ws:", "http:"));
  const ours = new Set(workers.map(({ name }) => `core:user:${name}`));
  const heaps = new Map();
  for (const { id, webSocketDebuggerUrl } of await (await fetch(new URL("/json", inspector))).json()) {
    heaps.set(id, await heapUsage(webSocketDebuggerUrl, ours.has(id)));
  }
  const parts = {};
  for (const { name } of workers) {
    const { origin } = await mf.unsafeGetDirectURL(name);
    const linear = await (await fetch(`${origin}/.memory`)).json();
    parts[name] = { linear: linear.reduce((sum, bytes) => sum + bytes, 0), instances: linear.length, heap: heaps.get(`core:user:${name}`) };
    heaps.delete(`core:user:${name}`);
  }
  let rss = 0;
  for (const pid of await childrenNamed("workerd")) rss += 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  return { parts, others: [...heaps.values()].reduce((sum, bytes) => sum + bytes, 0), rss };
}

// heapUsage asks one isolate by the inspector's protocol, after a collection if
// it is to collect.
async function heapUsage(url, collect) {
  const methods = [...(collect ? ["HeapProfiler.collectGarbage"] : []), "Runtime.getHeapUsage"];
  const socket = new WebSocket(url);
  try {
    const answered = new Promise((resolve, reject) => {
      // One after the other: a collection is done when it is answered.
      const ask = (id) => socket.send(JSON.stringify({ id, method: methods[id] }));
      socket.onopen = () => ask(0);
      socket.onmessage = ({ data }) => {
        const { id, result } = JSON.parse(data);
        if (id + 1 < methods.length) ask(id + 1);
        else resolve(result);
      };
      socket.onerror = () => reject(new Error(`the inspector at ${url} did not answer`));
    });
    const { usedSize, embedderHeapUsedSize, backingStorageSize } = await answered;
    return usedSize + embedderHeapUsedSize + backingStorageSize;
  } finally {
    socket.close();
  }
}

async function childrenNamed(name) {
  const pids = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, comm, ppid] = /\((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (comm === name && Number(ppid) === process.pid) pids.push(Number(entry));
  }
  return pids;
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Runs `wrangler deploy --dry-run` of one wrangler.toml into a folder. */
export async function bundle(config, outdir) {
  const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
  await promisify(execFile)(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", outdir, "--config", config], {
    cwd: root,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false" },
  });
}

/**
 * Polls until check returns something other than undefined or false; the
 * deadline (ms) is a bound, not a wait. The error says what was awaited.
 */
export async function until(what, check, deadline = 20_000) {
  const end = Date.now() + deadline;
  for (let pause = 5; ; pause = Math.min(pause * 2, 200)) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${deadline} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
