// deploy/secrets.json, which `make provision` leaves: whose it is, and who may
// read it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startCloudflare } from "./cloudflare.mjs";
import { root } from "./harness.mjs";

const secret = "k1:the first account's";
const namespace = "0123456789abcdef0123456789abcdef";
const elsewhere = "fedcba9876543210fedcba9876543210";

describe("deploy/secrets.json", { timeout: 900_000 }, () => {
  let dir, store, cloudflare;
  before(async () => (cloudflare = await startCloudflare()));
  after(() => cloudflare.stop());
  beforeEach(async () => {
    dir = await mkdtemp(path.join(tmpdir(), "hookweir-secrets-"));
    for (const name of ["consumers", "deploy"]) await mkdir(path.join(dir, name));
    store = path.join(dir, "deploy", "secrets.json");
    Object.assign(cloudflare.account, { kv: [{ id: namespace, title: "a" }], secrets: {} });
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  /** Runs it on two Workers that want one secret; kept is what an earlier run left, with the mode of a copy. */
  async function provision(name, kv, kept) {
    const namespaces = kv.map((id, i) => `[[kv_namespaces]]\nbinding = "KV${i}"\nid = "${id}"\n`).join("");
    await writeFile(path.join(dir, "wrangler.toml"), `name = "${name}"\n${namespaces}[secrets]\nrequired = ["SOURCE_KEYS"]\n`);
    await writeFile(path.join(dir, "consumers/wrangler.toml"), `name = "${name}-consumers"\n[secrets]\nrequired = ["SOURCE_KEYS"]\n`);
    await writeFile(store, kept, { mode: 0o644 });
    return new Promise((resolve) => {
      execFile(process.execPath, [path.join(root, "deploy/provision.mjs"), dir], { env: { ...process.env, ...cloudflare.env }, cwd: dir },
        (error, stdout, stderr) => resolve({ code: error?.code ?? 0, output: stdout + stderr }));
    });
  }

  const of = (workers, kv_namespaces) => JSON.stringify({ belongs_to: { workers, kv_namespaces }, SOURCE_KEYS: secret });
  const hookweir = ["hookweir", "hookweir-consumers"];

  for (const [what, name, kv, kept, says] of [
    ["of another account", "hookweir", [namespace], of(hookweir, [elsewhere]), /secrets\.json holds the secrets of \{"workers":\["hookweir","hookweir-consumers"\],"kv_namespaces":\["fedc.*"\]\}, and this is \{.*\["0123/],
    ["of other Workers", "staging", [], of(hookweir, []), /secrets\.json holds the secrets of \{"workers":\["hookweir".*, and this is \{"workers":\["staging","staging-consumers"\]/],
    ["that does not say whose", "hookweir", [], JSON.stringify({ SOURCE_KEYS: secret }), /holds secrets, and does not say whose, .* add "belongs_to": \{"workers":\["hookweir",/],
    ["that is no JSON", "hookweir", [], `{"SOURCE_KEYS":"${secret}"`, /secrets\.json is no JSON/],
  ]) {
    test(`one ${what} is refused, not shown, and left as it was`, async () => {
      const { code, output } = await provision(name, kv, kept);
      assert.equal(code, 1, output);
      assert.match(output, says);
      assert.ok(!output.includes(secret));
      assert.deepEqual(cloudflare.account.secrets, {});
      assert.equal(await readFile(store, "utf8"), kept);
      assert.equal((await stat(store)).mode & 0o777, 0o600, "though a copy had come without it");
    });
  }

  test("its own, of before a namespace was added, is gone on with", async () => {
    cloudflare.account.kv.push({ id: elsewhere, title: "b" });
    const { code, output } = await provision("hookweir", [namespace, elsewhere], of(hookweir, [namespace]));
    assert.equal(code, 0, output);
    for (const name of hookweir) assert.equal(cloudflare.account.secrets[name].SOURCE_KEYS, secret);
    assert.deepEqual(JSON.parse(await readFile(store, "utf8")).belongs_to, { workers: hookweir, kv_namespaces: [namespace, elsewhere] });
    assert.equal((await stat(store)).mode & 0o777, 0o600);
  });
});
