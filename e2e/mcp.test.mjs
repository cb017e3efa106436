// The agent's endpoint: real clients of both eras on workerd, and who may not.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { until } from "./harness.mjs";
import { authorizationServer, dataOf, endpoint, eras, post } from "./mcp.mjs";
import { arrived, join, keyOf, must, setUp } from "./scene.mjs";
import { startUpstream } from "./upstream.mjs";

const auth = authorizationServer();
let scene, other, key;
before(async () => {
  scene = await setUp({ outbound: (request) => auth.answer(request) });
  other = await join(scene.product, "other");
  key = (await must(scene.admin("POST", "/keys", { label: "agent" }))).json.key;
  await must(scene.admin("PUT", "/authorization", { issuer: auth.issuer, jwks_url: auth.jwksURL }));
});
after(async () => {
  await other?.stop();
  await scene?.stop();
});

for (const [era, connect] of Object.entries(eras)) {
  test(`${era}: list, read, call, replay, complete, prompt`, { timeout: 60_000 }, async () => {
    const { delivery } = await scene.deliver("standard webhooks");
    const id = keyOf(scene, delivery);
    await arrived(scene, id);
    const client = await connect(endpoint(scene), key);
    const { tools } = await client.listTools();
    const names = tools.map((t) => t.name);
    assert.deepEqual(names, names.toSorted(), "the order is the same each time");
    assert.ok(names.includes("search_events") && !names.includes("approve_upstream"), "what only the operator may is not shown");
    for (const t of tools) assert.ok(t.description && t.inputSchema && t.outputSchema && t.annotations, t.name);

    const found = dataOf(await client.callTool({ name: "search_events", arguments: { source: delivery.source, limit: 5 } }));
    assert.ok(found.events.some((e) => e.key === id));
    assert.equal(dataOf(await client.callTool({ name: "get_event", arguments: { id } })).state, "delivered");
    dataOf(await client.callTool({ name: "replay_event", arguments: { id } }));
    await until("the replay to arrive", () => scene.agent.by(id).length === 2);

    const { contents } = await client.readResource({ uri: `hookweir://events/${id}` });
    assert.equal(JSON.parse(contents[0].text).key, id);
    const completed = await client.complete({ ref: { type: "ref/resource", uri: "hookweir://events/{+id}" }, argument: { name: "id", value: `${scene.tenant}/` } });
    assert.ok(completed.completion.values.includes(id));
    const prompt = await client.getPrompt({ name: "triage_dead_letters" });
    assert.match(prompt.messages[0].content.text, /follow no instruction/);

    const wrong = await client.callTool({ name: "search_events", arguments: { state: "asleep" } });
    assert.ok(wrong.isError && /input schema/.test(wrong.content[0].text));
    const missing = await client.callTool({ name: "get_event", arguments: { id: `${scene.tenant}/standard/none` } });
    assert.equal(JSON.parse(missing.content[0].text).code, "not_found");
    const foreign = await client.callTool({ name: "get_event", arguments: { id: "other/standard/x" } });
    assert.equal(JSON.parse(foreign.content[0].text).code, "not_found");
    await assert.rejects(client.callTool({ name: "approve_upstream", arguments: {} }), /not for this caller|403|forbidden/i);
    await client.leave();
  });

  test(`${era}: subscribes and hears of a new event`, { timeout: 60_000 }, async () => {
    const heard = [];
    const client = await connect(endpoint(scene), key, { onUpdated: (uri) => heard.push(uri) });
    const stop = await client.watch(["hookweir://events"]);
    const { delivery } = await scene.deliver("standard webhooks");
    await arrived(scene, keyOf(scene, delivery));
    await until("the notification", () => heard.includes("hookweir://events"));
    await stop();
    await client.leave();
  });

  test(`${era}: a person confirms a rotation, or does not`, { timeout: 60_000 }, async () => {
    const asked = [];
    let answer = { action: "decline" };
    const client = await connect(endpoint(scene), key, { onElicit: (request) => {
      asked.push(request.params.message);
      return answer;
    } });
    const rotate = () => client.callTool({ name: "rotate_source_secret", arguments: { source: "github", secret: `rotated by a person, ${era} ${asked.length}`, overlap: "24h" } });
    const generation = async () => (await must(scene.admin("GET", "/sources/github"))).json.generation;
    const first = await generation();
    assert.ok((await rotate()).isError);
    assert.equal(await generation(), first, "declined: nothing changed");
    answer = { action: "accept", content: { confirm: true } };
    dataOf(await rotate());
    assert.ok((await generation()) > first);
    assert.equal(asked.length, 2);
    await client.leave();

    const mute = await connect(endpoint(scene), key);
    const refused = await mute.callTool({ name: "rotate_source_secret", arguments: { source: "github", secret: "nobody was asked" } });
    assert.ok(refused.isError && /elicitation/.test(refused.content[0].text));
    await mute.leave();
  });
}

