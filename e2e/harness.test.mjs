// The harness itself, on two small stand-in Workers: what the other files
// take for granted.
import assert from "node:assert/strict";
import http from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { bundle, call, start, until } from "./harness.mjs";

const fixture = "e2e/testdata/fixture";
let dir, parts;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "hookweir-harness-"));
  parts = {};
  for (const role of ["worker", "consumers"]) {
    const config = `${fixture}/${role}/wrangler.toml`;
    parts[role] = { config, bundle: path.join(dir, role) };
    await bundle(config, parts[role].bundle);
  }
});

after(() => rm(dir, { recursive: true, force: true }));

async function running(options, use) {
  const product = await start({ parts, ...options });
  try {
    return await use(product);
  } finally {
    await product.stop();
  }
}

const seen = async (product) => (await call(`${product.url}/`, "GET")).json;

test("bindings come from the wrangler.toml files, modules from the bundles", () =>
  running({}, async (product) => {
    const sent = await call(`${product.url}/send?key=a`, "POST");
    assert.deepEqual(sent.json, { wasm: 4, greeting: "from wrangler.toml", keys: "dev1" });
    await until("the queue to reach the object", async () => (await seen(product)).includes("a"));
    assert.equal(await (await product.kv("IDEMPOTENCY")).get("a"), "1");
    assert.equal(await (await (await product.bucket("PAYLOADS")).get("a")).text(), "payload");
    await (await product.queue("EVENTS")).send(new TextEncoder().encode("b"), { contentType: "bytes" });
    await until("a message sent by the test", async () => (await seen(product)).includes("b"));
    assert.ok(product.logs.some((line) => line.message === "took b"));
    assert.equal((await product.pids()).length, 1);
  }));

test("vars override, another .wasm takes the bundle's place", () =>
  running({ vars: { worker: { GREETING: "over" } }, wasm: { worker: `${fixture}/five.wasm` } }, async (product) => {
    const sent = await call(`${product.url}/send?key=a`, "POST");
    assert.deepEqual([sent.json.greeting, sent.json.wasm], ["over", 5]);
  }));

test("state outlives a restart when it is asked to", async () => {
  const persist = path.join(dir, "state");
  await running({ persist }, async (product) => {
    await call(`${product.url}/send?key=kept`, "POST");
    await until("kept", async () => (await seen(product)).includes("kept"));
  });
  await running({ persist }, async (product) => assert.deepEqual(await seen(product), ["kept"]));
  await running({}, async (product) => assert.deepEqual(await seen(product), []));
});

test("fetches reach a loopback server, or are intercepted", async () => {
  const got = [];
  const server = http.createServer((request, response) => {
    request.on("data", (chunk) => got.push(String(chunk)));
    request.on("end", () => response.end());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const vars = { consumers: { AGENT: `http://127.0.0.1:${server.address().port}/` } };
  try {
    await running({ vars }, async (product) => {
      await call(`${product.url}/send?key=direct`, "POST");
      await until("the agent", () => got.includes("direct"));
    });
    const intercepted = [];
    const outbound = async (request) => {
      const body = await request.text();
      intercepted.push([new URL(request.url).hostname, body]);
      return new Response();
    };
    await running({ vars: { consumers: { AGENT: "https://agent.example/" } }, outbound }, async (product) => {
      await call(`${product.url}/send?key=caught`, "POST");
      await until("the interception", () => intercepted.length > 0);
      assert.deepEqual(intercepted[0], ["agent.example", "caught"]);
    });
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test("faults fail, by marker or after the fact, and stop failing", () =>
  running({ faults: true }, async (product) => {
    const send = async (key) => (await call(`${product.url}/send?key=${key}`, "POST")).status;
    const kv = await product.kv("IDEMPOTENCY");
    assert.equal(await send("fine"), 200);
    await product.faults({ EVENTS: { fail: 1, marker: "poison" } });
    assert.equal(await send("poison"), 503);
    assert.equal(await send("clean"), 200);
    await product.faults({ PAYLOADS: { fail: 1 } });
    assert.equal(await send("nowhere"), 503);
    await product.faults({ IDEMPOTENCY: { fail: 1, after: true } });
    assert.equal(await send("ambiguous"), 503);
    await product.faults({ EVENTS: { delay: 10 } });
    assert.equal(await send("slow"), 200);
    assert.equal(await kv.get("ambiguous"), "1");
    await until("all but what failed before it was done", async () => (await seen(product)).length === 4);
    assert.deepEqual(await seen(product), ["ambiguous", "clean", "fine", "slow"]);
  }));
