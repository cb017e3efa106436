// The example agents of docs/agent.md, as somebody would run them.
import { execFile, spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { root, until } from "./harness.mjs";

/** Their folder. */
export const examples = path.join(root, "examples/agent");

/** The file of an inbox that an event is kept in. */
export const fileOf = (id) => `${createHash("sha256").update(id).digest("hex")}.json`;

/** The headers of Standard Webhooks v1, signed with a key's bytes. */
export function signed(key, id, at, body) {
  return {
    "webhook-id": id, "webhook-timestamp": String(at),
    "webhook-signature": `v1,${createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64")}`,
  };
}

/** Runs one, with its settings (PORT, if it is to have a certain one): {url, stop()}. */
export async function serve(command, args, env) {
  const child = spawn(command, args, { env: { ...process.env, PORT: "0", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const stop = async () => {
    child.kill();
    await ended;
  };
  try {
    const url = await until("the agent's address", () => {
      if (child.exitCode !== null) throw new Error(`the agent ended: ${output}`);
      return /listening on (http:\S+)/.exec(output)?.[1];
    });
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The one in TypeScript. */
export const serveTypeScript = (env) => serve(process.execPath, [path.join(examples, "typescript/agent.ts")], env);

/** Builds the one in Go into a folder: the path of the binary. */
export async function buildGo(dir) {
  const binary = path.join(dir, "agent");
  await promisify(execFile)("go", ["build", "-o", binary, "."], { cwd: path.join(examples, "go") });
  return binary;
}

/** Pyodide with the one in Python: once a process, since it takes seconds. Its file system is its own. */
let pyodide;
const python = () => (pyodide ??= (async () => {
  const { loadPyodide } = await import("pyodide");
  const python = await loadPyodide();
  python.FS.writeFile("agent.py", await readFile(path.join(examples, "python/agent.py"), "utf8"));
  const open = python.runPython(`
import io
import json
import agent
def open(secret, inbox):
    app = agent.application(secret, inbox)
    def call(body, over):
        body = body.to_bytes()
        environ = {"REQUEST_METHOD": "POST", "PATH_INFO": "/events", "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), **json.loads(over)}
        answer = []
        app({name: value for name, value in environ.items() if value is not None}, lambda status, headers: answer.append(status))
        return int(answer[0][:3])
    return call
open
`);
  return { FS: python.FS, open };
})());

/**
 * The one in Python, as a WSGI application in Pyodide behind a plain server of
 * Node's: {url, list(), read(name), hide(), show(), ask(environ, body), stop()}.
 * hide takes its inbox away, show brings it back; ask calls the application
 * itself, with an environ over the usual one (null: not there).
 */
export async function servePython({ WEBHOOK_SECRET = "", INBOX = "" }) {
  const { FS, open } = await python();
  const inbox = INBOX && `/${path.basename(path.dirname(INBOX))}-${path.basename(INBOX)}`;
  const call = open(WEBHOOK_SECRET, inbox);
  const ask = (environ, body) => call(new Uint8Array(Buffer.from(body)), JSON.stringify(environ));
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const headers = Object.entries(request.headers).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value]);
    let status = 500; // as WSGI servers answer an exception
    try {
      status = ask({ REQUEST_METHOD: request.method, PATH_INFO: request.url, ...Object.fromEntries(headers) }, Buffer.concat(parts));
    } catch (error) {
      console.error(error);
    }
    response.writeHead(status).end();
  });
  server.keepAliveTimeout = 60_000; // Python runs on the same thread
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/events`, ask,
    list: async () => FS.readdir(inbox).filter((name) => !name.startsWith(".")),
    read: async (name) => Buffer.from(FS.readFile(`${inbox}/${name}`)),
    hide: async () => FS.rename(inbox, `${inbox}-away`),
    show: async () => FS.rename(`${inbox}-away`, inbox),
    stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }),
  };
}
