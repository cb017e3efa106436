// Many clients at once, every outcome mixed, slow stores, clients that break
// off: each answer is the one its own request earns.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { until } from "./harness.mjs";
import { forge, make } from "./providers.mjs";
import { setUp } from "./scene.mjs";

const clients = 64;
const requests = 20_000;
const slowest = 15; // ms that a store takes, at random up to this

let scene, connections;
before(async () => {
  scene = await setUp({ faults: true });
  connections = new http.Agent({ keepAlive: true, maxSockets: clients });
});
after(async () => {
  connections?.destroy();
  await scene?.stop();
});

/** One request: {status, json} or {broken} if this client hung up. */
function exchange(path, method, headers, body, breakOff) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${scene.url}${path}`, { method, headers: { ...headers, ...(body && { "content-length": body.length }) }, agent: connections });
    request.on("error", (error) => (breakOff ? resolve({ broken: true }) : reject(error)));
    request.on("response", (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, text });
      });
    });
    if (breakOff) {
      request.write(body.subarray(0, body.length >> 1), () => request.destroy());
    } else request.end(body);
  });
}

const has = (status, test) => (answer) => answer.status === status && test(answer.text);
const idIs = (key) => (text) => JSON.parse(text).id === key;
const codeIs = (code) => (text) => JSON.parse(text).code === code;

// Each outcome: how often in a hundred, and a maker of {send, right}.
const outcomes = [
  [8, async () => {
    const d = await make("standard webhooks");
    const key = `acme/standard/${d.id}`;
    return { d, right: has(202, idIs(key)), key };
  }],
  [12, async () => { // three copies of one event, so that some overlap
    const d = await repeated();
    const key = `acme/standard/${d.id}`;
    return { d, right: (a) => (a.status === 202 || a.status === 200) && idIs(key)(a.text), key };
  }],
  [25, async () => ({ d: (await forge(await make("standard webhooks")))[1], right: has(401, codeIs("bad_signature")) })],
  [15, async () => {
    const d = await make("slack handshake");
    return { d, right: has(200, (text) => text.includes(d.id)) };
  }],
  [15, async () => ({ d: { ...(await make("standard webhooks")), source: `no-${Math.random().toString(36).slice(2, 6)}` }, right: has(404, codeIs("not_found")) })],
  [10, async () => ({ d: await make("standard webhooks"), method: "PUT", right: has(405, codeIs("method_not_allowed")) })],
  [7, async () => ({ d: await make("standard webhooks", { body: Buffer.from('{"type":"poison-pill"}') }), right: has(503, codeIs("unavailable")) })],
  [8, async () => ({ d: await make("standard webhooks"), breakOff: true, right: (a) => a.broken })],
];
const deck = outcomes.flatMap(([n, maker]) => Array(n).fill(maker));

let copy, copies = 0;
const repeated = () => (copies++ % 3 === 0 ? (copy = make("standard webhooks")) : copy);

test(`${requests} requests from ${clients} clients: no answer failed, none swapped`, { timeout: 600_000 }, async () => {
  await scene.product.faults({
    EVENTS: { delay: slowest, fail: 1, marker: "poison-pill" }, IDEMPOTENCY: { delay: slowest }, CONFIG: { delay: slowest },
  });
  const wrong = [];
  const keys = new Set();
  let next = 0;
  await Promise.all(Array.from({ length: clients }, async () => {
    while (next < requests) {
      const { d, method = "POST", breakOff, right, key } = await deck[(next++ * 37) % deck.length]();
      const answer = await exchange(`/webhooks/${scene.tenant}/${d.source}`, method, d.headers, d.body, breakOff).catch((error) => ({ error: error.message }));
      if (!right(answer)) wrong.push({ sent: `${method} ${d.source} ${d.id}`, answer });
      else if (key) keys.add(key);
    }
  }));
  assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} wrong answers`);
  await scene.product.faults({});
  await until("the agent to have every accepted event", () => scene.agent.ids().length >= keys.size || undefined, 120_000);
  await scene.settle();
  const ids = new Set(scene.agent.ids());
  assert.deepEqual([...keys].filter((key) => !ids.has(key)), []);
  const twice = [...keys].filter((key) => scene.agent.by(key).length !== 1);
  assert.deepEqual(twice, []);
  const crashed = scene.product.logs.filter((line) => /panic|instance_died/.test(line.message));
  assert.deepEqual(crashed, []);
});
