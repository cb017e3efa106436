// Modules that panic, exit or trap (hooks of the test build): the request
// that did it fails, nothing else does, and no event is lost or doubled.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { until } from "./harness.mjs";
import { make } from "./providers.mjs";
import { arrived, eventOf, keyOf, setUp } from "./scene.mjs";

const faults = ["panic", "exit", "trap"];

async function crash(scene, fault) {
  const delivery = await make("github push");
  delivery.headers["x-hookweir-fault"] = fault;
  return scene.send(delivery);
}

describe("crashes of the worker", () => {
  let scene;
  before(async () => (scene = await setUp({ testBuild: true, faults: true })));
  after(() => scene?.stop());

  for (const fault of faults) {
    test(`${fault}: that request fails, the next one is served`, async () => {
      const answer = await crash(scene, fault);
      assert.ok(answer.status === 500 || answer.status === 503, `${answer.status} ${answer.text}`);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.doesNotMatch(answer.text, /goroutine|panic|\.go:|wasm/, "no internals");
      const next = await scene.deliver("github push");
      assert.equal(next.answer.status, 202, next.answer.text);
    });
  }

  test("what is in flight beside a crash is answered, and a 503 left nothing behind", async () => {
    await scene.product.faults({ EVENTS: { delay: 20 }, IDEMPOTENCY: { delay: 20 } });
    const deliveries = await Promise.all(Array.from({ length: 200 }, () => make("github push")));
    const answers = await Promise.all(deliveries.map(async (d, i) => {
      const sending = scene.send(d);
      if (i % 20 === 10) await crash(scene, faults[(i / 20) % faults.length | 0]);
      return sending;
    }));
    for (const { status, text } of answers) assert.ok([202, 500, 503].includes(status), `${status} ${text}`);
    await scene.product.faults({});
    await Promise.all(deliveries.map(async (d, i) => { // the providers' retries
      if (answers[i].status === 202) return;
      const again = await scene.send(d);
      assert.ok(again.status === 202 || again.status === 200, again.text);
    }));
    for (const d of deliveries) await arrived(scene, keyOf(scene, d), 60_000);
    await scene.settle();
    for (const d of deliveries) assert.equal(scene.agent.by(keyOf(scene, d)).length, 1, keyOf(scene, d));
  });
});

// The consumers' hook: HOOKWEIR_FAULT = "{panic|exit|trap}@{claimed|posted}"
// ends the module at that point of a post, the first few times. What it had
// claimed waits for its lease to run out: 25 s for a batch of up to six.
const events = 4;
const crashes = 2; // of an isolate, then the hook is spent

/** A call that was in flight when the module ended is answered 503. */
function inTheCrash(error) {
  if (!/answered 503/.test(error.message)) throw error;
}

describe("crashes of the consumers", { concurrency: true }, () => {
  for (const fault of faults) {
    for (const point of ["claimed", "posted"]) {
      test(`${fault} once ${point}: nothing lost`, async () => {
        const scene = await setUp({ testBuild: true, vars: { consumers: { HOOKWEIR_FAULT: `${fault}@${point}` } }, queues: { events: { retryDelay: 5 } } }); // of 30 s: not to wait
        try {
          const sent = await Promise.all(Array.from({ length: 6 }, () => scene.deliver("github push")));
          for (const { answer } of sent) assert.equal(answer.status, 202, answer.text);
          const keys = sent.map(({ answer }) => answer.json.id);
          await until("every event", () => keys.every((key) => scene.agent.ids().includes(key)), 150_000);
          for (const key of keys) {
            await until(`${key} to be recorded`, async () => (await eventOf(scene, key).catch(inTheCrash))?.state === "delivered", 150_000);
            // Between the agent's 2xx and its recording nobody can know: the
            // event is posted again, under the same id. Before it, never.
            const posts = scene.agent.by(key).length;
            assert.ok(point === "claimed" ? posts === 1 : posts <= 1 + crashes, `${key}: ${posts} posts`);
          }
          assert.ok(scene.product.logs.some((line) => /panic|instance_died/.test(line.message)), "it did crash");
          for (const arrival of scene.agent.arrivals) assert.ok(arrival.verified, arrival.error);
        } finally {
          await scene.stop();
        }
      });
    }
  }
});
