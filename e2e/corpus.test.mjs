// The corpus of shared/webhook/testdata over HTTP: the same cases that run on
// the host and in Wasm, byte for byte, each at its own time (test build).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { dataOf } from "./agent.mjs";
import { call, readVars, root } from "./harness.mjs";
import { raw } from "./raw.mjs";
import { arrived, setUp } from "./scene.mjs";

const { SOURCE_KEYS } = await readVars(".dev.vars.example");
const output = execFileSync("go", ["run", "./e2e/corpus", "shared/webhook/testdata"], { cwd: root, encoding: "utf8", env: { ...process.env, SOURCE_KEYS }, maxBuffer: 64 << 20 });
const cases = output.trim().split("\n").map((line) => JSON.parse(line));
const bytes = (base64) => Buffer.from(base64 ?? "", "base64");

/** How many configurations are written, and requests sent, at once. */
const atOnce = 32;

/** A service whose logs the host takes, and its id as Fastly asks for it (sha256sum). */
const fastly = { id: "SU1Z0isxPaozGVKXdv0eY", hash: "66b01d440c79400570c755aad9d589af5368719067c13fee58710a7198db2de8" };

/** Refusals that are not answered with 401. */
const statuses = { method_not_allowed: 405, source_not_ready: 503, keys_unavailable: 503, invalid_handshake: 400 };

/** Where providers keep certificates and key sets, and what is there for the case at hand. */
const hosts = new Set(cases.flatMap((c) => Object.keys(c.documents ?? {}).filter(Boolean).map((url) => new URL(url).host)));
let documents = {};
const outbound = async (request) => {
  const { host } = new URL(request.url);
  if (!hosts.has(host)) return undefined;
  return new Response(documents[request.url], { status: documents[request.url] === undefined ? 404 : 200 });
};

/** Runs work on each of the items, some at once; the results in the items' order. */
async function each(items, work) {
  const results = [];
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i]);
    }
  }));
  return results;
}

describe("corpus", () => {
  let scene;
  const answers = new Map(); // by case; a request that failed is its error
  const send = (c) => raw(scene.url, [bytes(c.request).toString("latin1")]).catch((error) => error);
  // A document is kept for every source of an instance: a case about one
  // begins with a new instance.
  const afresh = () => raw(scene.url, ["GET /healthz HTTP/1.1\r\nHost: h\r\nX-Hookweir-Fault: exit\r\n\r\n"]);

  before(async () => {
    scene = await setUp({ tenant: "corpus", testBuild: true, outbound, vars: { worker: { FASTLY_SERVICE_IDS: fastly.id } } });
    const config = await scene.product.kv("CONFIG");
    await each(cases, (c) => config.put(c.kv_key, c.kv_value));
    // An instance has one time, that of its last request: those of one time go
    // together, and those with documents alone.
    const together = Object.values(Object.groupBy(cases.filter((c) => !c.documents), (c) => c.now));
    for (const group of together) (await each(group, send)).forEach((answer, i) => answers.set(group[i], answer));
    for (const c of cases.filter((c) => c.documents)) {
      documents = c.documents;
      await afresh();
      answers.set(c, await send(c));
    }
  });
  after(() => scene?.stop());

  for (const c of cases) {
    test(`${c.name}: ${c.why}`, () => {
      const answer = answers.get(c);
      if (answer instanceof Error) throw answer;
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
        assert.equal(answer.status, c.accepted, answer.body);
        assert.equal(JSON.parse(answer.body).id, `corpus/${c.source}/${c.id}`);
      }
    });
  }

  test("what was accepted reached the agent with its type, time and bytes", async () => {
    for (const c of cases.filter((c) => !c.error && !c.reply && !c.events)) {
      const [arrival] = await arrived(scene, `corpus/${c.source}/${c.id}`, 60_000);
      assert.ok(arrival.verified, arrival.error);
      assert.equal(arrival.event.type, c.type, c.name);
      if (c.time) assert.equal(Date.parse(arrival.event.time), Date.parse(c.time), c.name);
      assert.deepEqual(dataOf(arrival), bytes(c.body), c.name);
    }
  });

  test("the parts of a delivery that is split reached the agent as events of their own", async () => {
    const split = cases.filter((c) => c.events);
    assert.ok(split.length > 5);
    for (const c of split) {
      for (const [id, type] of c.events.map((e) => e.split(" "))) {
        const [arrival] = await arrived(scene, `corpus/${c.source}/${id}`, 60_000);
        assert.ok(arrival.verified, arrival.error);
        assert.equal(arrival.event.type, type, c.name);
        assert.ok(bytes(c.body).includes(dataOf(arrival)), c.name);
      }
    }
  });

  test("certificates and key sets were fetched", () => assert.ok(cases.filter((c) => c.documents && !c.error).length > 15));

  test("Fastly learns from the host whose logs it takes", async () => {
    const url = `${scene.url}/.well-known/fastly/logging/challenge`;
    const { status, headers, text } = await call(url, "GET");
    assert.deepEqual([status, headers.get("content-type"), text], [200, "text/plain", `${fastly.hash}\n`]);
    assert.deepEqual([(await call(url, "HEAD")).status, (await call(url, "POST", "{}")).status], [200, 405]);
  });
});
