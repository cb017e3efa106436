// The older protocols on the same endpoint: each version's own handshake, by
// bytes on the wire and by a client that offers it; and batches where the
// version has them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { dataOf, endpoint, post } from "./mcp.mjs";
import { must, setUp } from "./scene.mjs";

/** Every version before 2026-07-28, and what is particular to it. */
const versions = {
  "2025-11-25": { header: true, batches: false },
  "2025-06-18": { header: true, batches: false },
  "2025-03-26": { header: false, batches: true },
  "2024-11-05": { header: false, batches: true },
};

let scene, key, url;
before(async () => {
  scene = await setUp();
  key = (await must(scene.admin("POST", "/keys", {}))).json.key;
  url = endpoint(scene);
});
after(() => scene?.stop());

const message = (id, method, params) => ({ jsonrpc: "2.0", ...(id && { id }), method, ...(params && { params }) });
const call = (id) => message(id, "tools/call", { name: "list_sources", arguments: {} });

/** Sends what a client of the older protocols sends: {status, session, messages, text}. */
async function send(body, { session, version, method = "POST" } = {}) {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${key}`, accept: "application/json, text/event-stream", "content-type": "application/json",
      ...(session && { "mcp-session-id": session }), ...(version && { "mcp-protocol-version": version }),
    },
    ...(body && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const lines = [...text.matchAll(/^data: (.+)$/gm)].map((m) => m[1]);
  let messages = [];
  try {
    messages = (lines.length > 0 ? lines : [text]).flatMap((line) => JSON.parse(line));
  } catch {}
  return { status: response.status, session: response.headers.get("mcp-session-id"), messages, text };
}

/** Opens a session of a version: {ask, session, result}. */
async function open(version) {
  const { status, session, messages } = await send(message(1, "initialize", { protocolVersion: version, capabilities: {}, clientInfo: { name: "raw", version: "1" } }));
  assert.deepEqual([status, typeof session], [200, "string"], version);
  const header = versions[version]?.header ? version : undefined;
  assert.equal((await send(message(undefined, "notifications/initialized"), { session, version: header })).status, 202);
  return { session, result: messages[0].result, ask: (body, more) => send(body, { session, version: header, ...more }) };
}

for (const [version, { batches }] of Object.entries(versions)) {
  test(`${version}: initialize, list, call, leave`, async () => {
    const { ask, result, session } = await open(version);
    assert.equal(result.protocolVersion, version, "what the client offers is what is spoken");
    assert.ok(result.capabilities.tools && result.serverInfo.name);
    const list = await ask(message(2, "tools/list"));
    const tools = list.messages.find((m) => m.id === 2).result.tools;
    assert.ok(tools.some((t) => t.name === "list_sources") && !tools.some((t) => t.name === "approve_upstream"));
    const answer = (await ask(call(3))).messages.find((m) => m.id === 3);
    assert.ok(Array.isArray(JSON.parse(answer.result.content[0].text).sources));
    assert.equal(answer.result.resultType, undefined, "of the protocol of 2026");
    const unknown = await ask(message(4, "tools/fly"));
    assert.deepEqual([unknown.status, unknown.messages[0]?.error?.code], [400, -32601], unknown.text);
    assert.equal((await ask(undefined, { method: "DELETE" })).status, 204);
    assert.equal((await ask(call(5))).status, 404, session);
  });

  test(`${version}: a batch is ${batches ? "answered" : "refused"}`, async () => {
    const { ask } = await open(version);
    const two = await ask([message(7, "tools/list"), call(8)]);
    const one = await ask([call(9)]);
    if (!batches) {
      for (const refused of [two, one]) assert.deepEqual([refused.status, refused.messages[0]?.error?.code], [400, -32600], refused.text);
      const disguised = await ask([message(7, "tools/list"), call(8)], { version: "2025-03-26" });
      assert.deepEqual([disguised.status, disguised.messages[0]?.error?.code], [400, -32600], "another version's header brings no batches");
      const bare = await ask([call(9)], { version: undefined });
      assert.deepEqual([bare.status, bare.messages[0]?.error?.code], [400, -32600], "nor does none");
      return;
    }
    assert.equal(two.status, 200);
    assert.deepEqual(two.messages.map((m) => m.id).sort(), [7, 8]);
    assert.ok(two.messages.every((m) => m.result && !m.result.isError));
    assert.deepEqual(one.messages.map((m) => m.id), [9]);
    const seventeen = await ask(Array.from({ length: 17 }, (_, i) => message(i + 1, "ping")));
    assert.deepEqual([seventeen.status, seventeen.messages[0].error.code], [400, -32600]);
    const inside = await ask([call(1), message(2, "initialize", { protocolVersion: version, capabilities: {}, clientInfo: { name: "x", version: "1" } })]);
    assert.deepEqual([inside.status, inside.messages[0].error.code], [400, -32600], "initialize comes alone");
    const silent = await ask([message(undefined, "notifications/cancelled", { requestId: 99 })]);
    assert.equal(silent.status, 202, "nothing to answer");
  });

  test(`${version}: a client that offers it`, async () => {
    const client = new Client({ name: "e2e", version: "1" }, { supportedProtocolVersions: [version] });
    const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}` } } });
    await client.connect(transport);
    assert.equal(transport.protocolVersion, version);
    assert.ok((await client.listTools()).tools.length > 10);
    assert.ok(Array.isArray(dataOf(await client.callTool({ name: "list_sources", arguments: {} })).sources));
    await transport.terminateSession();
    await client.close();
  });
}

test("versions that nobody speaks, and headers that contradict", async () => {
  for (const offered of ["1999-01-01", "2027-01-01", "2026-07-28", ""]) {
    assert.equal((await open(offered)).result.protocolVersion, "2025-11-25", `${offered}: the newest that has sessions is offered instead`);
  }
  const { ask } = await open("2025-06-18");
  assert.equal((await ask(call(2), { version: "2024-01-01" })).status, 400, "a header of no version");
  assert.equal((await ask(call(2), { version: "2026-07-28" })).status, 400, "a session's message under the protocol without sessions");
  const modern = await post(url, key, "tools/list", {}, { headers: { "mcp-protocol-version": "2025-06-18" } });
  assert.deepEqual([modern.status, modern.json?.error?.code], [400, -32020], modern.text);
  const batch = await post(url, key, "tools/list", {}, { body: JSON.stringify([call(1)]) });
  assert.deepEqual([batch.status, batch.json?.error?.code], [400, -32600], "a batch under the protocol of 2026");
  const homeless = await send([call(1), call(2)], { version: "2025-03-26" });
  assert.deepEqual([homeless.status, homeless.messages[0].code], [400, "bad_request"], "a batch without a session");
});
