// docs/configuration.md: settings that are missing or wrong, as an operator
// meets them. settings.test.mjs has each setting alone.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isProblem, openDeployed, putSecret, ring } from "../deployed.mjs";
import { product, readVars, root, until } from "../harness.mjs";
import { must } from "../scene.mjs";

/** The other ring opens nothing of the source; the webhook is not kept. */
export async function ringsDiffer(deployed) {
  const other = ring();
  await deployed.deploy({ vars: { worker: { SOURCE_KEYS: other } } });
  assert.equal((await deployed.get("/healthz")).status, 200, "each is well formed");
  const { delivery, answer } = await deployed.webhook("shopify orders/create");
  isProblem(answer, 503, "source_not_ready");
  assert.match(answer.json.detail, /SOURCE_KEYS must be the same in both Workers/);
  return { delivery, other };
}

/** Consumers that trap before they serve. */
export const failing = { wasm: { consumers: "e2e/testdata/fixture/five.wasm" } };

export default {
  page: "docs/configuration.md",
  open: openDeployed,

  rows: {
    "What can go wrong": {
      async "`/healthz` 503 `not_ready`"(deployed) {
        await deployed.deploy({ vars: { consumers: { VAULT_KEYS: "" } } });
        await deployed.names([`secret VAULT_KEYS of the consumers is missing: ${putSecret.consumers("VAULT_KEYS")}`]);
        assert.equal((await deployed.webhook()).answer.status, 202, "the worker lacks nothing: the event waits on the queue");
        isProblem(await deployed.get("/v1/tenants/acme/sources"), 503, "not_ready");
        await deployed.mended(); // with the secret that the detail names
      },

      async "`/healthz` 200, webhooks 503 `source_not_ready`"(deployed) {
        const { delivery, other } = await ringsDiffer(deployed);
        // The same ring in both, and the old one is lost.
        await deployed.deploy({ vars: { worker: { SOURCE_KEYS: other }, consumers: { SOURCE_KEYS: other } } });
        isProblem((await deployed.send(delivery)), 503, "source_not_ready");
        await must(deployed.admin("PUT", "/sources/shopify", { provider: "shopify", secrets: [delivery.secret] }));
        await deployed.arrives(delivery);
        // With the one that all other sources were sealed with.
        await deployed.mended();
      },

      async "`/healthz` 503 `unavailable`, \"the consumers did not answer\""(deployed) {
        await deployed.deploy(failing);
        for (const route of ["/healthz", "/v1/tenants/acme/sources"]) {
          const answer = await deployed.get(route);
          isProblem(answer, 503, "unavailable");
          assert.match(answer.json.detail, /the consumers did not answer; are they deployed\? make deploy/);
        }
        await deployed.mended();
      },

      async "the API 409 `conflict`, \"do not open with the configured key ring\""(deployed) {
        // A tenant of its own: what is sealed from here on, no later row opens.
        const agent = (method, route, body) => deployed.product.admin(method, `/tenants/rings/agent${route}`, body);
        await must(agent("PUT", "", { url: "http://127.0.0.1:9000/events" }));
        const fresh = ring();
        await deployed.deploy({ vars: { consumers: { VAULT_KEYS: fresh } } });
        const rotate = () => agent("POST", "/rotate", { overlap: "1h" });
        const answer = await rotate();
        isProblem(answer, 409, "conflict");
        assert.match(answer.json.detail, /do not open with the configured key ring/);
        const { VAULT_KEYS } = await readVars("consumers/.dev.vars.example");
        await deployed.mended({ vars: { consumers: { VAULT_KEYS: `${fresh},${VAULT_KEYS}` } } });
        await must(rotate());
      },

      async "the API 503 `unavailable` for one kind of thing, and `object_unopened` in the log"(deployed) {
        const folder = await mkdtemp(path.join(tmpdir(), "hookweir-migrations-"));
        try {
          const config = path.join(folder, "wrangler.toml");
          const text = await readFile(path.join(root, product.consumers.config), "utf8");
          await writeFile(config, text.replace('new_sqlite_classes = ["Lane"]', 'new_classes = ["Lane"]'));
          await deployed.deploy({ parts: { consumers: { ...product.consumers, config } } });
        } finally {
          await rm(folder, { recursive: true, force: true });
        }
        const put = () => deployed.admin("PUT", "/destinations/crm", { base_url: "http://127.0.0.1:9001" });
        isProblem(await put(), 503, "unavailable");
        await until("the log to say why", () => deployed.product.logs.some(({ message }) =>
          ['"event":"object_unopened"', '"class":"Lane"', "SQL is not enabled for this Durable Object class", "new_sqlite_classes"].every((part) => message.includes(part))));
        await deployed.arrives(); // events need no Lane
        await deployed.mended();
        await must(put());
      },
    },
  },
};
