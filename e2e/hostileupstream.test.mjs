// What an upstream says ends no more than its own call: after each answer that
// would hang or crash an instance, the same instance serves the next call.
import assert from "node:assert/strict";
import http from "node:http";
import { json as body } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { endpoint, post } from "./mcp.mjs";
import { must, setUp } from "./scene.mjs";

const plain = { name: "look", description: "Look.", inputSchema: { type: "object" } };
let scene, key, up;

/** An upstream of 2025-11-25 by hand: `tools`, and `answer(message)` of a call, written as it is. */
async function start() {
  const up = { tools: [plain], calls: 0, answer: undefined };
  const listener = http.createServer(async (request, response) => {
    const m = request.method === "POST" ? await body(request) : {};
    const reply = (result) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", id: m.id, result }));
    if (m.method === "initialize") return reply({ protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo: { name: "x", version: "1" } });
    if (m.method === "tools/list") return reply({ tools: up.tools });
    if (m.method !== "tools/call") return response.writeHead(m.id === undefined ? 202 : 400).end();
    up.calls++;
    const done = { content: [{ type: "text", text: "done" }] };
    const { type = "text/event-stream", events } = up.answer ? up.answer(m, done) : { events: [{ id: m.id, result: done }] };
    const texts = events.map((e) => JSON.stringify({ jsonrpc: "2.0", ...e }));
    return response.writeHead(200, { "content-type": type }).end(type === "application/json" ? texts[0] : texts.map((t) => `data: ${t}\n\n`).join(""));
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return Object.assign(up, {
    url: `http://127.0.0.1:${listener.address().port}/mcp`,
    stop: () => new Promise((resolve) => {
      listener.close(resolve);
      listener.closeAllConnections();
    }),
  });
}

before(async () => {
  scene = await setUp();
  key = (await must(scene.admin("POST", "/keys", { label: "agent" }))).json.key;
  up = await start();
});
after(async () => {
  await scene?.stop();
  await up?.stop();
});

const put = async () => (await must(scene.admin("PUT", "/upstreams/odd", { url: up.url, trust: "first_use" }))).json;
const call = async () => {
  const { result } = (await post(endpoint(scene), key, "tools/call", { name: "odd__look", arguments: {} })).json;
  return { text: result.content[0].text, code: result.isError ? JSON.parse(result.content[0].text).code : "" };
};

test("answers that are none, and questions that nobody can read", { timeout: 120_000 }, async () => {
  assert.equal((await put()).state, "ready");
  assert.equal((await call()).text, "done");
  const json = "application/json";
  const asking = (method, params) => (m, done) => ({ events: [{ id: 5, method, params }, { id: m.id, result: done }] });
  for (const [why, answer, code] of [
    ["another's answer", (m, done) => ({ type: json, events: [{ id: 99, result: done }] }), "bad_gateway"],
    ["its id as text", (m, done) => ({ type: json, events: [{ id: String(m.id), result: done }] }), "bad_gateway"],
    ["a notification", () => ({ type: json, events: [{ method: "notifications/message" }] }), "bad_gateway"],
    ["a stream that ends", () => ({ events: [{ method: "notifications/message" }] }), "bad_gateway"],
    ["a null among the questions", (m) => ({ events: [{ id: m.id, result: { resultType: "input_required", inputRequests: { a: null } } }] }), "bad_gateway"],
    ["a question without parameters", asking("elicitation/create"), ""],
    ["a question of null", asking("elicitation/create", null), ""],
    ["another's question", asking("sampling/createMessage", { messages: [null] }), ""],
  ]) {
    const { calls } = up;
    up.answer = answer;
    assert.equal((await call()).code, code, why);
    assert.equal(up.calls, calls + 1, `${why}: once`);
    up.answer = undefined;
    assert.equal((await call()).text, "done", `after ${why}`);
  }
});

test("schemas that no validator comes to the end of are served to nobody", { timeout: 120_000 }, async () => {
  const defs = { d0: { type: "object" } };
  for (let i = 1; i <= 30; i++) defs[`d${i}`] = { allOf: [{ $ref: `#/$defs/d${i - 1}` }, { $ref: `#/$defs/d${i - 1}` }] };
  up.tools = [plain, ...[{ $ref: "#" }, { $REF: "#" }, { $ref: "#/$defs/d30", $defs: defs }].map((s, i) => ({ name: `endless-${i}`, inputSchema: { type: "object", ...s } }))];
  await must(scene.admin("DELETE", "/upstreams/odd"));
  const state = await put();
  assert.deepEqual([state.state, state.tools, state.drifted], ["ready", 1, 3]);
  const { items } = (await must(scene.admin("GET", "/upstreams/odd/drift"))).json;
  for (const i of items) assert.match(i.reason, /without end/);
  assert.equal((await call()).text, "done");
});
