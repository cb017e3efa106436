// `make provision`: creates what the two wrangler.toml files name and the
// account does not have yet — KV namespaces, R2 buckets, queues, D1 databases,
// secrets — and writes the ids that Cloudflare gives into the files.
//
//	wrangler.toml, consumers/wrangler.toml ─▶ plan ─▶ wrangler … list, info ─▶ exists
//	                                                     │ missing
//	                                                     ▼
//	                                              wrangler … create
//
// It is safe to repeat, also after it failed half way: what exists is left
// alone, a secret that is set is never set again, and the secrets it makes are
// kept in deploy/secrets.json (mode 0600, ignored by git) before any of them
// is uploaded, and never written over: the file is replaced whole. It says
// whose they are: for another account or other Workers they are not used. Nor
// is a queue that another project uses: their messages would mix. Secrets travel by standard input, never as an
// argument.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, open, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { unstable_readConfig as readConfig } from "wrangler";

const here = path.dirname(fileURLToPath(import.meta.url));
const wranglerCLI = path.resolve(here, "../node_modules/wrangler/bin/wrangler.js");

/** The two Workers' configuration files, below the repository's root. */
const files = ["wrangler.toml", "consumers/wrangler.toml"];

/** What Cloudflare gives as the id of a KV namespace or a D1 database. */
const isID = (id) => /^[0-9a-f]{32}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id ?? "");

/** A key ring of one new key: 32 random bytes (package seal). */
const newRing = () => `k1:${randomBytes(32).toString("base64")}`;

/** How each secret is made. A secret that two Workers share is one value. */
const makers = { SOURCE_KEYS: newRing, VAULT_KEYS: newRing, ADMIN_TOKEN: () => randomBytes(32).toString("hex") };

/**
 * How wrangler 4.164.0 says that a thing does not exist, and nothing else: a
 * wrong account or a route that is gone must not lead to a creation. KV and D1
 * have no row, since wrangler lists them as JSON.
 */
const absent = {
  "R2 bucket": /\[code: 10006\]/, // the API's NoSuchBucket
  queue: /Queue "[^"]*" does not exist\./,
  secrets: /Worker "[^"]*" not found\./, // of a Worker that was never deployed
};

class Failure extends Error {}

async function main() {
  const root = path.resolve(process.argv[2] ?? path.join(here, ".."));
  const workers = files.map((file) => ({ file: path.join(root, file), config: readConfig({ config: path.join(root, file) }, { hideWarnings: true }) }));
  checkFiles(workers);
  const wrangler = (args, input) => run(root, args, input);
  await provisionKV(workers, wrangler);
  for (const bucket of unique(workers, (c) => (c.r2_buckets ?? []).map((b) => b.bucket_name))) {
    await ensure("R2 bucket", bucket, () => wrangler(["r2", "bucket", "info", bucket, "--json"]), () => wrangler(["r2", "bucket", "create", bucket]));
  }
  for (const queue of unique(workers, (c) => [
    ...(c.queues.producers ?? []).map((p) => p.queue),
    ...(c.queues.consumers ?? []).flatMap((q) => [q.queue, q.dead_letter_queue]),
  ])) {
    await ensure("queue", queue, async () => onlyOurs(queue, workers, await wrangler(["queues", "info", queue])), () => wrangler(["queues", "create", queue]));
  }
  await provisionD1(workers, wrangler);
  await provisionSecrets(root, workers, wrangler);
  console.log("\nEverything is there. Next: make deploy");
}

const unique = (workers, names) => [...new Set(workers.flatMap(({ config }) => names(config)).filter(Boolean))].sort();

/** What a binding names, of the kinds that both files may have. */
const bound = (c) => [
  ...(c.kv_namespaces ?? []).map((n) => [n.binding, n.id]),
  ...(c.r2_buckets ?? []).map((b) => [b.binding, b.bucket_name]),
  ...(c.queues.producers ?? []).map((p) => [p.binding, p.queue]),
];

/**
 * Whether the two files agree. A queue that nobody reads loses what is
 * acknowledged, and neither Worker could say so; a binding that is two things
 * keeps what one writes from the other.
 */
function checkFiles(workers) {
  const read = new Set(workers.flatMap(({ config }) => (config.queues.consumers ?? []).map((q) => q.queue)));
  const meant = new Map();
  for (const { config: c } of workers) {
    for (const [what, queue] of [
      ...(c.queues.producers ?? []).map((p) => [`${p.binding} of ${c.name}`, p.queue]),
      ...(c.queues.consumers ?? []).map((q) => [`dead_letter_queue of ${q.queue}`, q.dead_letter_queue]),
    ]) if (queue && !read.has(queue)) throw new Failure(`${what} is the queue ${queue}, which neither file has a consumer for`);
    for (const [binding, is] of bound(c)) {
      const other = meant.get(binding) ?? { is, of: c.name };
      if (other.is !== is) throw new Failure(`${binding} is ${other.is} for ${other.of} and ${is} for ${c.name}: both files must name the same`);
      meant.set(binding, other);
    }
    const others = workers.map((w) => w.config.name).filter((name) => name !== c.name);
    for (const { binding, service } of c.services ?? []) if (!others.includes(service)) throw new Failure(`${binding} of ${c.name} is the Worker ${service}, and the other file's is ${others}`);
  }
}