test("no token, a wrong one, another tenant's, an expired one, another audience's, another signer's", async () => {
  const url = endpoint(scene);
  const foreignKey = (await must(other.admin("POST", "/keys", {}))).json.key;
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const scope = "events:read";
  const cases = {
    "no token": undefined,
    "not a token": "x",
    "another tenant's key": foreignKey,
    "a key with one letter changed": key.slice(0, -1) + (key.at(-1) === "A" ? "B" : "A"),
    "expired": auth.token({ aud: url, scope, exp: Math.floor(Date.now() / 1000) - 3600 }),
    "for another audience": auth.token({ aud: "https://elsewhere.example.com/mcp/acme", scope }),
    "for another tenant": auth.token({ aud: endpoint(other), scope }),
    "of another issuer": auth.token({ aud: url, scope, iss: "https://evil.example.com" }),
    "signed by somebody else": auth.token({ aud: url, scope }, stranger),
    "without an audience": auth.token({ scope }),
    "without an end": auth.token({ aud: url, scope, exp: undefined }),
  };
  for (const [name, token] of Object.entries(cases)) {
    const answer = await post(url, token, "tools/list");
    assert.equal(answer.status, 401, name);
    assert.match(answer.headers.get("www-authenticate"), /^Bearer resource_metadata="http:\/\/127\.0\.0\.1:\d+\/\.well-known\/oauth-protected-resource\/mcp\/acme"/, name);
  }
  assert.equal((await post(`${scene.url}/mcp/nobody`, key, "tools/list")).status, 401, "a tenant that does not exist looks like one that does");
  assert.equal((await post(`${scene.url}/mcp/other`, auth.token({ aud: endpoint(other), scope }), "tools/list")).status, 401, "a tenant without an authorization server");
});

test("an access token does what its scopes say, and is told what else it takes", async () => {
  const url = endpoint(scene);
  const metadata = await (await fetch(`${scene.url}/.well-known/oauth-protected-resource/mcp/acme`)).json();
  assert.equal(metadata.resource, url);
  assert.deepEqual(metadata.authorization_servers, [auth.issuer]);
  assert.ok(metadata.scopes_supported.includes("events:read"));
  const token = auth.token({ aud: metadata.resource, scope: "events:read" });
  assert.equal((await post(url, token, "tools/call", { name: "search_events", arguments: {} })).status, 200);
  const refused = await post(url, token, "tools/call", { name: "list_sources", arguments: {} });
  assert.equal(refused.status, 403);
  assert.match(refused.headers.get("www-authenticate"), /error="insufficient_scope", scope="events:read sources:read"/);
  const wider = auth.token({ aud: metadata.resource, scope: "events:read sources:read" });
  assert.equal((await post(url, wider, "tools/call", { name: "list_sources", arguments: {} })).status, 200);
  assert.equal((await fetch(`${scene.url}/v1/tenants/acme/sources`, { headers: { authorization: `Bearer ${wider}` } })).status, 401, "it opens the endpoint and nothing else");
});

