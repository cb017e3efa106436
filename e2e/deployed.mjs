// A tenant that is whole, and the product deployed over its storage again and
// again: with a setting missing, with half of it, with other keys.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { answerOf, call, start } from "./harness.mjs";
import { make, send } from "./providers.mjs";
import { arrived, join, keyOf } from "./scene.mjs";

/** A key ring of one key, as `make provision` makes them. */
export const ring = () => `k${randomBytes(3).toString("hex")}:${randomBytes(32).toString("base64")}`;

/** Where a secret of a Worker is set, as the product says it. */
export const putSecret = {
  worker: (name) => `wrangler secret put ${name}`,
  consumers: (name) => `wrangler secret put ${name} -c consumers/wrangler.toml`,
};

/** Deploys the product, sets up the tenant "acme", and gives what follows. */
export async function openDeployed(options = {}) {
  const storage = await mkdtemp(path.join(tmpdir(), "hookweir-deployed-"));
  let scene;
  const deployed = {
    /** What runs at the moment. */
    product: undefined,
    /** Deploys with other options of the harness in place of what runs. */
    async deploy(more) {
      await deployed.product?.stop();
      deployed.product = undefined;
      return (deployed.product = await start({ ...options, persist: storage, ...more }));
    },
    admin: (method, route, body) => deployed.product.admin(method, `/tenants/acme${route}`, body),
    get: (route, token = "dev-admin-token") => call(`${deployed.product.url}${route}`, "GET", undefined, { authorization: `Bearer ${token}` }),
    logged: (event) => deployed.product.logs.some((line) => line.message.includes(`"event":"${event}"`)),
    send: (delivery) => send(deployed.product.url, "acme", delivery).then(answerOf),
    /** A delivery of a kind, and what it is answered. */
    async webhook(kind = "github push", more) {
      const delivery = await make(kind, more);
      return { delivery, answer: await deployed.send(delivery) };
    },
    /** The event of a delivery reaches the agent, once. */
    async arrived(delivery) {
      const key = keyOf(scene, delivery);
      assert.equal((await arrived(scene, key)).length, 1, key);
    },
    /** A webhook, a fresh one if none is given, is taken and reaches the agent. */
    async arrives(delivery) {
      const fresh = delivery ?? (await make("github push"));
      const answer = await deployed.send(fresh);
      assert.equal(answer.status, 202, answer.text);
      await deployed.arrived(fresh);
    },
    /** /healthz names these settings, and no more. */
    async names(said) {
      const answer = await deployed.get("/healthz");
      isProblem(answer, 503, "not_ready");
      assert.deepEqual(answer.json.detail.split("; "), said);
    },
    /** Deployed as it should be: healthy, and it does its work. */
    async mended(options) {
      await deployed.deploy(options);
      assert.deepEqual((await deployed.get("/healthz")).json, { status: "ok" });
      await deployed.arrives();
    },
    async close() {
      await deployed.product?.stop();
      await scene?.stop();
      await rm(storage, { recursive: true, force: true });
    },
  };
  try {
    scene = await join(await deployed.deploy(), "acme");
    return deployed;
  } catch (error) {
    await deployed.close();
    throw error;
  }
}

export function isProblem(answer, status, code) {
  assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
}
