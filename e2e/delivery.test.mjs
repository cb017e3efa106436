// From the queue to the agent: once, in spite of everything. An agent that is
// gone, or silent, is among the troubles of docs/agent.md (troubles.test.mjs).
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { dataOf, startAgent } from "./agent.mjs";
import { start, until } from "./harness.mjs";
import { make } from "./providers.mjs";
import { arrived, eventOf, join, keyOf, setUp } from "./scene.mjs";

/** Long enough for a few attempts with the product's backoff, in ms. */
const patience = 90_000;

const digest = (body) => createHash("sha256").update(body).digest("hex");

/** A body of about so many bytes that does not compress and is valid JSON. */
const bodyOf = (size) => Buffer.from(JSON.stringify({ id: 1, pad: randomBytes(size >> 1).toString("hex") }));

describe("delivery", { concurrency: true }, () => {
  let product;
  const scenes = [];
  before(async () => (product = await start()));
  after(async () => {
    await product?.stop();
    await Promise.all(scenes.map((scene) => scene.stop()));
  });

  async function tenant(name, options) {
    const scene = await join(product, name, options);
    scenes.push(scene);
    return scene;
  }

  test("200 duplicates at once: one effect", async () => {
    const scene = await tenant("storm");
    const delivery = await make("github push");
    const answers = await Promise.all(Array.from({ length: 200 }, () => scene.send(delivery)));
    for (const answer of answers) assert.ok(answer.status === 202 || answer.json?.duplicate === true, `${answer.status} ${answer.text}`);
    assert.ok(answers.some((answer) => answer.status === 202));
    assert.deepEqual([...new Set(answers.map((a) => a.json.id))], [keyOf(scene, delivery)]);
    await arrived(scene, keyOf(scene, delivery), patience);
    await scene.settle();
    assert.equal(scene.agent.by(keyOf(scene, delivery)).length, 1);
  });

  for (const [what, size] of [["200 KB", 200 << 10], ["5 MB", 5 << 20]]) {
    test(`a body of ${what} arrives byte for byte`, async () => {
      const scene = await tenant(`claim-${size}`);
      const { delivery, answer } = await scene.deliver("github push", { body: bodyOf(size) });
      assert.equal(answer.status, 202, answer.text);
      const [arrival] = await arrived(scene, answer.json.id, patience);
      assert.ok(arrival.verified, arrival.error);
      assert.equal(digest(dataOf(arrival)), digest(delivery.body));
    });
  }

  test("a purged event leaves nothing in the log or the bucket, and does not come back", async () => {
    const scene = await tenant("purge");
    const delivery = await make("github push", { body: bodyOf(200 << 10) });
    await scene.send(delivery);
    const key = keyOf(scene, delivery);
    await until("it to be delivered", async () => (await eventOf(scene, key))?.state === "delivered", patience);
    const bucket = await product.bucket("PAYLOADS");
    const kept = async () => (await bucket.list({ prefix: `evt/${scene.tenant}/` })).objects.length;
    assert.equal(await kept(), 1);
    const path = `/events/${encodeURIComponent(key)}`;
    assert.equal((await scene.admin("DELETE", path)).status, 204);
    await until("its payload to be gone", async () => (await kept()) === 0, patience);
    const { json } = await scene.admin("GET", path);
    assert.deepEqual([json.state, json.stored, json.data, json.data_base64], ["purged", undefined, undefined, undefined]);
    assert.equal((await scene.admin("POST", `${path}/replay`)).json.code, "conflict");
    assert.equal((await scene.send(delivery)).json.duplicate, true);
    await scene.settle();
    assert.equal(scene.agent.by(key).length, 1);
  });

  test("an agent that is down, then up, gets everything once", async () => {
    const scene = await tenant("outage");
    const { port } = scene.agent;
    await scene.agent.stop();
    const sent = await Promise.all(Array.from({ length: 5 }, () => scene.deliver("github push")));
    const keys = sent.map(({ answer }) => answer.json.id);
    for (const key of keys) await until(`a failed attempt at ${key}`, async () => (await eventOf(scene, key))?.attempts > 0, patience);
    scene.agent = await startAgent({ secret: scene.secret, port });
    for (const key of keys) await arrived(scene, key, patience);
    await scene.settle();
    for (const key of keys) assert.equal(scene.agent.by(key).length, 1, key);
  });

  test("Retry-After is a floor", async () => {
    const scene = await tenant("floor", { behave: ({ attempt }) => (attempt === 1 ? { status: 503, headers: { "retry-after": "4" } } : {}) });
    const { answer } = await scene.deliver("github push");
    const [first, second] = await arrived(scene, answer.json.id, patience);
    assert.ok(second.at - first.at >= 4000, `${second.at - first.at} ms`);
  });

  test("every attempt is signed afresh, under the same id", async () => {
    const scene = await tenant("afresh", { behave: ({ attempt }) => (attempt === 1 ? { status: 500 } : {}) });
    const { answer } = await scene.deliver("stripe invoice.paid");
    const arrivals = await arrived(scene, answer.json.id, patience);
    assert.equal(arrivals.length, 2);
    for (const arrival of arrivals) assert.ok(arrival.verified, arrival.error);
    assert.deepEqual(arrivals[0].body, arrivals[1].body);
  });

  test("a redirect is not followed; the event is tried again where it belongs", async () => {
    const elsewhere = await startAgent({ secret: `whsec_${randomBytes(32).toString("base64")}` });
    try {
      for (const status of [301, 302, 307, 308]) {
        const scene = await tenant(`redirect-${status}`, { behave: ({ attempt }) => (attempt === 1 ? { status, headers: { location: elsewhere.url } } : {}) });
        const { answer } = await scene.deliver("github push");
        assert.equal((await arrived(scene, answer.json.id, patience)).length, 2);
      }
      assert.equal(elsewhere.arrivals.length, 0);
    } finally {
      await elsewhere.stop();
    }
  });

  test("an agent that resets connections is tried again", async () => {
    const scene = await tenant("reset", { behave: ({ attempt }) => ({ reset: attempt === 1 }) });
    const { answer } = await scene.deliver("github push");
    assert.equal((await arrived(scene, answer.json.id, patience)).length, 2);
  });

  test("an agent's huge, slow or odd answer does no harm", async () => {
    const scene = await tenant("odd", { behave: () => ({ status: 200, headers: { "content-type": "text/html", "set-cookie": "a=b" } }) });
    const { answer } = await scene.deliver("slack message");
    assert.equal((await arrived(scene, answer.json.id, patience)).length, 1);
  });

  test("2xx with a body that never ends is delivered, once and at once", async () => {
    const scene = await tenant("stay", { behave: () => ({ status: 200, headers: { "content-type": "text/event-stream" }, stay: true }) });
    const { answer } = await scene.deliver("github push");
    await arrived(scene, answer.json.id, patience);
    const { state, tries } = await until("the verdict", async () => {
      const event = await eventOf(scene, answer.json.id);
      return event.tries.length > 0 && event;
    }, patience);
    assert.equal(state, "delivered", JSON.stringify(tries));
    assert.equal(scene.agent.by(answer.json.id).length, 1);
  });

  test("tenants do not see each other's events", async () => {
    const [one, two] = [await tenant("one"), await tenant("two")];
    const delivery = await make("github push"); // the same provider id at both
    const answers = [await one.send(delivery), await two.send(delivery)];
    assert.deepEqual(answers.map((a) => a.status), [202, 202]);
    await arrived(one, keyOf(one, delivery), patience);
    await arrived(two, keyOf(two, delivery), patience);
    assert.ok(one.agent.arrivals.every((a) => a.id.startsWith("one/")));
    assert.ok(two.agent.arrivals.every((a) => a.id.startsWith("two/")));
  });
});

describe("delivery, the Ledger alone", () => {
  let scene;
  before(async () => (scene = await setUp({ faults: true })));
  after(() => scene?.stop());

  test("without the filter every copy goes through the queue, and one is delivered", async () => {
    await scene.product.faults({ IDEMPOTENCY: { fail: 1 } });
    const deliveries = await Promise.all(Array.from({ length: 10 }, () => make("github push")));
    const answers = await Promise.all(deliveries.flatMap((d) => Array.from({ length: 10 }, () => scene.send(d))));
    assert.deepEqual([...new Set(answers.map((a) => a.status))], [202]);
    for (const d of deliveries) await arrived(scene, keyOf(scene, d), patience);
    await scene.settle();
    for (const d of deliveries) assert.equal(scene.agent.by(keyOf(scene, d)).length, 1, keyOf(scene, d));
  });
});
