// The agent endpoints that docs/agent.md shows, in Go, TypeScript and Python,
// against the product: each event kept once, nothing kept that was forged.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { loadPyodide } from "pyodide";
import { examples, fileOf, serve, serveTypeScript } from "./examples.mjs";
import { start, until } from "./harness.mjs";
import { make, send } from "./providers.mjs";
import { must } from "./scene.mjs";

const githubSecret = "It is a Secret to Everybody";

/** Signs as Standard Webhooks v1 says, for what Hookweir would not send. */
function sign(secret, id, at, body) {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return {
    "webhook-id": id, "webhook-timestamp": String(at),
    "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`,
  };
}

/** A WSGI application in Python (Pyodide), behind a plain server of Node's. */
async function servePython(source, env) {
  const python = await loadPyodide();
  python.FS.writeFile("agent.py", source);
  const call = python.runPython(`
import io
import agent
app = agent.application(${JSON.stringify(env.WEBHOOK_SECRET)}, "/inbox")
def call(method, path, headers, body):
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    for name, value in headers:
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    answer = []
    app(environ, lambda status, headers: answer.append(status))
    return int(answer[0][:3])
lambda method, path, headers, body: call(method, path, headers.to_py(), body.to_bytes())
`);
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    let status = 500; // as WSGI servers answer an exception
    try {
      status = call(request.method, request.url, Object.entries(request.headers), new Uint8Array(Buffer.concat(parts)));
    } catch (error) {
      console.error(error);
    }
    response.writeHead(status).end();
  });
  server.keepAliveTimeout = 60_000; // Python runs on the same thread
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/events`,
    list: async () => python.FS.readdir("/inbox").filter((name) => !name.startsWith(".")),
    read: async (name) => Buffer.from(python.FS.readFile(`/inbox/${name}`)),
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}

const languages = {
  async go(env, dir) {
    await promisify(execFile)("go", ["build", "-o", path.join(dir, "agent"), "."], { cwd: path.join(examples, "go") });
    return serve(path.join(dir, "agent"), [], env);
  },
  typescript: serveTypeScript,
  python: async (env) => servePython(await readFile(path.join(examples, "python/agent.py"), "utf8"), env),
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
