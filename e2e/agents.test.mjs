// The agent endpoints that docs/agent.md shows, in Go, TypeScript and Python,
// against the product: each event kept once, nothing kept that was forged.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { buildGo, fileOf, serve, servePython, serveTypeScript, signed } from "./examples.mjs";
import { start, until } from "./harness.mjs";
import { make, send } from "./providers.mjs";
import { must } from "./scene.mjs";

const githubSecret = "It is a Secret to Everybody";

const sign = (secret, ...rest) => signed(Buffer.from(secret.slice("whsec_".length), "base64"), ...rest);

const languages = {
  go: async (env, dir) => serve(await buildGo(dir), [], env),
  typescript: serveTypeScript,
  python: servePython,
};

describe("docs/agent.md's endpoints", { timeout: 180_000 }, () => {
  let product;
  before(async () => { product = await start(); });
  after(() => product.stop());

  for (const [language, run] of Object.entries(languages)) {
    test(language, async () => {
      const dir = await mkdtemp(path.join(tmpdir(), "hookweir-agent-"));
      const secret = `whsec_${randomBytes(32).toString("base64")}`;
      const inbox = path.join(dir, "inbox");
      const agent = await run({ WEBHOOK_SECRET: secret, INBOX: inbox }, dir);
      const list = agent.list ?? (() => readdir(inbox));
      const read = agent.read ?? ((name) => readFile(path.join(inbox, name)));
      const admin = (method, route, body) => must(product.admin(method, `/tenants/${language}${route}`, body));
      try {
        await admin("PUT", "/agent", { url: agent.url, secret });
        await admin("PUT", "/sources/github", { provider: "github", secrets: [githubSecret] });
        const delivery = await make("github push", { secret: githubSecret });
        assert.equal((await send(product.url, language, delivery)).status, 202);
        const id = `${language}/github/${delivery.eventID}`;
        const tries = (state, n) => until(`${state} after ${n}`, async () => {
          const { status, json } = await product.admin("GET", `/tenants/${language}/events/${encodeURIComponent(id)}`);
          return status === 200 && json.state === state && json.tries.length === n;
        });
        await tries("delivered", 1);
        assert.deepEqual(await list(), [fileOf(id)]);
        const kept = await read(fileOf(id));
        assert.deepEqual(JSON.parse(kept).data, JSON.parse(delivery.body), "the provider's event");

        // Again, and once more while the secret rotates: two signatures.
        await admin("POST", `/events/${encodeURIComponent(id)}/replay`);
        await tries("delivered", 2);
        await admin("POST", "/agent/rotate", { overlap: "1h" });
        await admin("POST", `/events/${encodeURIComponent(id)}/replay`);
        await tries("delivered", 3);
        assert.deepEqual(await list(), [fileOf(id)], "kept once");

        const now = Math.floor(Date.now() / 1000);
        const good = sign(secret, "x", now, "{}");
        for (const [why, headers, status, body = "{}"] of [
          ["no signature", {}, 401],
          ["another body", good, 401, "{ }"],
          ["another id", { ...good, "webhook-id": "y" }, 401],
          ["another secret", sign(`whsec_${randomBytes(32).toString("base64")}`, "x", now, "{}"), 401],
          ["stale", sign(secret, "x", now - 3600, "{}"), 401],
          ["from the future", sign(secret, "x", now + 3600, "{}"), 401],
          ["genuine", good, 204],
        ]) {
          const answer = await fetch(agent.url, { method: "POST", headers, body });
          assert.equal(answer.status, status, why);
        }
        assert.deepEqual((await list()).sort(), [fileOf(id), fileOf("x")].sort(), "nothing that was forged");
      } finally {
        await agent.stop();
        await rm(dir, { recursive: true, force: true });
      }
    });
  }
});
