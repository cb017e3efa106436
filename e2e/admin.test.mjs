// The operator's API through the public Worker, and who may use it.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { call, start, until } from "./harness.mjs";
import { kinds, make } from "./providers.mjs";
import { arrived, eventOf, join, keyOf, must } from "./scene.mjs";

const github = kinds["github push"].secret;
const other = "another secret that is long enough";

function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  assert.equal(answer.json.code, code);
}

describe("admin", () => {
  let product, acme, rival, acmeKey, rivalKey;
  const answers = []; // every answer of the API, looked through at the end
  const shownOnce = []; // what was meant to be shown, and to whom
  before(async () => {
    product = await start();
    const plain = product.admin;
    product.admin = async (...args) => keep(await plain(...args));
    acme = await join(product, "acme");
    rival = await join(product, "rival");
    acmeKey = await keyFor("acme");
    rivalKey = await keyFor("rival");
  });
  after(async () => {
    await product?.stop();
    await Promise.all([acme, rival].map((scene) => scene?.stop()));
  });

  function keep(answer) {
    answers.push(answer);
    return answer;
  }

  async function keyFor(tenant) {
    const answer = await must(product.admin("POST", `/tenants/${tenant}/keys`, { label: "test" }));
    answers.pop(); // the one answer that shows it
    shownOnce.push(answer.json.key);
    return answer.json;
  }

  const as = async (token, method, route, body) =>
    keep(await call(`${product.url}/v1${route}`, method, body, token === undefined ? {} : { authorization: `Bearer ${token}` }));

  const routes = [
    ["GET", "/sources"], ["GET", "/sources/github"], ["PUT", "/sources/github", { provider: "github", secrets: [other] }],
    ["POST", "/sources/github/rotate", { secret: other }], ["DELETE", "/sources/github"], ["GET", "/agent"], ["PUT", "/agent", { url: "https://agent.example/" }],
    ["POST", "/agent/rotate"], ["GET", "/events"], ["POST", "/events/replay", { state: "dead" }],
    ["POST", "/events/purge", { state: "dead" }], ["DELETE", "/events/acme%2Fgithub%2Fx"], ["GET", "/keys"], ["POST", "/keys", { label: "x" }],
  ];

  test("no token, a wrong one, an almost right one: 401, on every route", async () => {
    const tokens = [undefined, "", "x", `${product.adminToken}x`, product.adminToken.slice(0, -1), acmeKey.key.slice(0, -1), `${acmeKey.key}A`, "hwk_acme_"];
    for (const [method, route, body] of routes) {
      for (const token of tokens) isProblem(await as(token, method, `/tenants/acme${route}`, body), 401, "unauthenticated");
    }
    for (const headers of [{ authorization: `Basic ${btoa(`a:${product.adminToken}`)}` }, { cookie: `token=${product.adminToken}` }]) {
      isProblem(await call(`${product.url}/v1/tenants/acme/agent?token=${product.adminToken}`, "GET", undefined, headers), 401, "unauthenticated");
    }
  });

  test("a tenant's key opens its own tenant and no other", async () => {
    assert.equal((await as(acmeKey.key, "GET", "/tenants/acme/sources/github")).status, 200);
    for (const [method, route, body] of routes) {
      isProblem(await as(acmeKey.key, method, `/tenants/rival${route}`, body), 404, "not_found");
      isProblem(await as(acmeKey.key, method, `/tenants/nobody${route}`, body), 404, "not_found");
    }
    assert.equal((await as(rivalKey.key, "GET", "/tenants/rival/agent")).json.url, rival.agent.url, "and changed nothing");
  });

  test("a tenant's events are its own", async () => {
    const { delivery, answer } = await rival.deliver("github push");
    await arrived(rival, answer.json.id);
    const id = encodeURIComponent(answer.json.id);
    assert.equal((await as(rivalKey.key, "GET", `/tenants/rival/events/${id}`)).status, 200);
    for (const key of [id, id.replace("rival", "acme"), `..%2F..%2Frival%2Fevents%2F${id}`]) {
      isProblem(await as(acmeKey.key, "GET", `/tenants/acme/events/${key}`), 404, "not_found");
      isProblem(await as(acmeKey.key, "POST", `/tenants/acme/events/${key}/replay`), 404, "not_found");
    }
    const list = await as(acmeKey.key, "GET", "/tenants/acme/events");
    assert.ok(!list.text.includes(delivery.eventID));
  });

  test("a deleted key opens nothing", async () => {
    const key = await keyFor("acme");
    assert.equal((await as(key.key, "GET", "/tenants/acme/agent")).status, 200);
    assert.equal((await as(acmeKey.key, "DELETE", `/tenants/acme/keys/${key.id}`)).status, 204);
    isProblem(await as(key.key, "GET", "/tenants/acme/agent"), 401, "unauthenticated");
  });

  test("a source: made, shown, rotated with an overlap, deleted", async () => {
    const made = await must(acme.admin("PUT", "/sources/rotated", { provider: "github", secrets: [github] }));
    assert.equal(made.json.webhook_url, `${product.url}/webhooks/acme/rotated`);
    await must(acme.admin("POST", "/sources/rotated/rotate", { secret: other, overlap: "24h" }));
    const shown = await must(acme.admin("GET", "/sources/rotated"));
    assert.equal(shown.json.secrets.length, 2);
    for (const secret of [github, other]) {
      const delivery = { ...(await make("github push", { secret })), source: "rotated" };
      assert.equal((await acme.send(delivery)).status, 202, "both secrets verify");
    }
    await must(acme.admin("PUT", "/sources/brief", { provider: "github", secrets: [github] }));
    await must(acme.admin("DELETE", "/sources/brief"));
    isProblem(await acme.admin("GET", "/sources/brief"), 404, "not_found");
    assert.equal((await acme.send({ ...(await make("github push")), source: "brief" })).status, 404);
  });

  test("the agent's secret rotates: both sign during the overlap", async () => {
    const fresh = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    await must(rival.admin("POST", "/agent/rotate", { secret: fresh, overlap: "24h" }));
    const { answer } = await rival.deliver("stripe invoice.paid");
    const [arrival] = await arrived(rival, answer.json.id);
    assert.ok(arrival.verified, "the old secret still verifies");
    assert.equal(arrival.headers["webhook-signature"].split(" ").length, 2);
  });

  test("an event is listed, shown and replayed under the same id", async () => {
    const { delivery, answer } = await acme.deliver("shopify orders/create");
    const key = answer.json.id;
    await arrived(acme, key);
    const shown = await until("the event to be settled", async () => {
      const event = await eventOf(acme, key);
      return event?.state === "delivered" && event;
    });
    assert.equal(shown.key, keyOf(acme, delivery));
    assert.equal(shown.attempts, 1);
    assert.deepEqual(shown.data, JSON.parse(delivery.body));
    const listed = await must(acme.admin("GET", "/events?source=shopify&state=delivered&limit=200"));
    assert.ok(listed.json.events.some((event) => event.key === key));
    await must(acme.admin("POST", `/events/${encodeURIComponent(key)}/replay`));
    await until("the replay", () => acme.agent.by(key).length === 2);
    const [first, second] = acme.agent.by(key);
    assert.ok(second.verified, second.error);
    assert.deepEqual(second.body, first.body);
  });

  test("the list goes page by page, each event once", async () => {
    const sent = await Promise.all(Array.from({ length: 12 }, () => acme.deliver("standard webhooks")));
    const keys = new Set(sent.map(({ answer }) => answer.json.id));
    for (const key of keys) await arrived(acme, key);
    const seen = [];
    let cursor = "";
    do {
      const page = await must(acme.admin("GET", `/events?source=standard&limit=5${cursor && `&cursor=${encodeURIComponent(cursor)}`}`));
      assert.ok(page.json.events.length <= 5);
      seen.push(...page.json.events.map((event) => event.key));
      cursor = page.json.next ?? "";
    } while (cursor);
    assert.equal(new Set(seen).size, seen.length);
    for (const key of keys) assert.ok(seen.includes(key), key);
  });

  test("what cannot be is refused, with a code", async () => {
    const put = (route, body) => acme.admin("PUT", route, body);
    isProblem(await put("/sources/x", "{"), 400, "invalid_json");
    isProblem(await put("/sources/x", { provider: "github", secrets: [github], colour: "red" }), 400, "invalid_json");
    isProblem(await put("/sources/x", { provider: "nobody", secrets: [github] }), 422, "unknown_provider");
    isProblem(await put("/polls/x", { preset: "google-drive", destination: "nowhere" }), 422, "unknown_destination");
    isProblem(await put("/destinations/x", { base_url: "https://api.example.com", connection: "nowhere" }), 422, "unknown_connection");
    isProblem(await put("/upstreams/x", { url: "https://mcp.example.com/mcp", connection: "nowhere" }), 422, "unknown_connection");
    for (const secrets of [[], [""], undefined]) {
      const answer = await put("/sources/x", { provider: "github", secrets });
      assert.equal(answer.status, 422, "no secret, no source (G1)");
    }
    isProblem(await put("/sources/No", { provider: "github", secrets: [github] }), 400, "invalid_name");
    for (const url of ["ftp://agent.example/", "https://user:pw@agent.example/", "http://agent.example/", "https://10.0.0.1/", "https://169.254.169.254/latest", "not a url"]) {
      isProblem(await put("/agent", { url }), 422, "invalid_target");
    }
    isProblem(await acme.admin("GET", "/events?stat=dead"), 400, "invalid_query");
    isProblem(await acme.admin("PATCH", "/agent"), 405, "method_not_allowed");
    isProblem(await acme.admin("GET", "/no-such-route"), 404, "not_found");
  });

  test("/healthz is open and says nothing more than it must", async () => {
    const answer = await call(`${product.url}/healthz`, "GET");
    assert.equal(answer.status, 200, answer.text);
  });

  test("no answer and no log line held a secret", () => {
    assert.ok(answers.length > 100);
    const secrets = [...Object.values(kinds).map((k) => k.secret), other, acme.secret, rival.secret, product.adminToken, ...shownOnce];
    for (const secret of secrets) {
      for (const answer of answers) assert.ok(!answer.text.includes(secret), answer.text.slice(0, 300));
      for (const line of product.logs) assert.ok(!line.message.includes(secret), line.message.slice(0, 300));
    }
  });
});

describe("admin, not in development", () => {
  let product;
  // Outside of development its keys and token are not taken.
  const ring = () => `k1:${randomBytes(32).toString("base64")}`;
  const SOURCE_KEYS = ring();
  const vars = { worker: { SOURCE_KEYS }, consumers: { SOURCE_KEYS, VAULT_KEYS: ring(), ADMIN_TOKEN: randomBytes(32).toString("hex"), DEVELOPMENT: "" } };
  before(async () => (product = await start({ vars })));
  after(() => product?.stop());

  test("an agent on loopback or in a private network is refused", async () => {
    for (const url of ["http://127.0.0.1:9/", "https://127.0.0.1/", "https://localhost/", "https://[::1]/", "https://10.1.2.3/", "https://192.168.1.1/"]) {
      isProblem(await product.admin("PUT", "/tenants/acme/agent", { url }), 422, "invalid_target");
    }
  });
});
