// Settings that are missing or wrong, one after the other: the product says
// which it is and where to set it, and serves nothing half-secured, as
// docs/configuration.md promises of each. What its table of troubles says, and
// deployments that are half done, are tried by troubles.test.mjs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { isProblem, openDeployed, putSecret as put, ring } from "./deployed.mjs";

const bindings = {
  worker: ["IDEMPOTENCY", "CONFIG", "EVENTS", "PAYLOADS", "CONSUMERS"],
  consumers: ["LEDGER", "TENANT", "VAULT", "LANE", "POLL", "SCHEDULE", "CONFIG", "EVENTS", "WRITES", "POLLS", "PAYLOADS"],
};
const bound = (role) => bindings[role].map((name) => `binding ${name} of the ${role} is missing: see ${role === "worker" ? "" : "consumers/"}wrangler.toml`);

describe("settings", () => {
  let deployed;
  before(async () => (deployed = await openDeployed()));
  after(() => deployed?.close());

  test("nothing of the worker's: all of it is named, and no webhook passes", async () => {
    await deployed.deploy({ without: { worker: bindings.worker }, vars: { worker: { SOURCE_KEYS: undefined } } });
    await deployed.names([...bound("worker"), `secret SOURCE_KEYS of the worker is missing: ${put.worker("SOURCE_KEYS")}`]);
    assert.ok(deployed.logged("edge.setting_missing"));
    isProblem((await deployed.webhook()).answer, 503, "source_not_ready");
    isProblem(await deployed.get("/v1/tenants/acme/sources"), 503, "not_ready");
  });

  test("nothing of the consumers': all of it is named, and the API and the agent's endpoint are closed", async () => {
    await deployed.deploy({
      without: { consumers: bindings.consumers }, vars: { consumers: { SOURCE_KEYS: undefined, VAULT_KEYS: undefined, ADMIN_TOKEN: undefined, PUBLIC_URL: "hooks.example.com", MCP_ORIGINS: "app.example.com", KNOWLEDGE_TENANTS: "acme" } },
    });
    const said = [
      ...bound("consumers"), ...["SOURCE_KEYS", "VAULT_KEYS", "ADMIN_TOKEN"].map((name) => `secret ${name} of the consumers is missing: ${put.consumers(name)}`),
      "variable PUBLIC_URL of the consumers is no origin such as https://hooks.example.com: see [vars] in consumers/wrangler.toml",
      "variable MCP_ORIGINS of the consumers is no list of origins such as https://app.example.com, separated by spaces: see [vars] in consumers/wrangler.toml",
      "binding KNOWLEDGE of the consumers is missing, and KNOWLEDGE_TENANTS names who reads it: see [[d1_databases]] in consumers/wrangler.toml",
    ];
    await deployed.names(said);
    for (const route of ["/v1/tenants/acme/sources", "/v1/providers", "/oauth/callback?state=x", "/mcp/acme", "/.well-known/oauth-protected-resource/mcp/acme"]) {
      const answer = await deployed.get(route);
      isProblem(answer, 503, "not_ready");
      assert.deepEqual(answer.json.detail.split("; "), said, route);
    }
    assert.ok(deployed.logged("setting_missing"));
  });

  // One at a time: the others go on as far as they can do it securely.
  for (const [why, options, said, webhookCode] of [
    ["the worker with half a ring", { vars: { worker: { SOURCE_KEYS: `${ring()},old:dG9vIHNob3J0` } } }, `secret SOURCE_KEYS of the worker is malformed (entry 2: the key must be 32 bytes in base64): ${put.worker("SOURCE_KEYS")}`, "source_not_ready"],
    ["the worker without CONFIG", { without: { worker: ["CONFIG"] } }, bound("worker")[1], "not_ready"],
    ["the worker without PAYLOADS", { without: { worker: ["PAYLOADS"] } }, bound("worker")[3], 202],
    ["the worker without CONSUMERS", { without: { worker: ["CONSUMERS"] } }, bound("worker")[4], 202],
    ["the worker without IDEMPOTENCY: the Ledger decides", { without: { worker: ["IDEMPOTENCY"] } }, bound("worker")[0], 202],
    ["the consumers with a repeated key", { vars: { consumers: { SOURCE_KEYS: "a:ZGV2ZWxvcG1lbnQtb25seS1zb3VyY2Uta2V5LTAwMDE=,b:ZGV2ZWxvcG1lbnQtb25seS1zb3VyY2Uta2V5LTAwMDE=" } } }, `secret SOURCE_KEYS of the consumers is malformed (entry 2: the key appears twice): ${put.consumers("SOURCE_KEYS")}`, 202],
    ["the consumers without ADMIN_TOKEN", { vars: { consumers: { ADMIN_TOKEN: "" } } }, `secret ADMIN_TOKEN of the consumers is missing: ${put.consumers("ADMIN_TOKEN")}`, 202],
  ]) {
    test(why, async () => {
      await deployed.deploy(options);
      await deployed.names([said]);
      if (webhookCode !== 202) {
        const { answer } = await deployed.webhook();
        isProblem(answer, 503, webhookCode);
        assert.equal(answer.headers.get("retry-after"), "5", "the provider sends it again");
        return;
      }
      if (why.includes("PAYLOADS")) {
        const large = Buffer.from(JSON.stringify({ pad: "x".repeat(101 << 10) }));
        isProblem((await deployed.webhook("github push", { body: large })).answer, 503, "not_ready");
      }
      if (options.without?.worker) return deployed.arrives(); // the consumers are whole
      // The API refuses, whoever asks; the event stays on the queue.
      assert.equal((await deployed.webhook()).answer.status, 202);
      isProblem(await deployed.get("/v1/tenants/acme/sources"), 503, "not_ready");
    });
  }

  test("development's keys and token outside of development", async () => {
    await deployed.deploy({ vars: { consumers: { DEVELOPMENT: undefined } } });
    await deployed.names([
      ...["SOURCE_KEYS", "VAULT_KEYS"].map((name) => `secret ${name} of the consumers is the one of development, which everybody has: ${put.consumers(name)}`),
      `secret ADMIN_TOKEN of the consumers is shorter than 24 bytes: ${put.consumers("ADMIN_TOKEN")}`,
    ]);
  });
});
