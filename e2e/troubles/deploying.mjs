// docs/deploying.md: deployments that are half done, but for what wrangler
// creates (provisioning.mjs).
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { presets, startAPIs } from "../apis.mjs";
import { isProblem, openDeployed, putSecret } from "../deployed.mjs";
import { bundle, product, root, start, until } from "../harness.mjs";
import { make } from "../providers.mjs";
import { must } from "../scene.mjs";
import { failing, ringsDiffer } from "./configuration.mjs";

const run = promisify(execFile);

/** The two files in a folder of their own, changed by edit(name, text). */
async function configured(edit, use) {
  const folder = await mkdtemp(path.join(tmpdir(), "hookweir-half-"));
  try {
    await mkdir(path.join(folder, "consumers"));
    for (const { config } of Object.values(product)) await writeFile(path.join(folder, config), edit(config, await readFile(path.join(root, config), "utf8")));
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * A message of the queue `events` as workers of format 1 write it (package
 * event). Written out here, so that it stays what it was when they change.
 */
function format1(tenant, delivery) {
  const bytes = (text) => {
    const content = Buffer.from(text), size = Buffer.alloc(4);
    size.writeUInt32LE(content.length);
    return Buffer.concat([size, content]);
  };
  const int64 = (n) => {
    const b = Buffer.alloc(8);
    b.writeBigInt64LE(BigInt(n));
    return b;
  };
  return Buffer.concat([
    Buffer.from([1]), ...[tenant, delivery.source, delivery.eventID, delivery.provider, "com.github.push"].map(bytes),
    int64(delivery.at), int64(delivery.at), ...["webhook", "signature", "application/json"].map(bytes),
    int64(72 * 3600), bytes(""), int64(delivery.body.length), bytes(delivery.body),
  ]);
}

export default {
  page: "docs/deploying.md",
  open: openDeployed,

  rows: {
    "Half-finished deployments": {
      "`make deploy` before `make provision`": () =>
        configured((_, text) => text.replace(/(binding = "CONFIG"\nid = )".*"/, '$1"hookweir-config"'), async (folder) => {
          const make = (target) => run("make", ["-f", path.join(root, "Makefile"), target], { cwd: folder });
          await assert.rejects(make("deploy"), { stderr: /wrangler\.toml names KV namespaces that have no id yet: make provision/ });
        }),

      async "consumers deployed, worker not"(deployed) {
        const { workers_dev, preview_urls, routes, route } = readConfig({ config: path.join(root, product.consumers.config) }, { hideWarnings: true });
        assert.deepEqual([workers_dev, preview_urls, routes ?? [], route], [false, false, [], undefined], "nothing leads to them");
        const apis = await startAPIs();
        try {
          await must(deployed.admin("PUT", "/destinations/feed", { base_url: `${apis.url}/feed` }));
          await must(deployed.admin("PUT", "/polls/feed", { preset: "feed", destination: "feed", ...presets.feed }));
          await deployed.deploy({ only: "consumers" });
          await deployed.product.tick();
          await until("the poll", () => apis.log.some((l) => l.api === "feed"));
        } finally {
          await apis.stop();
        }
        await deployed.admin("DELETE", "/polls/feed");
        await deployed.mended();
      },

      async "worker deployed, consumers not"() {
        await assert.rejects(start({ only: "worker" }), /binding \\"CONSUMERS\\" refers to a service .* but no such service is defined/);
        const { stdout } = await run("make", ["-n", "-o", "build", "deploy"], { cwd: root });
        assert.deepEqual(stdout.split("\n").filter((line) => /^wrangler deploy(?!.*dry-run)/.test(line)), ["wrangler deploy -c consumers/wrangler.toml", "wrangler deploy"]);
      },

      async "the consumers fail at their start"(deployed) {
        await deployed.deploy(failing);
        assert.equal((await deployed.webhook()).answer.status, 202);
        isProblem(await deployed.get("/healthz"), 503, "unavailable");
        await until("the log to say so", () => deployed.logged("backend.instance_died"));
        await deployed.mended();
      },

      async "a secret is set in one Worker only, or differs"(deployed) {
        await deployed.deploy({ vars: { worker: { SOURCE_KEYS: undefined } } });
        await deployed.names([`secret SOURCE_KEYS of the worker is missing: ${putSecret.worker("SOURCE_KEYS")}`]);
        isProblem((await deployed.webhook()).answer, 503, "source_not_ready");

        const { delivery } = await ringsDiffer(deployed);
        await deployed.mended();
        await deployed.arrives(delivery); // as if it came for the first time
      },

      async "a binding was taken out of a file"(deployed) {
        await deployed.deploy({ without: { consumers: ["LEDGER"] } });
        await deployed.names(["binding LEDGER of the consumers is missing: see consumers/wrangler.toml"]);
        isProblem(await deployed.get("/v1/tenants/acme/sources"), 503, "not_ready");
        assert.equal((await deployed.webhook()).answer.status, 202, "it waits on the queue");
        await until("the consumer to have failed", () => deployed.logged("ledger_unavailable"));

        await deployed.deploy({ without: { worker: ["EVENTS"] } });
        await deployed.names(["binding EVENTS of the worker is missing: see wrangler.toml"]);
        const { delivery, answer } = await deployed.webhook();
        isProblem(answer, 503, "not_ready");
        assert.equal(answer.headers.get("retry-after"), "5");
        await deployed.mended();
        await deployed.arrives(delivery);
      },

      async "consumers older than the worker"(deployed) {
        await (await deployed.product.queue("EVENTS")).send(new Uint8Array([255, 1, 2, 3]), { contentType: "bytes" });
        const looked = () => deployed.product.logs.filter(({ message }) => message.includes('"event":"message_undecodable"')).length;
        await until("it to be looked at, and to come back", () => looked() >= 2, 60_000);
        assert.ok(!deployed.logged("message_quarantined"));
        await deployed.arrives(); // what they can read does not wait for it
      },

      async "the worker older than the consumers"(deployed) {
        const delivery = await make("github push");
        await (await deployed.product.queue("EVENTS")).send(format1("acme", delivery), { contentType: "bytes" });
        await deployed.arrived(delivery);
      },

      "a class of a Durable Object is bound that `consumers/index.mjs` does not export": () =>
        configured((name, text) => text.replace('class_name = "Lane"', 'class_name = "Lanes"').replace(/^main = ".*"/m, `main = ${JSON.stringify(path.join(root, path.dirname(name), "index.mjs"))}`), (folder) =>
          assert.rejects(bundle(path.join(folder, product.consumers.config), path.join(folder, "out")), { stderr: /not exported in your entrypoint file: Lanes/ })),
    },
  },
};
