// The corpus of shared/webhook/testdata over HTTP: the same cases that run on
// the host and in Wasm, byte for byte, each at its own time (test build).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { dataOf } from "./agent.mjs";
import { readVars, root } from "./harness.mjs";
import { raw } from "./raw.mjs";
import { arrived, setUp } from "./scene.mjs";

const { SOURCE_KEYS } = await readVars(".dev.vars.example");
const output = execFileSync("go", ["run", "./e2e/corpus", "shared/webhook/testdata"], { cwd: root, encoding: "utf8", env: { ...process.env, SOURCE_KEYS }, maxBuffer: 64 << 20 });
const cases = output.trim().split("\n").map((line) => JSON.parse(line));
const bytes = (base64) => Buffer.from(base64 ?? "", "base64");

/** Refusals that are not answered with 401. */
const statuses = { method_not_allowed: 405, source_not_ready: 503, invalid_handshake: 400 };

describe("corpus", () => {
  let scene;
  before(async () => {
    scene = await setUp({ tenant: "corpus", testBuild: true });
    const config = await scene.product.kv("CONFIG");
    for (const c of cases) await config.put(c.kv_key, c.kv_value);
  });
  after(() => scene?.stop());

  for (const c of cases) {
    test(`${c.name}: ${c.why}`, async () => {
      const answer = await raw(scene.url, [bytes(c.request).toString("latin1")]);
      if (c.error) {
        const problem = JSON.parse(answer.body);
        // Signed with a space that HTTP does not carry, it is another text.
        assert.equal(problem.code, c.trimmed ? "bad_signature" : c.error, answer.body);
        assert.equal(answer.status, statuses[c.error] ?? 401);
        assert.equal(problem.status, answer.status);
      } else if (c.reply) {
        const [status, ...type] = c.reply.split(" ");
        assert.deepEqual([answer.status, answer.headers.get("content-type") ?? "", answer.body], [Number(status), type.join(" "), c.reply_body ?? ""]);
      } else if (c.answer) {
        assert.equal(answer.status, c.answer, answer.body);
      } else {
        assert.equal(answer.status, 202, answer.body);
        assert.equal(JSON.parse(answer.body).id, `corpus/${c.source}/${c.id}`);
      }
    });
  }

  test("what was accepted reached the agent with its type, time and bytes", async () => {
    for (const c of cases.filter((c) => !c.error && !c.reply)) {
      const [arrival] = await arrived(scene, `corpus/${c.source}/${c.id}`, 60_000);
      assert.ok(arrival.verified, arrival.error);
      assert.equal(arrival.event.type, c.type, c.name);
      if (c.time) assert.equal(Date.parse(arrival.event.time), Date.parse(c.time), c.name);
      assert.deepEqual(dataOf(arrival), bytes(c.body), c.name);
    }
  });
});
