// Connections on real workerd against a real authorization server: the flow in
// a browser, and refreshes that meet everything that can go wrong.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import http from "node:http";
import { after, before, describe, test } from "node:test";
import { browser, startAuthServer } from "./authserver.mjs";
import { answerOf, call, until } from "./harness.mjs";
import { dataOf, endpoint, eras } from "./mcp.mjs";
import { commands, shell } from "./pages.mjs";
import { must, setUp } from "./scene.mjs";

const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
const clients = [
  { id: "hookweir", secret: "hookweir-client-secret" },
  { id: "post", secret: "hookweir-client-secret-2", auth: "client_secret_post" },
  { id: "public", auth: "none" },
  { id: "signed", auth: "private_key_jwt", jwks: { keys: [{ ...key.publicKey.export({ format: "jwk" }), use: "sig", alg: "ES256", kid: "k1" }] } },
];

describe("oauth", () => {
  let scene, servers = [];
  before(async () => (scene = await setUp()));
  after(async () => {
    await scene?.stop();
    await Promise.all(servers.map((s) => s.stop()));
  });

  async function authServer(options) {
    const server = await startAuthServer({ redirect: `${scene.url}/oauth/callback`, clients, ...options });
    servers.push(server);
    return server;
  }

  const settings = (server, extra) => ({ provider: "issuer", issuer: server.url, client_id: "hookweir", client_secret: clients[0].secret, scopes: ["read", "write"], ...extra });
  const authorization = () => ({ authorization: `Bearer ${scene.product.adminToken}` });

  /** Makes a connection and goes to the provider and back, up to the callback. */
  async function toCallback(name, server, extra) {
    await must(scene.admin("PUT", `/connections/${name}`, settings(server, extra)));
    const user = browser();
    const back = `${scene.url}/oauth/callback`;
    const { url, response } = await user.go(`${scene.url}/v1/tenants/acme/connections/${name}/authorize`, { headers: authorization(), stop: (to) => to.startsWith(back) });
    if (!url.startsWith(back)) throw new Error(`stuck at ${url}: ${response.status} ${await response.text()}`);
    return { user, url };
  }

  async function connect(name, server, extra) {
    const { user, url } = await toCallback(name, server, extra);
    const { response } = await user.go(url);
    const answer = await answerOf(response);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  const connection = async (name) => (await must(scene.admin("GET", `/connections/${name}`))).json;
  const token = (name, body) => scene.admin("POST", `/connections/${name}/token`, body);
  const stateIs = (name, ...states) => until(`${name} to be ${states}`, async () => {
    const c = await connection(name);
    return states.includes(c.state) && c;
  });
  const notices = (kind, name) => scene.agent.arrivals.filter((a) => a.verified && a.event.type === `hookweir.connection.${kind}` && a.event.data.connection === name);

  test("a person authorizes, the agent gets a token: every way a client authenticates, pushed or not", async () => {
    const server = await authServer();
    const pem = key.privateKey.export({ type: "pkcs8", format: "pem" });
    for (const [name, extra] of Object.entries({
      basic: {},
      post: { client_id: "post", client_secret: clients[1].secret, client_auth: "post" },
      public: { client_id: "public", client_secret: undefined, client_auth: "none" },
      signed: { client_id: "signed", client_secret: pem, client_auth: "private_key_jwt", client_key_id: "k1" },
      unpushed: { provider: "custom", issuer: undefined, endpoints: { authorize: `${server.url}/auth`, token: `${server.url}/token`, revoke: `${server.url}/token/revocation`, issuer: server.url } },
    })) {
      const connected = await connect(name, server, extra);
      assert.deepEqual([connected.connection, connected.state], [name, "active"]);
      const answer = await must(token(name));
      assert.equal(answer.json.token_type, "Bearer");
      const introspectable = extra.client_id === undefined; // the server tells a client of its own tokens
      if (introspectable) assert.equal(await server.introspect(answer.json.access_token), true);
      const gone = await must(scene.admin("DELETE", `/connections/${name}`));
      assert.deepEqual([gone.json.revoked, gone.json.pending], [true, false], gone.text);
      assert.equal((await scene.admin("GET", `/connections/${name}`)).status, 404);
      if (introspectable) assert.equal(await server.introspect(answer.json.access_token), false, "the provider knows");
    }
  });

  test("a link, of the API or of an agent's tool, works in a browser that has no key, once", async () => {
    const server = await authServer();
    const client = await eras["2026-07-28 (client 2)"](endpoint(scene), scene.product.adminToken);
    for (const [name, link] of Object.entries({
      linked: async () => (await must(scene.admin("POST", "/connections/linked/authorize"))).json,
      tooled: async () => {
        const ask = async () => dataOf(await client.callTool({ name: "authorize_link", arguments: { connection: "tooled" } }));
        await ask();
        return ask(); // past the protocol library
      },
    })) {
      await must(scene.admin("PUT", `/connections/${name}`, settings(server)));
      const { url } = await link();
      assert.ok(url.startsWith(`${scene.url}/oauth/start?`), url);
      const { response } = await browser().go(url, { headers: { accept: "text/html" } });
      assert.equal(response.status, 200, name);
      assert.equal((await browser().go(url)).response.status, 400);
      assert.equal((await connection(name)).state, "active");
    }
    await client.leave();
  });

  test("callbacks that are forged, replayed, another browser's or another issuer's", async () => {
    const server = await authServer();
    const refused = async (url, user, code, status = 400) => {
      const answer = await answerOf((await user.go(url)).response);
      assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
    };
    const changed = (url, change) => {
      const u = new URL(url);
      change(u.searchParams);
      return u.href;
    };
    for (const [change, code, status] of [
      [(q) => q.set("state", `acme.${"A".repeat(43)}`), "invalid_state"],
      [(q) => q.set("state", q.get("state").replace("acme", "rival")), "invalid_state"],
      [(q) => q.append("code", "another"), "invalid_query"],
      [(q) => q.set("iss", "https://evil.example"), "wrong_issuer"],
      [(q) => q.delete("iss"), "wrong_issuer"],
      [(q) => (q.delete("code"), q.set("error", "access_denied")), "authorization_denied"],
      [(q) => q.set("code", "guessed"), "exchange_failed", 502],
    ]) {
      const { user, url } = await toCallback("forged", server);
      await refused(changed(url, change), user, code, status);
      assert.equal((await connection("forged")).state, "pending");
      assert.equal((await token("forged")).json.code, "needs_reauth");
    }
    const { url } = await toCallback("forged", server);
    await refused(url, browser(), "invalid_state");
    const { user, url: good } = await toCallback("forged", server);
    assert.equal((await user.go(good)).response.status, 200);
    await refused(good, user, "invalid_state");
    const c = await connection("forged");
    assert.equal(c.state, "active", "a replay takes nothing away");
  });

  for (const [mode, callers] of [["atomic", 500], ["default", 100], ["grace", 100]]) {
    test(`${callers} ask at the token's end: one refresh, one token, the grant still good (${mode})`, async () => {
      const server = await authServer({ mode, firstLife: 1 });
      const name = `many-${mode}`;
      server.fault(undefined); // the code's exchange
      server.fault({ slow: 1000 });
      await connect(name, server);
      const { expires } = await connection(name);
      await until("the token's end", () => Date.now() >= Date.parse(expires));
      const answers = await Promise.all(Array.from({ length: callers }, () => token(name)));
      for (const a of answers) assert.equal(a.status, 200, a.text);
      assert.equal(new Set(answers.map((a) => a.json.access_token)).size, 1);
      assert.equal(server.refreshes().length, 1);
      assert.equal(await server.introspect(answers[0].json.access_token), true);
      assert.deepEqual(server.events.filter((e) => e.name === "grant.revoked"), []);
    });
  }

  test("50 connections, one provider that hangs: the other 49 are not held up", async () => {
    const [good, hung] = [await authServer({ firstLife: 1 }), await authServer({ firstLife: 1 })];
    await connect("hung", hung);
    hung.fault("hang", 10);
    const names = Array.from({ length: 49 }, (_, i) => `good-${i}`);
    for (const name of names) await connect(name, good);
    await until("the hung provider to be asked", () => hung.refreshes().length > 0);
    let answered = false;
    const waiting = token("hung").then(() => (answered = true));
    const answers = await Promise.all(names.map((name) => token(name)));
    for (const a of answers) assert.equal(a.status, 200, a.text);
    assert.equal(answered, false, "the 49 are served while the one still waits");
    for (const name of names) {
      const tokens = good.refreshes().map((c) => c.token);
      assert.equal(new Set(tokens).size, tokens.length, `${name}: no refresh token twice`);
    }
    await hung.stop(); // its connections break, the wait ends
    servers = servers.filter((s) => s !== hung);
    await waiting;
  });

  // What a strict server's faults come to. `lost` are answers that may have
  // carried the next refresh token.
  for (const [fault, reason, cause] of [
    ["drop-after", "answer_lost", "no_answer"],
    ["html", "answer_lost", "unreadable (200)"],
    ["huge", "answer_lost", "too_large (200)"],
    ["503-after", "provider_failed", "status_503"],
  ]) {
    test(`${fault} at a strict server: never spent twice, and everybody hears of it`, async () => {
      const server = await authServer({ mode: "atomic", firstLife: 2 });
      const name = `strict-${fault}`;
      server.fault(undefined);
      server.fault(fault);
      await connect(name, server);
      const degraded = await until("a degraded connection", async () => {
        const c = await connection(name);
        return c.reason !== undefined && c;
      });
      assert.ok(["degraded", "needs_reauth"].includes(degraded.state), degraded.state);
      if (degraded.state === "degraded") assert.deepEqual([degraded.reason, degraded.cause], [reason, cause]);
      if (fault === "503-after") return; // its one more try comes 30 s later: on the host, where time can be set
      await stateIs(name, "needs_reauth");
      const answer = await token(name);
      assert.deepEqual([answer.status, answer.json.code], [409, "needs_reauth"]);
      assert.equal(server.refreshes().length, 1, "a token that may be spent is not sent again");
      const [notice] = await until("the notice", () => notices("needs_reauth", name).length > 0 && notices("needs_reauth", name));
      assert.equal(notice.event.data.reason, "rotation_probably_lost");
      assert.ok(scene.product.logs.some((l) => l.message.includes("vault.connection_needs_reauth") && l.message.includes(name)));
    });
  }

  test("with a grace window a lost answer is asked for again, once, at once", async () => {
    const server = await authServer({ mode: "grace", firstLife: 2 });
    server.fault(undefined);
    server.fault("drop-after");
    await connect("forgiven", server, { rotation: "grace", grace: "30s" });
    const first = await connection("forgiven");
    await until("the refresh", async () => (await connection("forgiven")).generation > first.generation);
    const c = await connection("forgiven");
    assert.equal(c.state, "active");
    const [one, two] = server.refreshes();
    assert.equal(server.refreshes().length, 2);
    assert.equal(one.token, two.token);
    assert.equal(await server.introspect((await must(token("forgiven"))).json.access_token), true);
  });

  test("a user who revokes at the provider: needs_reauth, and back by a new authorization", async () => {
    const server = await authServer({ firstLife: 2 });
    await connect("left", server);
    server.endGrants();
    const c = await stateIs("left", "needs_reauth");
    assert.equal(c.reason, "grant_refused");
    assert.equal(c.cause, "invalid_grant (400)");
    assert.equal(server.refreshes().length, 1, "a refused token is not tried again");
    await connect("left", server);
    assert.equal((await token("left")).status, 200);
  });

  test("a destination takes the token by itself, and its calls are counted as use of scopes", async () => {
    const server = await authServer();
    await connect("proxied", server, { callers: ["destination:*"], operations: [{ method: "GET", path: "/whoami", scopes: ["read"] }] });
    assert.equal((await token("proxied")).json.code, "caller_not_allowed", "the agent never sees it");
    const seen = [];
    const api = http.createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    await new Promise((resolve) => api.listen(0, "127.0.0.1", resolve));
    try {
      await must(scene.admin("PUT", "/destinations/whoami", { base_url: `http://127.0.0.1:${api.address().port}`, connection: "proxied" }));
      await must(scene.admin("POST", "/destinations/whoami/reads", { path: "/whoami" }));
      const [, bearer] = seen[0].split(" ");
      assert.equal(await server.introspect(bearer), true);
      const report = await until("the use to be counted", async () => {
        const { json } = await must(scene.admin("GET", "/connections/proxied/scopes"));
        return json.calls > 0 && json;
      });
      assert.deepEqual(report.unused, ["write"]);
      assert.equal(report.scopes.find((s) => s.scope === "read").calls, 1);
    } finally {
      await new Promise((resolve) => {
        api.close(resolve);
        api.closeAllConnections();
      });
    }
  });

  test("docs/oauth.md, command by command", async () => {
    const server = await authServer();
    const blocks = (await commands("docs/oauth.md")).map((block) => block.replaceAll("https://login.example.com", server.url));
    assert.ok(blocks.length >= 6);
    const vars = blocks[0].split("\n").filter((line) => /^(API|AUTH)=/.test(line)).join("\n");
    const run = async (script) => JSON.parse(await shell(`${vars}\n${script}`, { url: scene.url }));
    const answers = [];
    for (const block of blocks) {
      for (const command of block.split(/\n(?=curl)/).filter((part) => part.startsWith("curl"))) answers.push(await run(command));
      const { url } = answers.at(-1);
      if (url) assert.equal((await browser().go(url)).response.status, 200);
    }
    const [made, link, token, scopes, gone, keys, swept] = answers;
    assert.equal(made.state, "pending");
    assert.ok(link.expires);
    assert.equal(token.token_type, "Bearer");
    assert.deepEqual(scopes.unused, ["read", "write"]);
    assert.equal(gone.revoked, true);
    assert.equal(keys.done, true);
    assert.deepEqual(swept.failed, []);
  });

  test("no token and no secret in any log line or answer that is not the token's own", async () => {
    const secrets = [...clients.map((c) => c.secret).filter(Boolean), "BEGIN PRIVATE KEY"];
    const shown = (await must(scene.admin("GET", "/connections"))).text;
    for (const secret of secrets) {
      assert.ok(!shown.includes(secret));
      for (const line of scene.product.logs) assert.ok(!line.message.includes(secret), line.message);
    }
    assert.equal((await call(`${scene.url}/v1/vault/keys`, "GET", undefined, authorization())).json.done, true);
  });
});