/** What `wrangler queues info` says of who uses a queue, in words. */
const users = (output) => output.split("\n").filter((line) => /^(Producers|Consumers):/.test(line)).flatMap((line) => [
  ...[...line.matchAll(/ ?\bworker:([\w-]+)/g)].map(([, name]) => ({ worker: name, words: `the Worker ${name}` })),
  ...[...line.matchAll(/ ?\br2_bucket:([\w.-]+)/g)].map(([, name]) => ({ words: `the R2 bucket ${name}` })),
  ...(line.includes("HTTP Pull Consumer") ? [{ words: "an HTTP pull consumer" }] : []),
]);

/** onlyOurs refuses a queue that anybody but our Workers uses. */
function onlyOurs(queue, workers, info) {
  const other = info.ok && users(info.stdout).find(({ worker }) => !workers.some(({ config }) => config.name === worker));
  if (other) throw new Failure(`queue ${queue}: ${other.words} uses it, and messages would mix. Give ours another name in ${files.join(" and ")}, such as hookweir-${queue}`);
  return info;
}

/** ensure creates what info says does not exist; any other failure is one. */
async function ensure(kind, name, info, create) {
  const found = await info();
  if (found.ok) return say("exists", kind, name);
  if (!absent[kind].test(found.output)) throw new Failure(`${kind} ${name}: ${found.output}`);
  const made = await create();
  if (!made.ok) throw new Failure(`${kind} ${name}: ${made.output}`);
  say("created", kind, name);
}

async function provisionKV(workers, wrangler) {
  await ensureListed(workers, wrangler, {
    kind: "KV namespace", key: "id", commands: ["kv", "namespace"], list: ["list"],
    wanted: unique(workers, (c) => (c.kv_namespaces ?? []).map((n) => n.id)).map((id) => ({ id, name: id })),
    read: ({ id, title }) => ({ id, name: title }),
  });
}

async function provisionD1(workers, wrangler) {
  const databases = workers.flatMap(({ config }) => config.d1_databases ?? []);
  for (const { binding, database_name: name, database_id: id } of databases) {
    if (!name) throw new Failure(`the D1 binding ${binding} has no database_name`);
    if (id !== undefined && !isID(id) && id !== name) throw new Failure(`D1 database ${name}: database_id is ${JSON.stringify(id)}. Write database_id = ${JSON.stringify(name)}; the id is put in its place`);
  }
  const wanted = new Map(databases.map(({ database_name: name, database_id: id = name }) => [id, { id, name }]));
  await ensureListed(workers, wrangler, {
    kind: "D1 database", key: "database_id", commands: ["d1"], list: ["list", "--json"], wanted: [...wanted.values()],
    read: ({ uuid, name }) => ({ id: uuid, name }),
  });
}

/**
 * ensureListed creates those of `wanted`, {id, name}, that wrangler does not
 * list. In the files the name stands for the id until there is one. `read` is
 * {id, name} of one thing that wrangler lists.
 */
async function ensureListed(workers, wrangler, { kind, key, commands, list, wanted, read }) {
  if (wanted.length === 0) return;
  const all = async () => json(`${kind}s`, await wrangler([...commands, ...list])).map(read);
  let existing = await all();
  const find = ({ id, name }) => existing.find((e) => (isID(id) ? e.id === id : e.name === name));
  const missing = wanted.filter((w) => !find(w));
  for (const { id, name } of missing) {
    if (isID(id)) throw new Failure(`${kind} ${id}, as ${files.join(" or ")} says, is not in this account`);
    const made = await wrangler([...commands, "create", name]);
    if (!made.ok) throw new Failure(`${kind} ${name}: ${made.output}`);
  }
  if (missing.length > 0) existing = await all();
  for (const w of wanted) {
    say(missing.includes(w) ? "created" : "exists", kind, w.name);
    if (!isID(w.id)) await substitute(workers, key, w.name, find(w)?.id);
  }
}

/** substitute writes the id Cloudflare gave in place of the name that stood there. */
async function substitute(workers, key, placeholder, id) {
  if (!isID(id)) throw new Failure(`${placeholder}: wrangler gave no id`);
  for (const { file } of workers) {
    const before = await readFile(file, "utf8");
    const after = before.replaceAll(`${key} = "${placeholder}"`, `${key} = "${id}"`);
    if (after === before) continue;
    await writeFile(file, after);
    say("wrote", key, `${id} into ${path.relative(process.cwd(), file)}`);
  }
  for (const { file } of workers) {
    const c = readConfig({ config: file }, { hideWarnings: true });
    const left = [...(c.kv_namespaces ?? []), ...(c.d1_databases ?? [])].some((b) => b[key] === placeholder);
    if (left) throw new Failure(`${path.relative(process.cwd(), file)}: write ${key} = "${id}" where ${placeholder} stands`);
  }
}

/**
 * Whose secrets they are: the Workers by name, and the account by the ids of
 * its KV namespaces, which no other account has.
 */
