// Every operation of docs/openapi.json, asked of the running product: the
// harness holds each request that was taken, and its answer, against the
// document, and at the end none of the operations has been left out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { presets, startAPIs } from "./apis.mjs";
import { browser, startAuthServer } from "./authserver.mjs";
import { startDestination } from "./destination.mjs";
import { answerOf, call, start, until } from "./harness.mjs";
import { conforms, names } from "./openapi.mjs";
import { arrived, join, must } from "./scene.mjs";
import { startUpstream } from "./upstream.mjs";

let product, scene, shop, desk, login, apis;
const stops = [];
const opened = async (starting) => {
  const thing = await starting;
  stops.unshift(() => thing.stop());
  return thing;
};
before(async () => {
  product = await opened(start());
  scene = await opened(join(product, "acme", { only: ["github"] }));
  shop = await opened(startDestination({ behave: ({ path }) => (path.endsWith("/refused") ? { status: 400 } : path.endsWith("/lost") ? { reset: true } : {}) }));
  desk = await opened(startUpstream([{ name: "route", description: "Route.", inputSchema: { type: "object" } }]));
  login = await opened(startAuthServer({ redirect: `${product.url}/oauth/callback` }));
  apis = await opened(startAPIs());
});
after(async () => {
  for (const stop of stops) await stop();
});

const asked = new Set();

/** Asks a path of the product; the answer must be 2xx or 3xx, and known. */
async function ask(method, path, body, headers = { authorization: `Bearer ${product.adminToken}` }) {
  const answer = await call(`${product.url}${path}`, method, body, headers);
  assert.ok(answer.status < 400, `${method} ${path}: ${answer.status} ${answer.text}`);
  asked.add(conforms(method, `${product.url}${path}`, answer, body));
  return answer;
}
const of = (method, path, body) => ask(method, `/v1/tenants/acme${path}`, body);

test("the deployment's own", async () => {
  for (const path of ["/healthz", "/v1/providers", "/v1/oauth/providers", "/v1/presets"]) await ask("GET", path);
});

test("the agent, its events, and sources", async () => {
  await of("GET", "/agent");
  await of("PUT", "/agent", { url: scene.agent.url });
  const { delivery } = await scene.deliver("github push");
  const key = `acme/${delivery.source}/${delivery.eventID}`;
  await arrived(scene, key);
  await until("it to be recorded", async () => (await of("GET", "/events?source=github&limit=1")).json.events[0]?.state === "delivered");
  const event = `/events/${encodeURIComponent(key)}`;
  await of("GET", event);
  await of("POST", `${event}/replay`);
  await of("POST", "/events/replay", { state: "delivered", source: "github" });
  await until("it to be delivered again", async () => (await of("GET", event)).json.state === "delivered");
  await of("DELETE", event);
  await of("POST", "/events/purge", { state: "delivered" });
  await of("POST", "/agent/rotate");

  const secret = "secret_of_the_provider_itself";
  await of("PUT", "/sources/notion", { provider: "notion", secrets: ["any secret to begin with"], params: { setup: "a-text-of-the-operator" } });
  const told = await fetch(`${product.url}/webhooks/acme/notion?setup=a-text-of-the-operator`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ verification_token: secret }) }).then(answerOf);
  assert.equal(told.status, 200, told.text);
  assert.equal((await of("GET", "/sources/notion/offer")).json.secret, secret);
  await of("POST", "/sources/notion/rotate", { secret, overlap: "0s" });
  await of("GET", "/sources");
  await of("GET", "/sources/notion");
  await of("DELETE", "/sources/notion");
});

test("keys, and whose tokens open the endpoint", async () => {
  const { json } = await of("POST", "/keys", { label: "a key" });
  await of("GET", "/keys");
  await of("DELETE", `/keys/${json.id}`);
  await of("PUT", "/authorization", { issuer: "https://auth.example.com", jwks_url: "https://auth.example.com/jwks" });
  await of("GET", "/authorization");
  await of("DELETE", "/authorization");
});

test("connections, and the vault", async () => {
  await of("PUT", "/connections/crm", { provider: "issuer", issuer: login.url, client_id: "hookweir", client_secret: "hookweir-client-secret", scopes: ["read"] });
  assert.equal((await of("GET", "/connections/crm/authorize")).status, 302);
  const { url } = (await of("POST", "/connections/crm/authorize")).json;
  const begun = await ask("GET", url.slice(product.url.length), undefined, {});
  const user = browser();
  const back = await user.go(begun.headers.get("location"), { stop: (to) => to.startsWith(`${product.url}/oauth/callback`) });
  const cookie = begun.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  assert.equal((await ask("GET", back.url.slice(product.url.length), undefined, { cookie })).json.state, "active");
  await of("POST", "/connections/crm/token", { refused: 1 });
  await of("GET", "/connections");
  await of("GET", "/connections/crm");
  await of("GET", "/connections/crm/scopes?days=30");
  await ask("GET", "/v1/vault/keys");
  await ask("POST", "/v1/vault/keys/sweep");
  await of("DELETE", "/connections/crm");
  await of("DELETE", "/vault");
});

test("destinations, writes and reads", async () => {
  await of("PUT", "/destinations/shop", { base_url: shop.url, idempotency_header: "none", auth: { type: "bearer", token: "the-api-token" } });
  const state = (id, ...states) => until(`${id} to be ${states}`, async () => states.includes((await of("GET", `/writes/${id}`)).json.state));
  const write = async (path) => (await of("POST", "/destinations/shop/writes", { method: "POST", path, body: { a: 1 } })).json.ids[0];
  const done = await write("/orders"), dead = await write("/refused"), lost = await write("/lost");
  await of("POST", "/destinations/shop/writes", [{ method: "PUT", path: "/orders/1", body: {}, partition_key: "1" }]);
  await state(done, "delivered");
  await state(dead, "dead");
  await state(lost, "parked");
  for (const path of ["/writes?state=dead", "/destinations/shop/writes", "/destinations", "/destinations/shop"]) await of("GET", path);
  await of("POST", "/destinations/shop/reads", { path: "/orders" });
  await of("POST", `/writes/${dead}/replay`);
  await state(dead, "dead");
  await of("POST", `/writes/${lost}/cancel`);
  await of("DELETE", `/writes/${done}`);
  await of("POST", "/writes/replay", { state: "dead", destination: "shop" });
  await state(dead, "dead");
  await of("POST", "/writes/purge", { state: "dead", destination: "shop" });
});

test("polls", async () => {
  await of("PUT", "/destinations/airtable", { base_url: `${apis.url}/airtable` });
  await of("PUT", "/polls/airtable", { preset: "airtable", destination: "airtable", ...presets.airtable });
  await of("POST", "/polls/airtable/run");
  await of("GET", "/polls");
  await of("GET", "/polls/airtable");
  await of("DELETE", "/polls/airtable");
  await of("DELETE", "/destinations/airtable");
});

test("upstreams", async () => {
  await of("PUT", "/upstreams/desk", { url: desk.url });
  const { json } = await of("GET", "/upstreams/desk/drift");
  await of("POST", "/upstreams/desk/approve", { report: json.report });
  await of("GET", "/upstreams");
  await of("GET", "/upstreams/desk");
  await of("DELETE", "/upstreams/desk");
});

test("no operation was left out", () => {
  assert.deepEqual([...asked].sort(), [...names].sort());
});
