// `make provision` by the real wrangler, against an account in memory: what
// docs/deploying.md says goes wrong is tried in troubles/provisioning.mjs, the
// rest here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
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
        ['[[queues.producers]]\nbinding = "A"\nqueue = "a"', "GET /queues", /queue a: /],
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

});
