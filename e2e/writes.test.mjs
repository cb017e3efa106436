// Outbound writes on workerd, to a real HTTP server on loopback that counts by
// its own clock.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { excess, startDestination } from "./destination.mjs";
import { startAgent } from "./agent.mjs";
import { start, until } from "./harness.mjs";
import { must } from "./scene.mjs";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

describe("writes", () => {
  let product;
  const stops = [];
  before(async () => (product = await start()));
  after(async () => {
    await product?.stop();
    await Promise.all(stops.map((stop) => stop()));
  });

  /** A tenant with a destination: its API and the server. */
  async function stage(tenant, { config, behave } = {}) {
    const server = await startDestination({ behave });
    stops.push(server.stop);
    const api = (method, route, body) => product.admin(method, `/tenants/${tenant}${route}`, body);
    if (config?.connection) await must(api("PUT", `/connections/${config.connection}`, { provider: "linear", client_id: "id", client_secret: "a-client-secret", scopes: ["read"] }));
    await must(api("PUT", "/destinations/shop", { base_url: server.url, ...config }));
    const queue = async () => (await must(api("GET", "/destinations/shop"))).json.queue;
    return {
      server, api,
      post: (writes) => api("POST", "/destinations/shop/writes", writes),
      get: async (id) => (await must(api("GET", `/writes/${id}`))).json,
      queue,
      drained: (deadline = 60_000) => until("the queue to be empty", async () => (await queue()).depth === 0, deadline),
    };
  }

  const item = (i, more) => ({ method: "POST", path: "/items", body: { n: i }, ...more });
  const number = (arrival) => JSON.parse(arrival.body).n;

  test("one write, and a list of 1000: accepted, delivered once, seen", async () => {
    const { server, post, get, drained } = await stage("plain");
    const one = await post(item(0, { headers: { "X-Trace": "t1" } }));
    assert.equal(one.status, 202, one.text);
    assert.match(one.json.id, /^shop\.[0-9a-v]{21}$/);
    const many = await post(Array.from({ length: 1000 }, (_, i) => item(i + 1)));
    assert.equal(many.status, 202, many.text);
    assert.equal(new Set(many.json.ids).size, 1000);
    await drained();
    assert.equal(server.arrivals.length, 1001);
    assert.deepEqual([...new Set(server.arrivals.map(number))].length, 1001);
    const write = await get(one.json.id);
    assert.equal(write.state, "delivered");
    assert.equal(write.answer.status, 201);
    assert.equal(write.answer.body, '{"ok":true}');
    assert.deepEqual(write.body, { n: 0 });
    const arrival = server.arrivals.find((a) => number(a) === 0);
    assert.equal(arrival.headers["idempotency-key"], one.json.id);
    assert.equal(arrival.headers["content-type"], "application/json");
    assert.equal(arrival.headers["x-trace"], "t1");
    assert.equal(arrival.path, "/v1/items");
  });

  test("bodies: JSON, text, bytes, none, and over 100 KB by claim check", async () => {
    const { server, post, get, drained } = await stage("bodies");
    const large = "x".repeat(300 << 10);
    await must(post([
      { method: "PUT", path: "/json", body: { a: [1, null] } },
      { method: "PUT", path: "/text", body: "hé", headers: { "content-type": "text/plain" } },
      { method: "PUT", path: "/bytes", body_base64: "AP8B" },
      { method: "DELETE", path: "/none" },
    ]));
    const { json } = await must(post({ method: "PUT", path: "/large", body: large, partition_key: "k" }));
    await drained();
    const body = (path) => server.arrivals.find((a) => a.path === `/v1${path}`).body;
    assert.equal(body("/json"), '{"a":[1,null]}');
    assert.equal(body("/text"), "hé");
    assert.equal(body("/bytes"), Buffer.from([0, 255, 1]).toString());
    assert.equal(body("/none"), "");
    assert.equal(body("/large"), large);
    assert.equal((await get(json.id)).stored, true);
  });

  test("an idempotency key: the first id again, at once and concurrently; another content: 409, and nothing of the list", async () => {
    const { server, post, api, drained } = await stage("idempotent");
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(item(1, { idempotency_key: "order-1" }))));
    assert.deepEqual([...new Set(answers.map((a) => a.json.id))].length, 1);
    assert.equal(answers.filter((a) => a.json.duplicates.length === 0).length, 1);
    const conflict = await post([item(7), item(2, { idempotency_key: "order-1" })]);
    assert.equal(conflict.status, 409);
    assert.equal(conflict.json.code, "idempotency_conflict");
    await drained();
    assert.deepEqual(server.arrivals.map(number), [1]);
    assert.equal((await must(api("GET", "/writes?limit=10"))).json.writes.length, 1);
  });

  test("what is not acceptable: problem+json with a code, and nothing queued", async () => {
    const { server, post, api } = await stage("refused", { config: { auth: { type: "bearer", token: "tok-refused" } } });
    const future = new Date(Date.now() + 60_000).toISOString();
    for (const [what, write, status, code] of [
      ["expired", item(1, { expires_at: "2020-01-01T00:00:00Z" }), 422, "expired"],
      ["a time that is none", item(1, { expires_at: "tomorrow" }), 422, "invalid_write"],
      ["expires before it may go", item(1, { expires_at: future, not_before: new Date(Date.now() + 90_000).toISOString() }), 422, "invalid_write"],
      ["host", item(1, { headers: { Host: "evil.example" } }), 422, "invalid_header"],
      ["content-length", item(1, { headers: { "Content-Length": "1" } }), 422, "invalid_header"],
      ["hop by hop", item(1, { headers: { "Transfer-Encoding": "chunked" } }), 422, "invalid_header"],
      ["authorization beside ours", item(1, { headers: { authorization: "Bearer x" } }), 422, "invalid_header"],
      ["a header with a line break", item(1, { headers: { "x-a": "1\r\nhost: x" } }), 422, "invalid_header"],
      ["dot segments", item(1, { path: "/../admin" }), 422, "invalid_path"],
      ["encoded ones", item(1, { path: "/a/%2e%2e/%2e%2e/admin" }), 422, "invalid_path"],
      ["an encoded slash", item(1, { path: "/a%2fb" }), 422, "invalid_path"],
      ["another host", item(1, { path: "//evil.example/" }), 422, "invalid_path"],
      ["an absolute URL", item(1, { path: "https://evil.example/" }), 422, "invalid_path"],
      ["a backslash", item(1, { path: "/a\\..\\b" }), 422, "invalid_path"],
      ["GET", { method: "GET", path: "/x" }, 422, "invalid_write"],
      ["an unknown member", item(1, { retries: 3 }), 400, "invalid_json"],
      ["bad base64", { method: "PUT", path: "/x", body_base64: "%" }, 422, "invalid_write"],
      ["a body over 4 MiB", { method: "PUT", path: "/x", body: "x".repeat((4 << 20) + 1) }, 413, "body_too_large"],
      ["a request over 8 MiB", { method: "PUT", path: "/x", body: "x".repeat(9 << 20) }, 413, "body_too_large"],
      ["no write", [], 400, "invalid_json"],
      ["1001 writes", Array.from({ length: 1001 }, (_, i) => item(i)), 422, "invalid_write"],
      ["one bad of two", [item(1), item(2, { path: "/.." })], 422, "invalid_path"],
    ]) {
      const answer = await post(write);
      assert.deepEqual([answer.status, answer.json?.code], [status, code], `${what}: ${answer.text.slice(0, 300)}`);
      assert.equal(answer.headers.get("content-type"), "application/problem+json");
      assert.doesNotMatch(answer.text, /evil|tok-refused/, "nothing of the request is repeated");
    }
    const unknown = await api("POST", "/destinations/nowhere/writes", item(1));
    assert.deepEqual([unknown.status, unknown.json.code], [404, "not_found"]);
    for (const [base_url, code] of [
      ["https://10.0.0.1/", "invalid_target"], ["http://api.example.com", "invalid_target"], ["https://169.254.169.254/", "invalid_target"],
      ["ftp://api.example.com", "invalid_target"], ["https://api.example.com/../x", "invalid_destination"], ["https://api.example.com/?q", "invalid_destination"],
    ]) {
      const answer = await api("PUT", "/destinations/bad", { base_url });
      assert.deepEqual([answer.status, answer.json.code], [422, code], base_url);
    }
    assert.equal((await api("GET", "/destinations/bad")).status, 404);
    assert.equal(server.arrivals.length, 0);
    assert.deepEqual((await must(api("GET", "/writes"))).json.writes, []);
  });

  test("credentials are sent and never shown", async () => {
    const behave = (a) => ({ status: 400, body: JSON.stringify({ error: "no", got: a.headers.authorization, access_token: "at-9" }) });
    const { server, post, api, get, drained } = await stage("credentials", { config: { auth: { type: "bearer", token: "tok-s3cr3t" } }, behave });
    const { json } = await must(post(item(1, { headers: { "x-api-key": "caller-key" } })));
    await drained();
    assert.equal(server.arrivals[0].headers.authorization, "Bearer tok-s3cr3t");
    assert.equal(server.arrivals[0].headers["x-api-key"], "caller-key");
    const write = await get(json.id);
    assert.deepEqual([write.state, write.reason, write.tries.length], ["dead", "http_400", 1]);
    await must(api("PUT", "/destinations/shop", { base_url: server.url, auth: { type: "bearer" }, timeout: "5s" })); // keeps the token
    await must(api("POST", `/writes/${json.id}/replay`));
    await drained();
    assert.equal(server.arrivals[1].headers.authorization, "Bearer tok-s3cr3t");
    await must(api("PUT", "/destinations/shop", { base_url: server.url, auth: { type: "basic", username: "u", password: "pw-s3cr3t" } }));
    await must(api("POST", `/writes/${json.id}/replay`));
    await drained();
    assert.equal(server.arrivals[2].headers.authorization, `Basic ${Buffer.from("u:pw-s3cr3t").toString("base64")}`);
    const shown = JSON.stringify([await get(json.id), (await api("GET", "/destinations/shop")).json, (await api("GET", "/writes")).json]);
    assert.doesNotMatch(shown, /s3cr3t|at-9|caller-key|dTpwdy/);
    for (const line of product.logs) assert.doesNotMatch(line.message, /s3cr3t|at-9|caller-key|dTpwdy/);
  });

  test("no token, no call: a connection that has none holds the writes, loudly", async () => {
    const agent = await startAgent({ secret });
    stops.push(agent.stop);
    const { server, post, api, queue, get } = await stage("reauth", { config: { connection: "crm" } });
    await must(api("PUT", "/agent", { url: agent.url, secret }));
    const { json } = await must(post([item(1), item(2, { partition_key: "k" })]));
    const { breaker, depth } = await until("the breaker to open", async () => {
      const q = await queue();
      return q.breaker.state === "open" && q;
    });
    assert.deepEqual([breaker.reason, depth], ["needs_reauth", 2]);
    assert.equal((await get(json.ids[0])).state, "pending");
    const read = await api("POST", "/destinations/shop/reads", { path: "/items" });
    assert.equal(read.status, 503, read.text);
    const told = await until("the agent to be told", () => agent.arrivals.find((a) => a.event?.type === "hookweir.breaker.opened"));
    assert.deepEqual([told.verified, told.event.data.reason, told.event.data.destination], [true, "needs_reauth", "shop"]);
    assert.equal(server.arrivals.length, 0);
  });

  test("a storm of 503: all delivered, none twice", async () => {
    const storm = Date.now() + 6_000;
    const { server, post, drained, queue } = await stage("storm", {
      config: { retry: { base: "200ms", cap: "2s", max_attempts: 50 }, breaker: { window: "2s", pause: "1s", max_pause: "2s" } },
      behave: () => (Date.now() < storm ? { status: 503, headers: Math.random() < 0.3 ? { "retry-after": "1" } : {} } : { status: 201 }),
    });
    await must(post(Array.from({ length: 120 }, (_, i) => item(i, i % 2 ? { partition_key: `k${i % 10}` } : {}))));
    await until("the breaker to open", async () => (await queue()).breaker.state !== "closed");
    await drained(90_000);
    const effects = server.effects();
    assert.equal(effects.size, 120);
    assert.ok([...effects.values()].every((n) => n === 1));
  });

  // What share of the rate is reached: `node bench/writes.mjs --burst 5000`, and
  // shared/lane in virtual time.
  test("a burst over the limit, with and without keys: never an excess by the server's clock", async () => {
    const rate = 100, burst = 20, count = 300;
    await Promise.all([0, 15].map(async (keys) => {
      const { server, post, drained } = await stage(`burst-${keys}`, { config: { rate: { requests: rate, per: "1s", burst } } });
      await must(post(Array.from({ length: count }, (_, i) => item(i, keys && { partition_key: `k${i % keys}` }))));
      await drained();
      assert.equal(server.arrivals.length, count);
      assert.equal(excess(server.arrivals, rate, burst), 0);
    }));
  });

  test("one stuck key: until the other 49 are through, they have nine requests in ten", async () => {
    const keys = 50, each = 6;
    const { server, post } = await stage("stuck", {
      config: { rate: { requests: 100, per: "1s", burst: 10 }, retry: { base: "200ms", cap: "1s", max_attempts: 100 }, breaker: { failure_ratio: 1, min_requests: 1000 } },
      behave: (a) => (a.headers["x-key"] === "k0" ? { status: 503 } : { status: 201 }),
    });
    await must(post(Array.from({ length: keys * each }, (_, i) => item(i, { partition_key: `k${i % keys}`, headers: { "x-key": `k${i % keys}` } }))));
    const others = () => server.arrivals.filter((a) => a.headers["x-key"] !== "k0");
    await until("the other 49", () => others().length === (keys - 1) * each, 60_000);
    const last = server.arrivals.indexOf(others().at(-1));
    const stuck = server.arrivals.slice(0, last).filter((a) => a.headers["x-key"] === "k0").length;
    assert.ok(stuck >= 1 && stuck <= server.arrivals.length / 10, `${stuck} of ${last}`);
  });

  test("a timeout: repeated where that is safe, parked where it is not; a decision ends it", async () => {
    const agent = await startAgent({ secret });
    stops.push(agent.stop);
    const hang = (a) => (a.attempt === 1 ? { hang: true } : { status: 200 });
    const { server, post, api, get, drained } = await stage("ambiguous", { config: { timeout: "1s", retry: { base: "100ms", cap: "100ms" }, idempotency_header: "none" }, behave: hang });
    await must(api("PUT", "/agent", { url: agent.url, secret }));
    const put = await must(post({ method: "PUT", path: "/safe", body: { n: 1 } }));
    const unsafe = await must(post({ method: "POST", path: "/unsafe", body: { n: 2 }, partition_key: "k" }));
    const behind = await must(post({ method: "POST", path: "/behind", body: { n: 3 }, partition_key: "k" }));
    const parked = await until("it to be parked", async () => {
      const w = await get(unsafe.json.id);
      return w.state === "parked" && w;
    });
    assert.equal(parked.reason, "timeout");
    await until("the PUT to be repeated", async () => (await get(put.json.id)).state === "delivered");
    assert.equal((await get(behind.json.id)).state, "pending", "its key waits");
    await until("the agent to be told", () => agent.arrivals.find((a) => a.event?.type === "hookweir.write.parked" && a.event.data.write === unsafe.json.id));
    assert.equal(server.arrivals.filter((a) => a.path === "/v1/unsafe").length, 1);
    await must(api("POST", `/writes/${unsafe.json.id}/cancel`)); // it had arrived after all
    await drained();
    assert.equal((await get(unsafe.json.id)).state, "cancelled");
    assert.equal(server.arrivals.at(-1).path, "/v1/behind");
  });

  test("dead letters: list, inspect, replay one and by filter, purge; the agent is told", async () => {
    const agent = await startAgent({ secret });
    stops.push(agent.stop);
    let broken = true;
    const { server, post, api, get, queue, drained } = await stage("dead", { config: { on_failure: "skip" }, behave: () => (broken ? { status: 422, body: '{"error":"no such field"}' } : { status: 201 }) });
    await must(api("PUT", "/agent", { url: agent.url, secret }));
    const { json } = await must(post(Array.from({ length: 5 }, (_, i) => item(i, { partition_key: i % 2 ? "k" : "" }))));
    await drained();
    const { dead } = await queue();
    assert.equal(dead, 5);
    const list = (await must(api("GET", "/writes?state=dead&limit=3"))).json;
    assert.equal(list.writes.length, 3);
    const rest = (await must(api("GET", `/writes?state=dead&limit=3&cursor=${list.next}`))).json;
    assert.deepEqual([...list.writes, ...rest.writes].map((w) => w.id).sort(), [...json.ids].sort());
    const shown = await get(json.ids[0]);
    assert.equal(shown.tries[0].answer.body, '{"error":"no such field"}');
    await until("the agent to be told of each", () => json.ids.every((id) => agent.arrivals.some((a) => a.event?.type === "hookweir.write.dead" && a.event.data.write === id)));

    broken = false;
    await must(api("POST", `/writes/${json.ids[0]}/replay`));
    await drained();
    assert.equal((await get(json.ids[0])).state, "delivered");
    assert.equal((await api("POST", `/writes/${json.ids[0]}/replay`)).status, 409, "a delivered one is not sent again");
    await must(api("DELETE", `/writes/${json.ids[1]}`));
    assert.equal((await api("GET", `/writes/${json.ids[1]}`)).status, 404);
    const replayed = await must(api("POST", "/writes/replay", { state: "dead", destination: "shop" }));
    assert.deepEqual(replayed.json, { more: false, replayed: 3 });
    await drained();
    assert.equal(server.effects().size, 4);
    assert.equal((await api("POST", "/writes/replay", {})).status, 422);
  });

  test("reads: at once, under the same budget; 429 with Retry-After when it is gone", async () => {
    const { server, api } = await stage("reads", {
      config: { rate: { requests: 2, per: "10m", burst: 4 } },
      behave: (a) => (a.path.includes("missing") ? { status: 404, body: "nothing" } : { status: 200, body: '{"items":[]}', headers: { "x-page": "1", "set-cookie": "s=1" } }),
    });
    const read = (body) => api("POST", "/destinations/shop/reads", body);
    const got = await read({ path: "/items?page=1" });
    assert.equal(got.status, 200, got.text);
    assert.deepEqual([got.json.status, got.json.body, got.json.headers["x-page"], got.json.headers["set-cookie"]], [200, { items: [] }, "1", undefined]);
    const missing = await read({ method: "GET", path: "/missing" });
    assert.deepEqual([missing.status, missing.json.status, missing.json.body], [200, 404, "nothing"]);
    const spent = await read({ method: "HEAD", path: "/items" });
    assert.equal(spent.status, 429);
    assert.equal(spent.json.code, "rate_limited");
    assert.ok(Number(spent.headers.get("retry-after")) >= 1);
    assert.equal(server.arrivals.length, 2);
    assert.equal((await read({ method: "POST", path: "/items" })).json.code, "invalid_request");
    assert.equal((await read({ path: "/../x" })).json.code, "invalid_path");
    assert.equal((await api("POST", "/destinations/nowhere/reads", { path: "/" })).status, 404);
  });

  test("not before, cancel, delete", async () => {
    const { server, post, api, get, queue } = await stage("later");
    const { json } = await must(post([item(1, { not_before: new Date(Date.now() + 3_600_000).toISOString() }), item(2, { not_before: new Date(Date.now() + 1_500).toISOString() })]));
    assert.equal((await api("DELETE", "/destinations/shop")).status, 409);
    await until("the second to go", async () => (await get(json.ids[1])).state === "delivered");
    assert.equal((await queue()).depth, 1);
    await must(api("POST", `/writes/${json.ids[0]}/cancel`));
    assert.equal((await get(json.ids[0])).state, "cancelled");
    assert.deepEqual(server.arrivals.map(number), [2]);
    await must(api("DELETE", "/destinations/shop"));
    assert.equal((await api("GET", "/destinations/shop")).status, 404);
    assert.deepEqual((await must(api("GET", "/destinations"))).json.destinations, []);
  });

  test("tenants never see each other's destinations and writes", async () => {
    const { post } = await stage("ours");
    const { json } = await must(post(item(1)));
    const { json: key } = await must(product.admin("POST", "/tenants/theirs/keys", { label: "x" }));
    for (const route of [`/tenants/ours/writes/${json.id}`, "/tenants/ours/destinations/shop", "/tenants/ours/writes"]) {
      const answer = await fetch(`${product.url}/v1${route}`, { headers: { authorization: `Bearer ${key.key ?? key.token ?? key.secret}` } });
      assert.equal(answer.status, 404, route);
    }
    assert.equal((await product.admin("GET", `/tenants/theirs/writes/${json.id}`)).status, 404);
  });
});
