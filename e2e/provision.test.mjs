// `make provision` by the real wrangler, against an account in memory.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { unstable_readConfig as readConfig } from "wrangler";
import { startCloudflare } from "./cloudflare.mjs";
import { root } from "./harness.mjs";

const files = ["wrangler.toml", "consumers/wrangler.toml"];

/** Runs it on the two files in dir: {code, output}. */
function provision(dir, cloudflare) {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(root, "deploy/provision.mjs"), dir], { env: { ...process.env, ...cloudflare.env }, cwd: dir }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }));
  });
}

async function folder() {
  const dir = await mkdtemp(path.join(tmpdir(), "hookweir-provision-"));
  for (const name of ["consumers", "deploy"]) await mkdir(path.join(dir, name));
  return dir;
}

const config = (dir, file) => readConfig({ config: path.join(dir, file) }, { hideWarnings: true });
const lines = (output, what) => output.split("\n").filter((line) => line.startsWith(what)).length;

describe("make provision", { timeout: 900_000 }, () => {
  let dir, cloudflare;
  before(async () => {
    cloudflare = await startCloudflare();
    dir = await folder();
    for (const file of files) await cp(path.join(root, file), path.join(dir, file));
  });
  after(async () => {
    await cloudflare.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test("fails half way, says where, and goes on from there", async () => {
    cloudflare.fail = (request) => request === "POST /r2/buckets";
    const first = await provision(dir, cloudflare);
    assert.equal(first.code, 1);
    assert.match(first.output, /Not finished: R2 bucket hookweir-payloads: /);
    assert.deepEqual(cloudflare.account.secrets, {}, "a Worker gets its secrets last");

    cloudflare.fail = () => false;
    const second = await provision(dir, cloudflare);
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /exists {2}KV namespace [0-9a-f]{32}\n/);
    assert.match(second.output, /created R2 bucket hookweir-payloads\n/);
  });

  test("leaves an account that has all the two files name, and files that know it", async () => {
    const { kv, queues, buckets, secrets } = cloudflare.account;
    const names = new Set();
    for (const file of files) {
      const c = config(dir, file);
      for (const n of c.kv_namespaces) assert.ok(kv.some((k) => k.id === n.id), `${file}: ${n.binding} has no namespace`);
      for (const b of c.r2_buckets) assert.ok(buckets.includes(b.bucket_name), b.bucket_name);
      for (const q of [...(c.queues.producers ?? []), ...(c.queues.consumers ?? [])]) for (const name of [q.queue, q.dead_letter_queue]) if (name) names.add(name);
      assert.deepEqual(Object.keys(secrets[c.name]).sort(), [...c.secrets.required].sort());
    }
    assert.deepEqual(queues.map((q) => q.queue_name).sort(), [...names].sort());
    assert.equal(kv.length, new Set(kv.map((k) => k.title)).size, "one namespace for both Workers");
    assert.equal(secrets["hookweir"].SOURCE_KEYS, secrets["hookweir-consumers"].SOURCE_KEYS);
    assert.match(secrets["hookweir-consumers"].VAULT_KEYS, /^k1:[A-Za-z0-9+/]{43}=$/);
    assert.notEqual(secrets["hookweir-consumers"].VAULT_KEYS, secrets["hookweir"].SOURCE_KEYS);

    const store = path.join(dir, "deploy/secrets.json");
    assert.equal((await stat(store)).mode & 0o777, 0o600);
    const { belongs_to, ...kept } = JSON.parse(await readFile(store, "utf8"));
    assert.deepEqual(kept, secrets["hookweir-consumers"]);
    assert.deepEqual(belongs_to, { workers: ["hookweir", "hookweir-consumers"], kv_namespaces: kv.map((k) => k.id).sort() });
  });

  test("changes nothing the next time, nor without the file of secrets", async () => {
    await rm(path.join(dir, "deploy/secrets.json"));
    cloudflare.writes.length = 0;
    const { code, output } = await provision(dir, cloudflare);
    assert.equal(code, 0, output);
    assert.deepEqual(cloudflare.writes, []);
    assert.equal(lines(output, "created"), 0);
    for (const secret of Object.values(cloudflare.account.secrets["hookweir-consumers"])) assert.ok(!output.includes(secret));
    await assert.rejects(stat(path.join(dir, "deploy/secrets.json")), { code: "ENOENT" });
  });

  test("does not guess a secret that one Worker has and the other lacks", async () => {
    const small = await folder();
    try {
      await writeFile(path.join(small, files[0]), 'name = "hookweir"\n[secrets]\nrequired = ["SOURCE_KEYS"]\n');
      await writeFile(path.join(small, files[1]), 'name = "fresh"\n[secrets]\nrequired = ["SOURCE_KEYS"]\n');
      cloudflare.writes.length = 0;
      const { code, output } = await provision(small, cloudflare);
      assert.equal(code, 1);
      assert.match(output, /SOURCE_KEYS is set for hookweir but not everywhere/);
      assert.deepEqual(cloudflare.writes, []);
    } finally {
      await rm(small, { recursive: true, force: true });
    }
  });
});
