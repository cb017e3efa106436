// An upstream with a connection: the connection's token goes with every
// request, the fresh one after a rotation, and without one nothing leaves (G6).
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, startAuthServer } from "./authserver.mjs";
import { until } from "./harness.mjs";
import { endpoint, post } from "./mcp.mjs";
import { must, setUp } from "./scene.mjs";
import { startUpstream } from "./upstream.mjs";

const patience = 40_000;
let scene, key, auth, up;
before(async () => {
  scene = await setUp();
  key = (await must(scene.admin("POST", "/keys", { label: "agent" }))).json.key;
  auth = await startAuthServer({ redirect: `${scene.url}/oauth/callback`, firstLife: 5, life: 5 });
  up = await startUpstream([{ name: "look", description: "Look.", inputSchema: { type: "object" } }]);
});
after(async () => {
  await scene?.stop();
  await auth?.stop();
  await up?.stop();
});

const connection = async () => (await must(scene.admin("GET", "/connections/account"))).json;
const put = async () => (await must(scene.admin("PUT", "/upstreams/desk", { url: up.url, connection: "account", trust: "first_use" }))).json;
const call = async () => {
  const { result } = (await post(endpoint(scene), key, "tools/call", { name: "desk__look", arguments: {} })).json;
  return { ...result, text: result.content[0].text };
};
const settings = (extra) => ({ provider: "issuer", issuer: auth.url, client_id: "hookweir", client_secret: "hookweir-client-secret", scopes: ["read"], ...extra });
/** The tokens of the requests that came since. */
const tokens = (from) => [...new Set(up.requests.slice(from).map((r) => r.headers.authorization))];

test("an upstream's requests have its connection's token, or do not leave", { timeout: 120_000 }, async () => {
  // Nobody has authorized the connection.
  await must(scene.admin("PUT", "/connections/account", settings()));
  const waiting = await put();
  assert.equal(waiting.state, "failing");
  assert.match(waiting.reason, /connection has no token.*authorize_link/);
  assert.deepEqual(up.requests, []);

  const { url } = (await must(scene.admin("POST", "/connections/account/authorize"))).json;
  assert.equal((await browser().go(url, { headers: { accept: "text/html" } })).response.status, 200);
  const { generation } = await connection();
  assert.equal((await put()).state, "ready");
  assert.equal((await call()).text, "look ran");
  for (const r of up.requests) assert.match(r.headers.authorization, /^Bearer \S+$/, r.method);
  assert.ok(!tokens(0).includes(`Bearer ${key}`), "the agent's own stays here");
  assert.ok(up.requests.some((r) => r.message?.method === "tools/call"));

  // It is refreshed before its end; the refresh token rotates.
  await until("the token to be refreshed", async () => (await connection()).generation > generation, patience);
  const from = up.requests.length;
  assert.equal((await call()).text, "look ran");
  assert.equal(tokens(from).length, 1);
  assert.ok(!tokens(0).slice(0, 1).includes(tokens(from)[0]), "another one than the first");
  const sent = tokens(from)[0].slice("Bearer ".length);
  assert.equal(await auth.introspect(sent), true);
  assert.ok(auth.refreshes().length >= 1);

  // The user takes the consent back.
  auth.endGrants();
  await until("the connection to need a person", async () => (await connection()).state === "needs_reauth", patience);
  const silent = up.requests.length;
  const answer = await call();
  assert.equal(answer.isError, true);
  const { code, detail } = JSON.parse(answer.text);
  assert.equal(code, "unavailable");
  assert.match(detail, /desk: its connection has no token.*authorize_link/);
  assert.equal(up.requests.length, silent, "nothing left without its token");

  // No token is in the log, nor in what is told of the upstream.
  const told = [JSON.stringify((await must(scene.admin("GET", "/upstreams/desk"))).json), ...scene.product.logs.map((l) => l.message)].join("\n");
  for (const token of tokens(0)) assert.ok(!told.includes(token.slice("Bearer ".length)));
});

test("a connection that does not list the upstream among its callers gives it none", { timeout: 60_000 }, async () => {
  const other = await startUpstream([]);
  try {
    await must(scene.admin("PUT", "/connections/narrow", settings({ callers: ["destination:*"] })));
    const { url } = (await must(scene.admin("POST", "/connections/narrow/authorize"))).json;
    assert.equal((await browser().go(url, { headers: { accept: "text/html" } })).response.status, 200);
    const connect = async () => (await must(scene.admin("PUT", "/upstreams/other", { url: other.url, connection: "narrow" }))).json;
    assert.equal((await connect()).state, "failing");
    assert.deepEqual(other.requests, []);
    await must(scene.admin("PUT", "/connections/narrow", settings({ callers: ["upstream:other"] })));
    assert.equal((await connect()).state, "ready");
    for (const r of other.requests) assert.match(r.headers.authorization, /^Bearer \S+$/);
  } finally {
    await other.stop();
  }
});
