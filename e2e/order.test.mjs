// G7 on workerd: the order of each key is exact, though a fifth of the answers
// are failures and the module ends again and again in the middle of requests.
// ORDER_EACH=100 is the whole of it: 5,000 writes take minutes.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { startDestination } from "./destination.mjs";
import { start, until } from "./harness.mjs";
import { must } from "./scene.mjs";

const keys = 50, each = Number(process.env.ORDER_EACH ?? 20);
const every = 15 * each; // requests from one crash to the next

describe("order under failures and crashes", () => {
  test(`${keys} keys of ${each} ordered writes: each arrives, in its place`, async () => {
    let n = 0;
    const server = await startDestination({ behave: () => (++n % 5 === 0 ? { status: [500, 502, 503, 408][(n / 5) % 4] } : { status: 201 }) });
    const product = await start({
      wasm: { worker: "build/test/worker.wasm", consumers: "build/test/consumers.wasm" },
      vars: { consumers: { HOOKWEIR_FAULT: `exit@posted/${every}` } },
    });
    try {
      const api = (method, route, body) => product.admin(method, `/tenants/order${route}`, body);
      await must(api("PUT", "/destinations/shop", {
        // What was under way in a crash waits for its lease, which is the timeout and a few seconds.
        base_url: server.url, timeout: "1s", retry: { base: "100ms", cap: "200ms", max_attempts: 100 }, breaker: { failure_ratio: 1, min_requests: 1000 },
      }));
      // The key that makes a repeat after a crash safe, for us and for the server.
      const write = (i) => ({ method: "POST", path: `/${i % keys}`, body: { n: Math.floor(i / keys) }, partition_key: `k${i % keys}`, idempotency_key: `w${i}` });
      for (let i = 0; i < keys * each; i += 1000) {
        const list = Array.from({ length: 1000 }, (_, j) => write(i + j));
        // A call that is in flight in a crash is answered 503, and made again.
        await until("a list to be accepted", async () => (await api("POST", "/destinations/shop/writes", list)).status === 202, 60_000);
      }
      await until("the queue to be empty", async () => (await api("GET", "/destinations/shop")).json.queue?.depth === 0, 240_000);

      const done = new Map(), started = new Map();
      for (const a of server.arrivals) {
        const { n } = JSON.parse(a.body);
        const list = done.get(a.path) ?? done.set(a.path, []).get(a.path);
        const last = started.get(a.path) ?? -1;
        // The one that comes is the one before, once more, or the next, and that only after the one before was taken.
        assert.ok(n === last || (n === last + 1 && list.length === n), `${a.path}: ${n} after ${last}, ${list.length} taken`);
        started.set(a.path, n);
        if (a.status === 201 && list.at(-1) !== n) list.push(n); // again after a crash: the same idempotency key
      }
      assert.equal(done.size, keys);
      for (const list of done.values()) assert.deepEqual(list, Array.from({ length: each }, (_, i) => i));
      assert.equal(new Set(server.arrivals.map((a) => a.key)).size, keys * each, "one idempotency key per write, over all attempts");
      const crashes = product.logs.filter((line) => /instance_died/.test(line.message)).length;
      assert.ok(crashes >= 3, `${crashes} crashes`);
    } finally {
      await product.stop();
      await server.stop();
    }
  });
});