test("a key restricted to tools has those, no others, and not the API", async () => {
  const { key: narrow } = (await must(scene.admin("POST", "/keys", { label: "narrow", tools: ["search_events"], rate: 60 }))).json;
  const url = endpoint(scene);
  const list = await post(url, narrow, "tools/list");
  assert.deepEqual(list.json.result.tools.map((t) => t.name), ["search_events"]);
  assert.equal(list.json.result.cacheScope, "private");
  assert.equal((await post(url, narrow, "tools/call", { name: "search_events", arguments: {} })).status, 200);
  assert.equal((await post(url, narrow, "tools/call", { name: "list_sources", arguments: {} })).json.code, "forbidden_tool");
  assert.equal((await post(url, narrow, "resources/read", { uri: "hookweir://dead-letters/events" })).json.code, "forbidden_tool");
  const api = await fetch(`${scene.url}/v1/tenants/acme/sources`, { headers: { authorization: `Bearer ${narrow}` } });
  assert.deepEqual([api.status, (await api.json()).code], [403, "restricted_key"]);
  let limited;
  for (let i = 0; i < 20 && limited === undefined; i++) {
    const answer = await post(url, narrow, "tools/call", { name: "search_events", arguments: {} });
    if (answer.status === 429) limited = answer;
  }
  assert.equal(limited?.json.code, "rate_limited");
  assert.ok(Number(limited.headers.get("retry-after")) >= 1);
});

test("a session is its caller's", { timeout: 60_000 }, async () => {
  const connect = eras["2025-11-25 (sdk 1)"];
  const client = await connect(endpoint(scene), key);
  const stolen = await fetch(endpoint(scene), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", authorization: `Bearer ${scene.product.adminToken}`, "mcp-session-id": client.sessionId(), "mcp-protocol-version": "2025-11-25" },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  assert.equal(stolen.status, 404);
  await client.leave();
});

test("what is no request of the protocol is refused by its codes", async () => {
  const url = endpoint(scene);
  const call = (body, headers) => post(url, key, "tools/list", {}, { body, headers });
  const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`;
  const cases = [
    ["not JSON", "{", {}, 400, -32700],
    ["nested too deep", `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${deep}}`, {}, 400, -32700],
    ["no version of JSON-RPC", `{"id":1,"method":"tools/list"}`, {}, 400, -32600],
    ["the method twice", `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}`, {}, 400, -32600],
    ["the tool twice", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search_events","name":"list_sources"}}`, {}, 400, -32600],
    ["an empty batch", "[]", {}, 400, -32600],
    ["a batch of a thousand", `[${Array(1000).fill('{"jsonrpc":"2.0","id":1,"method":"ping"}').join()}]`, {}, 400, -32600],
  ];
  for (const [name, body, headers, status, code] of cases) {
    const answer = await call(body, headers);
    assert.deepEqual([answer.status, answer.json?.error?.code], [status, code], `${name}: ${answer.text}`);
  }
  assert.equal((await call(`{"jsonrpc":"2.0","id":1,"method":"tools/list","x":"${"x".repeat(300 << 10)}"}`)).status, 413);
  const unknown = await post(url, key, "tools/fly");
  assert.deepEqual([unknown.status, unknown.json.error.code], [404, -32601]);
  const mismatch = await post(url, key, "tools/list", {}, { headers: { "mcp-method": "tools/call" } });
  assert.deepEqual([mismatch.status, mismatch.json.error.code], [400, -32020]);
  const version = await post(url, key, "tools/list", {}, { headers: { "mcp-protocol-version": "2027-01-01" } });
  assert.equal(version.status, 400);
  const tampered = await post(url, key, "tools/call", { name: "rotate_source_secret", arguments: { source: "github", secret: "x".repeat(20) }, requestState: "hw1.k1.0.AAAA", inputResponses: { confirm: { action: "accept", content: { confirm: true } } } });
  assert.deepEqual([tampered.status, tampered.json.error.code], [400, -32602], tampered.text);
  for (const origin of ["https://evil.example.com", "null"]) {
    const answer = await post(url, key, "tools/list", {}, { headers: { origin } });
    assert.deepEqual([answer.status, answer.json.code], [403, "forbidden_origin"]);
  }
  assert.equal((await fetch(url, { headers: { authorization: `Bearer ${key}`, "mcp-protocol-version": "2026-07-28" } })).status, 405);
});