function owner(workers) {
  const configs = workers.map(({ file }) => readConfig({ config: file }, { hideWarnings: true })); // by now with ids
  return { workers: configs.map((c) => c.name), kv_namespaces: [...new Set(configs.flatMap((c) => (c.kv_namespaces ?? []).map((n) => n.id)))].sort() };
}

// An upgrade may have brought one more namespace.
const sameOwner = (a, b) => String(a.workers) === String(b.workers) &&
  (a.kv_namespaces.some((id) => b.kv_namespaces.includes(id)) || a.kv_namespaces.length + b.kv_namespaces.length === 0);

const absentIsUndefined = (error) => (error.code === "ENOENT" ? undefined : Promise.reject(error));

/** What an earlier run kept, unless it kept it for somebody else. */
async function readKept(store, mine) {
  const text = await readFile(store, "utf8").catch(absentIsUndefined);
  if (text === undefined) return {};
  const name = path.relative(process.cwd(), store);
  let content;
  try {
    content = JSON.parse(text);
  } catch {
    throw new Failure(`${name} is no JSON`); // whose own error would show some of it
  }
  const { belongs_to: theirs, ...kept } = content;
  if (theirs && sameOwner(theirs, mine)) return kept;
  throw new Failure(`${name} holds ${theirs ? `the secrets of ${JSON.stringify(theirs)}` : "secrets, and does not say whose"}, and this is ${JSON.stringify(mine)}. ` +
    `Move it to your password manager and delete it${theirs ? "" : `; or, if they are of this account and these Workers, add "belongs_to": ${JSON.stringify(mine)} to it`}`);
}

async function provisionSecrets(root, workers, wrangler) {
  const store = path.join(root, "deploy", "secrets.json");
  await chmod(store, 0o600).catch(absentIsUndefined); // a copy may have come without it
  const missing = [];
  for (const { file, config } of workers) {
    const listed = await wrangler(["secret", "list", "-c", file]);
    if (!listed.ok && !absent.secrets.test(listed.output)) throw new Failure(`secrets of ${config.name}: ${listed.output}`);
    const set = listed.ok ? json(`secrets of ${config.name}`, listed).map((s) => s.name) : [];
    const unset = (config.secrets?.required ?? []).filter((name) => !set.includes(name));
    for (const name of config.secrets?.required ?? []) if (set.includes(name)) say("exists", "secret", `${name} of ${config.name}`);
    missing.push({ file, name: config.name, set, unset });
  }
  if (missing.every((w) => w.unset.length === 0)) return;
  const mine = owner(workers);
  const kept = await readKept(store, mine);
  for (const secret of new Set(missing.flatMap((w) => w.unset))) {
    const holder = missing.find((w) => w.set.includes(secret));
    // Cloudflare never shows a secret: a second Worker can get the first one's
    // value only from whoever made it.
    if (holder && !kept[secret]) throw new Failure(`${secret} is set for ${holder.name} but not everywhere, and ${path.relative(process.cwd(), store)} does not have it. Set the same value everywhere: wrangler secret put ${secret} -c FILE`);
    if (!makers[secret]) throw new Failure(`${secret} is required and has to be set by hand: wrangler secret put ${secret}`);
    kept[secret] ??= makers[secret]();
  }
  await replace(store, `${JSON.stringify({ belongs_to: mine, ...kept }, null, 2)}\n`);
  for (const { file, name, unset } of missing) {
    if (unset.length === 0) continue;
    const put = await wrangler(["secret", "bulk", "-c", file], JSON.stringify(Object.fromEntries(unset.map((s) => [s, kept[s]]))));
    if (!put.ok) throw new Failure(`secrets of ${name}: ${put.output}`);
    for (const secret of unset) say("created", "secret", `${secret} of ${name}`);
  }
  console.log(`\nThe secrets are in ${path.relative(process.cwd(), store)}: move them to your password manager and delete the file.`);
}

/** Replaces a file of secrets whole: what was there stays until the new one is on the disk. */
async function replace(file, text) {
  const next = `${file}.new`;
  const handle = await open(next, "w", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(next, 0o600); // one left by an earlier run keeps its mode
  await rename(next, file);
}

function json(what, { ok, stdout, output }) {
  if (!ok) throw new Failure(`${what}: ${output}`);
  try {
    return JSON.parse(stdout.slice(stdout.search(/[[{]/)));
  } catch {
    throw new Failure(`${what}: wrangler answered no JSON`);
  }
}

function run(cwd, args, input) {
  return new Promise((resolve) => {
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", NO_COLOR: "1" };
    const child = execFile(process.execPath, [wranglerCLI, ...args], { cwd, env, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      resolve({ ok: !error, stdout, output: `${stdout}\n${stderr}`.trim() });
    });
    child.stdin.end(input ?? "");
  });
}

const say = (what, kind, name) => console.log(`${what.padEnd(8)}${kind} ${name}`);

try {
  await main();
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`\nNot finished: ${error.message}\n\nNothing that exists was changed. Mend this and run it again; it goes on where it stopped.`);
  process.exitCode = 1;
}
