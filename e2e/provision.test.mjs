// `make provision` by the real wrangler, against an account in memory: what
// docs/deploying.md says goes wrong is tried in troubles/provisioning.mjs, the
// rest here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, link, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { unstable_readConfig as readConfig } from "wrangler";
import { startCloudflare } from "./cloudflare.mjs";
import { root } from "./harness.mjs";
import { readers } from "./pages.mjs";

const files = ["wrangler.toml", "consumers/wrangler.toml"];

/** Runs it on the two files in dir: {code, output}. */
function provision(dir, cloudflare) {
  return new Promise((resolve) => {
    execFile(process.execPath, [path.join(root, "deploy/provision.mjs"), dir], { env: { ...process.env, ...cloudflare.env }, cwd: dir }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, output: stdout + stderr }));
  });
}

/** `make provisioned`, which make deploy begins with, over the two files in dir: {code, stderr}. */
function provisioned(dir) {
  return new Promise((resolve) => {
    // A bash whose input is a socket, as here, takes itself for a remote one and
    // reads start-up files, unless another shell is above it.
    const env = { ...readers(), SHLVL: "2" };
    execFile("make", ["-s", "-f", path.join(root, "Makefile"), "provisioned"], { cwd: dir, env }, (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, stderr: stderr.replaceAll(/^find: .*\n/gm, "") }));
  });
}

async function folder() {
  const dir = await mkdtemp(path.join(tmpdir(), "hookweir-provision-"));
  for (const name of ["consumers", "deploy"]) await mkdir(path.join(dir, name));
  return dir;
}

