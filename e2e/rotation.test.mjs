// docs/rotation.md, done: planned, after a leak, and the agent's own secret.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { createHmac, randomBytes } from "node:crypto";
import { answerOf, until } from "./harness.mjs";
import { make } from "./providers.mjs";
import { arrived, must, setUp } from "./scene.mjs";

const cached = 30_000; // ms that an isolate trusts a configuration

describe("rotation", { concurrency: true }, () => {
  let scene;
  before(async () => (scene = await setUp()));
  after(() => scene?.stop());

  const signed = async (secret, source) => ({ ...(await make("github push", { secret })), source });
  const status = async (delivery) => (await scene.send(delivery)).status;
  const source = async (name, secret) => must(scene.admin("PUT", `/sources/${name}`, { provider: "github", secrets: [secret] }));

  test("planned: both secrets verify during the overlap", async () => {
    await source("planned", "the first secret of the source");
    await must(scene.admin("POST", "/sources/planned/rotate", { secret: "the second secret of the source", overlap: "24h" }));
    assert.equal(await status(await signed("the second secret of the source", "planned")), 202);
    assert.equal(await status(await signed("the first secret of the source", "planned")), 202);
    assert.equal(await status(await signed("another secret altogether", "planned")), 401);
    const { json } = await must(scene.admin("GET", "/sources/planned"));
    assert.equal(json.secrets.length, 2);
    assert.ok(json.secrets[1].not_after, "the old one has an end");
  });

  test("a leak: the old secret opens nothing once the isolate's cache is over", { timeout: 90_000 }, async () => {
    await source("leaked", "the leaked secret of the source");
    assert.equal(await status(await signed("the leaked secret of the source", "leaked")), 202, "now it is cached");
    await must(scene.admin("POST", "/sources/leaked/rotate", { secret: "the fresh secret of the source", overlap: "0s" }));
    await until("the new secret to verify", async () => (await status(await signed("the fresh secret of the source", "leaked"))) === 202, cached + 10_000);
    assert.equal(await status(await signed("the leaked secret of the source", "leaked")), 401);
    assert.equal((await must(scene.admin("GET", "/sources/leaked"))).json.secrets.length, 1);
  });

  test("a secret that the provider makes: offered, read by the operator, rotated to", { timeout: 90_000 }, async () => {
    const setup = "a-text-of-the-operator", token = `secret_${randomBytes(20).toString("hex")}`;
    await must(scene.admin("PUT", "/sources/notion", { provider: "notion", secrets: ["any secret to begin with"], params: { setup } }));
    const post = (query, body, headers = {}) =>
      fetch(`${scene.url}/webhooks/acme/notion${query}`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body }).then(answerOf);
    const first = JSON.stringify({ verification_token: token });

    assert.equal((await post("", JSON.stringify({ verification_token: "secret_of_a_stranger" }))).status, 401);
    assert.equal((await scene.admin("GET", "/sources/notion/offer")).status, 404, "nothing was offered");
    const answer = await post(`?setup=${setup}`, first);
    assert.deepEqual([answer.status, answer.text], [200, ""]);
    assert.equal((await must(scene.admin("GET", "/sources/notion/offer"))).json.secret, token);
    const objects = await (await scene.product.bucket("PAYLOADS")).get("offer/acme/notion");
    assert.match(await objects.text(), /^hw1\./, "sealed");
    assert.ok(!JSON.stringify(scene.product.logs).includes(token));

    const event = JSON.stringify({ id: "367cba44-b6f3-4c92-81e7-6a2e9659efd4", type: "page.created" });
    const signed = { "x-notion-signature": `sha256=${createHmac("sha256", token).update(event).digest("hex")}` };
    assert.equal((await post(`?setup=${setup}`, event, signed)).status, 401, "what is offered is not yet the source's");
    await must(scene.admin("POST", "/sources/notion/rotate", { secret: token, overlap: "0s" }));
    const accepted = await until("the token to verify", async () => {
      const a = await post(`?setup=${setup}`, event, signed);
      return a.status === 202 && a;
    }, cached + 10_000);
    const [arrival] = await arrived(scene, accepted.json.id);
    assert.equal(arrival.event.hookweirthin, true, "Notion's events do not hold the page");
  });

  test("the agent's: both sign during the overlap, the answer shows the new one once", async () => {
    const { json } = await must(scene.admin("POST", "/agent/rotate", { overlap: "1h" }));
    assert.match(json.secret, /^whsec_/);
    const { answer } = await scene.deliver("github push");
    const [arrival] = await arrived(scene, answer.json.id);
    for (const secret of [scene.secret, json.secret]) new Webhook(secret).verify(arrival.body.toString(), arrival.headers);
    assert.equal(arrival.headers["webhook-signature"].split(" ").length, 2);
    assert.equal((await must(scene.admin("GET", "/agent"))).json.secret, undefined);
  });
});