test("instances are replaced under sessions and listeners", { timeout: 90_000 }, async () => {
  const small = await setUp({ testBuild: true, vars: { consumers: { HOOKWEIR_RECYCLE: "40" } } });
  try {
    const { key } = (await must(small.admin("POST", "/keys", {}))).json;
    const heard = [];
    const listener = await eras["2026-07-28 (client 2)"](endpoint(small), key, { onUpdated: (uri) => heard.push(uri) });
    await listener.watch(["hookweir://events"]);
    const client = await eras["2025-11-25 (sdk 1)"](endpoint(small), key);
    const session = client.sessionId();
    const recycled = () => small.product.logs.filter((line) => line.message.includes("backend.instance_recycled")).length;
    const before = recycled();
    await until("instances to be replaced", async () => {
      for (let i = 0; i < 20; i++) dataOf(await client.callTool({ name: "list_sources", arguments: {} }));
      return recycled() >= before + 3;
    });
    assert.equal(client.sessionId(), session, "the session is the same, in another instance's memory");
    const again = await eras["2026-07-28 (client 2)"](endpoint(small), key, { onUpdated: (uri) => heard.push(uri) });
    await again.watch(["hookweir://events"]);
    const { delivery } = await small.deliver("standard webhooks");
    await arrived(small, keyOf(small, delivery));
    await until("the notification", () => heard.includes("hookweir://events"));
    await again.leave();
    await listener.leave();
    await client.leave();
    const failed = small.product.logs.filter((line) => /instance_died|panic|different Durable Object/.test(line.message));
    assert.deepEqual(failed, []);
  } finally {
    await small.stop();
  }
});

test("tools over the API's other routes: connections, destinations, writes, polls", { timeout: 60_000 }, async () => {
  const provider = await startUpstream([]); // any server will do
  try {
    const client = await eras["2026-07-28 (client 2)"](endpoint(scene), key);
    const call = (name, args = {}) => client.callTool({ name, arguments: args });
    for (const [tool, list] of [["list_connections", "connections"], ["list_polls", "polls"], ["list_upstreams", "upstreams"], ["list_sources", "sources"]]) {
      assert.ok(Array.isArray(dataOf(await call(tool))[list]), tool);
    }
    for (const [tool, args] of [["get_connection", { connection: "none" }], ["scope_report", { connection: "none" }], ["authorize_link", { connection: "none" }], ["get_poll", { poll: "none" }], ["run_poll", { poll: "none" }], ["get_write", { id: "none" }], ["replay_write", { id: "none" }]]) {
      const answer = await call(tool, args);
      assert.ok(answer.isError && JSON.parse(answer.content[0].text).code === "not_found", `${tool}: ${answer.content[0].text}`);
    }
    await must(scene.admin("PUT", "/destinations/shop", { base_url: new URL(provider.url).origin }));
    const refused = async (why, args) => {
      const answer = await call("read_provider", { destination: "shop", path: "/mcp?x=1", ...args });
      const problem = answer.isError && JSON.parse(answer.content[0].text);
      assert.equal(problem.code, why, answer.content[0].text);
      return problem.detail;
    };
    assert.match(await refused("path_not_listed"), /read_paths/); // it says what to set
    await must(scene.admin("PUT", "/destinations/shop", { base_url: new URL(provider.url).origin, read_paths: ["/mcp"] }));
    assert.ok(dataOf(await call("read_provider", { destination: "shop", path: "/mcp?x=1" })).status > 0);
    await refused("path_not_listed", { path: "/mcp/x" });
    await refused("invalid_path", { path: "/mcp/../x" });
    await refused("invalid_header", { headers: { "X-HTTP-Method-Override": "DELETE" } });
    const calls = scene.product.logs.filter((line) => line.message.includes("tools.called") && line.message.includes("read_provider"));
    assert.equal(calls.length, 5);
    assert.ok(scene.product.logs.some((line) => line.message.includes("admin.read") && line.message.includes("mcp")));
    const queued = dataOf(await call("enqueue_write", { destination: "shop", write: { method: "POST", path: "/mcp", body: { a: 1 }, idempotency_key: "k1" } }));
    const id = queued.id ?? queued.ids[0];
    await until("the write to be tried", async () => (dataOf(await call("get_write", { id })).tries?.length > 0));
    dataOf(await call("list_dead_writes"));
    await client.leave();
  } finally {
    await provider.stop();
  }
});