/** The consumers' file with the optional database taken out of its comment. */
function withKnowledge(toml) {
  const text = toml.replace(/^# \[\[d1_databases\]\]\n(?:# \w+ = .*\n)+/m, (block) => block.replaceAll(/^# /gm, ""));
  assert.notEqual(text, toml);
  return text;
}

const config = (dir, file) => readConfig({ config: path.join(dir, file) }, { hideWarnings: true });

describe("make provision", { timeout: 900_000 }, () => {
  let dir, cloudflare;
  before(async () => {
    cloudflare = await startCloudflare();
    dir = await folder();
    for (const file of files) await cp(path.join(root, file), path.join(dir, file));
    const [, consumers] = files;
    await writeFile(path.join(dir, consumers), withKnowledge(await readFile(path.join(dir, consumers), "utf8")));
    // More than wrangler asks for in one page of databases.
    cloudflare.account.databases.push(...Array.from({ length: 10 }, (_, i) => ({ uuid: randomUUID(), name: `another-${i}` })));
  });
  after(async () => {
    await cloudflare.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test("creates the database that is missing, and writes its id down", async () => {
    const { code, output } = await provision(dir, cloudflare);
    assert.equal(code, 0, output);
    assert.match(output, /created D1 database knowledge\nwrote {3}database_id [0-9a-f-]{36} into consumers\/wrangler\.toml\n/);
    const { database_name, database_id } = config(dir, "consumers/wrangler.toml").d1_databases[0];
    assert.deepEqual(cloudflare.account.databases.filter((d) => !d.name.startsWith("another-")).map((d) => [d.name, d.uuid]), [[database_name, database_id]]);
  });

  test("and make deploy would go on, which it does not while an id is missing", async () => {
    assert.deepEqual(await provisioned(dir), { code: 0, stderr: "" });
    const file = path.join(dir, "consumers/wrangler.toml");
    const whole = await readFile(file, "utf8");
    for (const [id, name, says] of [["database_id", "knowledge", "a D1 database that has"], ["id", "hookweir-config", "KV namespaces that have"]]) {
      await writeFile(file, whole.replace(new RegExp(`^${id} = ".*"$`, "m"), `${id} = "${name}"`));
      const { code, stderr } = await provisioned(dir);
      assert.notEqual(code, 0);
      assert.match(stderr, new RegExp(`wrangler\\.toml names ${says} no id yet: make provision`));
    }
    await writeFile(file, whole);
  });

  test("creates nothing where the account does not say that it is missing", async () => {
    const small = await folder();
    try {
      await writeFile(path.join(small, files[0]), 'name = "fresh"\n');
      for (const [toml, refused, says] of [
        ['[[kv_namespaces]]\nbinding = "A"\nid = "a"', "GET /storage/kv/namespaces", /KV namespaces: /],
        ['[[d1_databases]]\nbinding = "A"\ndatabase_name = "a"\ndatabase_id = "a"', "GET /d1/database", /D1 databases: /],
        ['[[r2_buckets]]\nbinding = "A"\nbucket_name = "abc"', "GET /r2/buckets/abc", /R2 bucket abc: /],
        ['[[queues.producers]]\nbinding = "A"\nqueue = "a"\n[[queues.consumers]]\nqueue = "a"', "GET /queues", /queue a: /],
        ['[secrets]\nrequired = ["SOURCE_KEYS"]', "GET /workers/scripts/other/secrets", /secrets of other: /],
      ]) {
        await writeFile(path.join(small, files[1]), `name = "other"\n${toml}\n`);
        cloudflare.refuse = (request) => request === refused && { status: 404, code: 7003, message: "not found: this account does not exist" };
        cloudflare.writes.length = 0;
        const { code, output } = await provision(small, cloudflare);
        assert.equal(code, 1, output);
        assert.match(output, says);
        assert.deepEqual(cloudflare.writes, []);
      }
    } finally {
      cloudflare.refuse = () => undefined;
      await rm(small, { recursive: true, force: true });
    }
  });

  test("wants an id or the name where a database's id belongs, and the id to be of this account", async () => {
    const small = await folder();
    try {
      await writeFile(path.join(small, files[0]), 'name = "fresh"\n');
      for (const [id, says] of [
        ["…", /D1 database knowledge: database_id is "…"\. Write database_id = "knowledge"/],
        [randomUUID(), /D1 database [0-9a-f-]{36}, as .* says, is not in this account/],
      ]) {
        await writeFile(path.join(small, files[1]), `name = "other"\n[[d1_databases]]\nbinding = "KNOWLEDGE"\ndatabase_name = "knowledge"\ndatabase_id = "${id}"\n`);
        cloudflare.writes.length = 0;
        const { code, output } = await provision(small, cloudflare);
        assert.equal(code, 1, output);
        assert.match(output, says);
        assert.deepEqual(cloudflare.writes, []);
      }
    } finally {
      await rm(small, { recursive: true, force: true });
    }
  });
  test("takes no queue that another project uses", async () => {
    const small = await folder();
    const { queues } = cloudflare.account;
    const used = (name, more) => queues.push({ queue_id: randomUUID(), queue_name: name, producers: [], consumers: [], settings: {}, ...more });
    try {
      await writeFile(path.join(small, files[0]), 'name = "fresh"\n[[queues.producers]]\nbinding = "EVENTS"\nqueue = "a"\n');
      for (const [name, more, says] of [
        ["a-1", { producers: [{ type: "worker", script: "fresh" }, { type: "worker", script: "shop" }], producers_total_count: 2, consumers_total_count: 0 }, /queue a-1: the Worker shop uses it/],
        ["a-2", { consumers: [{ type: "worker", script: "shop" }], producers_total_count: 0, consumers_total_count: 1 }, /queue a-2: the Worker shop uses it/],
        ["a-3", { consumers: [{ type: "http_pull" }], producers_total_count: 0, consumers_total_count: 1 }, /queue a-3: an HTTP pull consumer uses it/],
        ["a-4", { producers: [{ type: "r2_bucket", bucket_name: "logs" }], producers_total_count: 1, consumers_total_count: 0 }, /queue a-4: the R2 bucket logs uses it/],
        ["a-5", { producers: [{ type: "worker", script: "fresh" }], consumers: [{ type: "worker", script: "other" }], producers_total_count: 1, consumers_total_count: 1 }, undefined],
      ]) {
        used(name, more);
        await writeFile(path.join(small, files[0]), `name = "fresh"\n[[queues.producers]]\nbinding = "EVENTS"\nqueue = "${name}"\n`);
        await writeFile(path.join(small, files[1]), `name = "other"\n[[queues.consumers]]\nqueue = "${name}"\n`);
        cloudflare.writes.length = 0;
        const { code, output } = await provision(small, cloudflare);
        assert.equal(code, says ? 1 : 0, output);
        assert.match(output, says ?? /exists {2}queue a-5\n/);
        assert.deepEqual(cloudflare.writes, []);
      }
    } finally {
      queues.splice(0, queues.length, ...queues.filter((q) => !q.queue_name.startsWith("a-")));
      await rm(small, { recursive: true, force: true });
    }
  });

  test("wants the two files to agree before it creates anything", async () => {
    const small = await folder();
    try {
      const kv = (id) => `[[kv_namespaces]]\nbinding = "CONFIG"\nid = "${id}"\n`;
      const events = (queue) => `[[queues.producers]]\nbinding = "EVENTS"\nqueue = "${queue}"\n`;
      for (const [worker, consumers, says] of [
        [events("event"), '[[queues.consumers]]\nqueue = "events"\n', /EVENTS of fresh is the queue event, which neither file has a consumer for/],
        ["", '[[queues.consumers]]\nqueue = "events"\ndead_letter_queue = "event-dead"\n', /event-dead, which neither file has a consumer for/],
        [kv("one"), kv("two"), /CONFIG is one for fresh and two for other/],
        ['[[services]]\nbinding = "CONSUMERS"\nservice = "hookweir-consumer"\n', "", /CONSUMERS of fresh is the Worker hookweir-consumer, and the other file's is other/],
      ]) {
        await writeFile(path.join(small, files[0]), `name = "fresh"\n${worker}`);
        await writeFile(path.join(small, files[1]), `name = "other"\n${consumers}`);
        cloudflare.writes.length = 0;
        const { code, output } = await provision(small, cloudflare);
        assert.equal(code, 1, output);
        assert.match(output, says);
        assert.deepEqual(cloudflare.writes, []);
      }
    } finally {
      await rm(small, { recursive: true, force: true });
    }
  });

  test("says where it could not write an id, and does not go on", async () => {
    const small = await folder();
    try {
      await writeFile(path.join(small, files[0]), 'name = "fresh"\n');
      await writeFile(path.join(small, files[1]), "name = \"other\"\n[[kv_namespaces]]\nbinding = 'CONFIG'\nid = 'by-hand'\n[secrets]\nrequired = [\"VAULT_KEYS\"]\n");
      const { code, output } = await provision(small, cloudflare);
      assert.equal(code, 1, output);
      assert.match(output, /consumers\/wrangler\.toml: write id = "[0-9a-f]{32}" where by-hand stands/);
      assert.equal(cloudflare.account.secrets.other, undefined);
    } finally {
      await rm(small, { recursive: true, force: true });
    }
  });

  test("never writes over the secrets it keeps: the file is replaced whole, or not at all", async () => {
    const small = await folder();
    const store = path.join(small, "deploy/secrets.json");
    try {
      await writeFile(path.join(small, files[0]), 'name = "first"\n[secrets]\nrequired = ["SOURCE_KEYS"]\n');
      await writeFile(path.join(small, files[1]), 'name = "second"\n[secrets]\nrequired = ["SOURCE_KEYS"]\n');
      cloudflare.fail = (request) => request.startsWith("PATCH /workers/scripts/second") || request.startsWith("PUT /workers/scripts/second");
      assert.equal((await provision(small, cloudflare)).code, 1);
      cloudflare.fail = () => false;
      const kept = await readFile(store, "utf8");
      assert.equal(JSON.parse(kept).SOURCE_KEYS, cloudflare.account.secrets.first.SOURCE_KEYS, "one Worker has it already");

      // What a run that is cut short while it writes would leave behind is the
      // old file: here it has a second name, and stays what it was.
      await link(store, path.join(small, "before"));
      await writeFile(path.join(small, files[1]), 'name = "second"\n[secrets]\nrequired = ["SOURCE_KEYS", "VAULT_KEYS"]\n');
      assert.equal((await provision(small, cloudflare)).code, 0);
      assert.equal(await readFile(path.join(small, "before"), "utf8"), kept);
      assert.equal((await stat(store)).mode & 0o777, 0o600);
      assert.equal(JSON.parse(await readFile(store, "utf8")).SOURCE_KEYS, JSON.parse(kept).SOURCE_KEYS);
      assert.deepEqual(await readdir(path.join(small, "deploy")), ["secrets.json"]);
      const ignored = (await readFile(path.join(root, ".gitignore"), "utf8")).split("\n");
      assert.ok(ignored.includes("deploy/secrets.json*"), "its half-written form is not for git either");
    } finally {
      cloudflare.fail = () => false;
      for (const name of ["first", "second"]) delete cloudflare.account.secrets[name];
      await rm(small, { recursive: true, force: true });
    }
  });
});
