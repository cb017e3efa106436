// The consumers' instance is replaced every few events, under load: nothing is
// lost, nothing comes twice, memory stays bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { arrived, setUp } from "./scene.mjs";

const events = 400;
const recycle = 25; // events of the consumers' Worker per instance

test(`${events} events over instances of ${recycle} events each`, { timeout: 120_000 }, async () => {
  const scene = await setUp({ testBuild: true, vars: { consumers: { HOOKWEIR_RECYCLE: String(recycle) } } });
  try {
    const keys = [];
    for (let i = 0; i < events; i += 40) {
      const sent = await Promise.all(Array.from({ length: 40 }, () => scene.deliver("github push")));
      for (const { answer } of sent) {
        assert.equal(answer.status, 202, answer.text);
        keys.push(answer.json.id);
      }
    }
    for (const key of keys) await arrived(scene, key, 60_000);
    await scene.settle();
    for (const key of keys) assert.equal(scene.agent.by(key).length, 1, key);
    const recycled = scene.product.logs.map((line) => line.message).filter((m) => m.includes("backend.instance_recycled")).map((m) => JSON.parse(m));
    assert.ok(recycled.length >= 3, `${recycled.length} instances were replaced`);
    for (const { memory } of recycled) assert.ok(memory < 48 << 20, `${memory} bytes`);
    assert.deepEqual(scene.product.logs.filter((line) => /panic|instance_died/.test(line.message)), []);
  } finally {
    await scene.stop();
  }
});
