// docs/getting-started.md: what a newcomer meets. The agent is the page's.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileOf, serveTypeScript } from "../examples.mjs";
import { answerOf, call, freePort, readVars, root, start, until } from "../harness.mjs";
import { make, send } from "../providers.mjs";
import { eventOf, must } from "../scene.mjs";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"; // the page's, as is the next
const signing = "It is a Secret to Everybody";
const patience = 60_000;

/** `make dev` on a port: {said(), ended, stop()}; said is what it wrote of its failure. */
function dev(port, state) {
  const child = spawn(process.execPath, ["e2e/dev.mjs"], { cwd: root, env: { ...process.env, PORT: String(port), STATE: state }, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  return {
    said: () => errors,
    ended: new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal }))),
    stop: () => child.kill("SIGTERM"),
  };
}

export default {
  page: "docs/getting-started.md",

  async open() {
    const folder = await mkdtemp(path.join(tmpdir(), "hookweir-trouble-"));
    // The worker's test build takes the time from a header.
    const product = await start({ wasm: { worker: "build/test/worker.wasm" } });
    const stage = {
      folder, product, url: product.url, tenant: "acme",
      inbox: path.join(folder, "inbox"),
      admin: (method, route, body) => product.admin(method, `/tenants/acme${route}`, body),
      /** One delivery, so many seconds from now: {key, answer}. */
      async deliver(later = 0) {
        const delivery = await make("github push", { secret: signing });
        delivery.headers["x-hookweir-now"] = String(Math.floor(Date.now() / 1000) + later);
        return { key: `acme/github/${delivery.eventID}`, answer: await send(product.url, "acme", delivery).then(answerOf) };
      },
      kept: (key) => until("the event in the inbox", async () => (await readdir(stage.inbox)).includes(fileOf(key)), patience),
      /** The tries at an event, once there was one that failed for a reason. */
      failed: (key, reason) => until(`a try that ends in ${reason}`, async () => (await eventOf(stage, key))?.tries.some((t) => t.reason === reason), patience),
      async close() {
        await stage.agent?.stop();
        await product.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
    return stage;
  },

  rows: {
    "What can go wrong": {
      async "`make dev`: the port is in use"({ folder }) {
        const other = net.createServer();
        await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
        const { port } = other.address();
        const state = path.join(folder, "state");
        try {
          const busy = dev(port, state);
          assert.deepEqual(await busy.ended, { code: 1, signal: null });
          assert.equal(busy.said(), `127.0.0.1:${port} is in use: PORT=${port + 1} make dev\n`);
        } finally {
          await new Promise((resolve) => other.close(resolve));
        }

        // With another port it serves, until it is told to stop.
        const free = await freePort();
        const running = dev(free, state);
        const at = `http://127.0.0.1:${free}`;
        try {
          const health = await until("the server", async () => (await fetch(`${at}/healthz`).catch(() => undefined))?.json(), patience);
          assert.deepEqual(health, { status: "ok" });
          const { status, json } = await call(`${at}/v1/tenants/acme/sources`, "GET", undefined, { authorization: "Bearer dev-admin-token" });
          assert.deepEqual([status, json], [200, { sources: [] }]);
        } finally {
          running.stop();
          assert.deepEqual(await running.ended, { code: 143, signal: null }); // 128 + SIGTERM
        }
        await assert.rejects(fetch(`${at}/healthz`), "nothing listens any more");
      },

      async "`curl` answers 401 `unauthenticated`"({ url }) {
        const list = (token) => call(`${url}/v1/tenants/acme/sources`, "GET", undefined, { authorization: `Bearer ${token}` });
        const refused = await list("admin");
        assert.deepEqual([refused.status, refused.json.code], [401, "unauthenticated"]);
        const { ADMIN_TOKEN } = await readVars("consumers/.dev.vars.example");
        assert.equal(ADMIN_TOKEN, "dev-admin-token");
        assert.equal((await list(ADMIN_TOKEN)).status, 200);
      },

      async "404 for a moment after the `PUT` of a source"(stage) {
        assert.equal((await stage.deliver()).answer.status, 404);
        await must(stage.admin("PUT", "/sources/github", { provider: "github", secrets: [signing] }));
        const { status, json } = (await stage.deliver()).answer;
        assert.deepEqual([status, json.code], [404, "not_found"], "this edge remembers");
        assert.equal((await stage.deliver(90)).answer.status, 202);
      },

      async "202, and nothing in `inbox`"(stage) {
        const port = String(await freePort());
        Object.assign(stage, { port });
        await must(stage.admin("PUT", "/agent", { url: `http://127.0.0.1:${port}/events`, secret }));
        const { key, answer } = await stage.deliver();
        assert.equal(answer.status, 202);
        await stage.failed(key, "network");
        const { events } = (await must(stage.admin("GET", "/events?state=pending"))).json;
        assert.equal(events.find((event) => event.key === key)?.last_error, "network");

        stage.agent = await serveTypeScript({ WEBHOOK_SECRET: secret, INBOX: stage.inbox, PORT: port });
        await stage.kept(key);
      },

      async "the same, and each try ends in `http_401`"(stage) {
        await stage.agent.stop();
        const run = async (WEBHOOK_SECRET) => (stage.agent = await serveTypeScript({ WEBHOOK_SECRET, INBOX: stage.inbox, PORT: stage.port }));
        await run("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
        const { key } = await stage.deliver();
        await stage.failed(key, "http_401");

        await stage.agent.stop();
        await run(secret);
        await stage.kept(key);
      },
    },
  },
};
