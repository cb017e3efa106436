// docs/rotation.md, done: planned, after a leak, and the agent's own secret.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import { until } from "./harness.mjs";
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
