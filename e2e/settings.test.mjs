// Settings that are missing or wrong, and deployments that are half done: the
// product says which setting it is and where to set it, and serves nothing
// half-secured. docs/configuration.md promises each of these lines.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { call, start, until } from "./harness.mjs";
import { make } from "./providers.mjs";
import { arrived, join } from "./scene.mjs";

const bindings = {
  worker: ["IDEMPOTENCY", "CONFIG", "EVENTS", "PAYLOADS", "CONSUMERS"],
  consumers: ["LEDGER", "TENANT", "VAULT", "LANE", "POLL", "SCHEDULE", "CONFIG", "EVENTS", "WRITES", "POLLS", "PAYLOADS"],
};
const bound = (role) => bindings[role].map((name) => `binding ${name} of the ${role} is missing: see ${role === "worker" ? "" : "consumers/"}wrangler.toml`);
const ring = () => `k${randomBytes(3).toString("hex")}:${randomBytes(32).toString("base64")}`;
const put = { worker: (name) => `wrangler secret put ${name}`, consumers: (name) => `wrangler secret put ${name} -c consumers/wrangler.toml` };

describe("settings", () => {
  let storage, agent;

  // A tenant that is whole, before anything goes missing.
  before(async () => {
    storage = await mkdtemp(path.join(tmpdir(), "hookweir-settings-"));
    const product = await start({ persist: storage });
    try {
      agent = (await join(product, "acme")).agent;
    } finally {
      await product.stop();
    }
  });
  after(async () => {
    await agent?.stop();
    await rm(storage, { recursive: true, force: true });
  });

  /** Starts the product over the whole tenant's storage, and stops it. */
  async function running(options, use) {
    const product = await start({ persist: storage, ...options });
    try {
      return await use(product);
    } finally {
      await product.stop();
    }
  }

  const isProblem = (answer, status, code) => {
    assert.deepEqual([answer.status, answer.json?.code], [status, code], answer.text);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
  };
  const health = (product) => call(`${product.url}/healthz`, "GET");
  const webhook = async (product) => {
    const delivery = await make("github push");
    const answer = await call(`${product.url}/webhooks/acme/github`, "POST", delivery.body, delivery.headers, { body: delivery.body });
    return { delivery, answer };
  };
  /** /healthz says these, and no more. */
  const names = async (product, said) => {
    const answer = await health(product);
    isProblem(answer, 503, "not_ready");
    assert.deepEqual(answer.json.detail.split("; "), said);
  };
  const logged = (product, event) => product.logs.some((line) => line.message.includes(`"event":"${event}"`));

  test("nothing of the worker's: all of it is named, and no webhook passes", () =>
    running({ without: { worker: bindings.worker }, vars: { worker: { SOURCE_KEYS: undefined } } }, async (product) => {
      await names(product, [...bound("worker"), `secret SOURCE_KEYS of the worker is missing: ${put.worker("SOURCE_KEYS")}`]);
      assert.ok(logged(product, "edge.setting_missing"));
      isProblem((await webhook(product)).answer, 503, "source_not_ready");
      isProblem(await call(`${product.url}/v1/tenants/acme/sources`, "GET"), 503, "not_ready");
    }));

  test("nothing of the consumers': all of it is named, and the API and the agent's endpoint are closed", () =>
    running({
      without: { consumers: bindings.consumers }, vars: { consumers: { SOURCE_KEYS: undefined, VAULT_KEYS: undefined, ADMIN_TOKEN: undefined, PUBLIC_URL: "hooks.example.com", MCP_ORIGINS: "app.example.com", KNOWLEDGE_TENANTS: "acme" } },
    }, async (product) => {
      const said = [
        ...bound("consumers"), ...["SOURCE_KEYS", "VAULT_KEYS", "ADMIN_TOKEN"].map((name) => `secret ${name} of the consumers is missing: ${put.consumers(name)}`),
        "variable PUBLIC_URL of the consumers is no origin such as https://hooks.example.com: see [vars] in consumers/wrangler.toml",
        "variable MCP_ORIGINS of the consumers is no list of origins such as https://app.example.com, separated by spaces: see [vars] in consumers/wrangler.toml",
        "binding KNOWLEDGE of the consumers is missing, and KNOWLEDGE_TENANTS names who reads it: see [[d1_databases]] in consumers/wrangler.toml",
      ];
      await names(product, said);
      for (const route of ["/v1/tenants/acme/sources", "/v1/providers", "/oauth/callback?state=x", "/mcp/acme", "/.well-known/oauth-protected-resource/mcp/acme"]) {
        const answer = await call(`${product.url}${route}`, "GET", undefined, { authorization: "Bearer dev-admin-token" });
        isProblem(answer, 503, "not_ready");
        assert.deepEqual(answer.json.detail.split("; "), said, route);
      }
      assert.ok(logged(product, "setting_missing"));
    }));

  // One at a time: the others go on as far as they can do it securely.
  for (const [why, options, said, webhookCode] of [
    ["the worker without its keys", { vars: { worker: { SOURCE_KEYS: undefined } } }, `secret SOURCE_KEYS of the worker is missing: ${put.worker("SOURCE_KEYS")}`, "source_not_ready"],
    ["the worker with half a ring", { vars: { worker: { SOURCE_KEYS: `${ring()},old:dG9vIHNob3J0` } } }, `secret SOURCE_KEYS of the worker is malformed (entry 2: the key must be 32 bytes in base64): ${put.worker("SOURCE_KEYS")}`, "source_not_ready"],
    ["the worker without CONFIG", { without: { worker: ["CONFIG"] } }, bound("worker")[1], "not_ready"],
    ["the worker without EVENTS", { without: { worker: ["EVENTS"] } }, bound("worker")[2], "not_ready"],
    ["the worker without CONSUMERS", { without: { worker: ["CONSUMERS"] } }, bound("worker")[4], 202],
    ["the worker without IDEMPOTENCY: the Ledger decides", { without: { worker: ["IDEMPOTENCY"] } }, bound("worker")[0], 202],
    ["the consumers without VAULT_KEYS", { vars: { consumers: { VAULT_KEYS: "" } } }, `secret VAULT_KEYS of the consumers is missing: ${put.consumers("VAULT_KEYS")}`, 202],
    ["the consumers with a repeated key", { vars: { consumers: { SOURCE_KEYS: "a:ZGV2ZWxvcG1lbnQtb25seS1zb3VyY2Uta2V5LTAwMDE=,b:ZGV2ZWxvcG1lbnQtb25seS1zb3VyY2Uta2V5LTAwMDE=" } } }, `secret SOURCE_KEYS of the consumers is malformed (entry 2: the key appears twice): ${put.consumers("SOURCE_KEYS")}`, 202],
    ["the consumers without ADMIN_TOKEN", { vars: { consumers: { ADMIN_TOKEN: "" } } }, `secret ADMIN_TOKEN of the consumers is missing: ${put.consumers("ADMIN_TOKEN")}`, 202],
    ["the consumers without LEDGER", { without: { consumers: ["LEDGER"] } }, bound("consumers")[0], 202],
  ]) {
    test(why, () =>
      running(options, async (product) => {
        await names(product, [said]);
        const { delivery, answer } = await webhook(product);
        if (webhookCode === 202) assert.equal(answer.status, 202, answer.text);
        else isProblem(answer, 503, webhookCode);
        if (webhookCode !== 202) {
          assert.equal(answer.headers.get("retry-after"), "5", "the provider sends it again");
          return;
        }
        if (options.without?.worker) { // the consumers are whole: it arrives, once
          await arrived({ agent }, `acme/github/${delivery.eventID}`);
          assert.equal(agent.by(`acme/github/${delivery.eventID}`).length, 1);
          return;
        }
        // The API refuses, whoever asks; the event stays on the queue.
        isProblem(await call(`${product.url}/v1/tenants/acme/sources`, "GET", undefined, { authorization: "Bearer dev-admin-token" }), 503, "not_ready");
        if (why.includes("LEDGER")) await until("the consumer to have failed", () => logged(product, "ledger_unavailable"));
      }));
  }

  test("development's keys and token outside of development", () =>
    running({ vars: { consumers: { DEVELOPMENT: undefined } } }, (product) =>
      names(product, [
        ...["SOURCE_KEYS", "VAULT_KEYS"].map((name) => `secret ${name} of the consumers is the one of development, which everybody has: ${put.consumers(name)}`),
        `secret ADMIN_TOKEN of the consumers is shorter than 24 bytes: ${put.consumers("ADMIN_TOKEN")}`,
      ])));

  test("two rings that differ: refused, until both Workers have one", async () => {
    const other = ring();
    await running({ vars: { worker: { SOURCE_KEYS: other } } }, async (product) => {
      assert.equal((await health(product)).status, 200, "each is well formed");
      const { answer } = await webhook(product);
      isProblem(answer, 503, "source_not_ready");
      assert.match(answer.json.detail, /SOURCE_KEYS must be the same in both Workers/);
    });
  });

  test("a vault ring without the key that something is sealed with: said, and nothing thrown away", () =>
    running({ vars: { consumers: { VAULT_KEYS: ring() } } }, async (product) => {
      const answer = await product.admin("POST", "/tenants/acme/agent/rotate", { overlap: "1h" });
      isProblem(answer, 409, "conflict");
      assert.match(answer.json.detail, /do not open with the configured key ring/);
    }));

  test("consumers that fail at their start: webhooks are taken, all else says who did not answer", () =>
    running({ wasm: { consumers: "e2e/testdata/fixture/five.wasm" } }, async (product) => {
      assert.equal((await webhook(product)).answer.status, 202);
      for (const route of ["/healthz", "/v1/tenants/acme/sources"]) {
        const answer = await call(`${product.url}${route}`, "GET");
        isProblem(answer, 503, "unavailable");
        assert.match(answer.json.detail, /the consumers did not answer; are they deployed\? make deploy/);
      }
    }));

  test("a consumer older than the worker: what it cannot read stays on the queue", () =>
    running({}, async (product) => {
      await (await product.queue("EVENTS")).send(new Uint8Array([255, 1, 2, 3]), { contentType: "bytes" });
      await until("it to be looked at", () => logged(product, "message_undecodable"));
      assert.ok(!logged(product, "message_quarantined"));
    }));

  test("whole again: what was refused is taken, once", () =>
    running({}, async (product) => {
      assert.deepEqual([(await health(product)).status, (await health(product)).json], [200, { status: "ok" }]);
      const { delivery, answer } = await webhook(product);
      assert.equal(answer.status, 202, answer.text);
      await arrived({ agent }, `acme/github/${delivery.eventID}`);
    }));
});
