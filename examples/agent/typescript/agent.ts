// An endpoint for Hookweir's events: it verifies each one, keeps it once, and
// only then says so.
//
//	npm install standardwebhooks
//	WEBHOOK_SECRET=whsec_… INBOX=inbox node agent.ts   # Node 22.18 or newer; listens on 127.0.0.1:9000
import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, open, unlink } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import path from "node:path";
import { Webhook } from "standardwebhooks";

/** The largest event, in bytes: a body of 25 MiB in base64, and its envelope. */
const maxBody = 36 * 1024 * 1024;

/** The least a secret may have, in bytes (Standard Webhooks, "Signature scheme"). */
const minSecret = 24;

/** What a client may take to send a request, in ms. Hookweir waits 15 s for an answer. */
const patience = 30_000;

const { WEBHOOK_SECRET = "", INBOX = "", PORT = "9000" } = process.env;
if (!INBOX) throw new Error("INBOX has to be set");
if (Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64").length < minSecret) {
  throw new Error("WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64");
}
const hook = new Webhook(WEBHOOK_SECRET);
await mkdir(INBOX, { recursive: true, mode: 0o700 });

async function handle(request: IncomingMessage): Promise<number> {
  if (request.method !== "POST" || request.url !== "/events") return 404;
  const body = await read(request);
  if (body === undefined) return 413;
  try {
    // Over the bytes as they came, and before anything reads them.
    hook.verify(body, request.headers as Record<string, string>, { jsonParse: false });
  } catch {
    return 401;
  }
  await keep(String(request.headers["webhook-id"]), body);
  return 204;
}

/**
 * Stores an event under its webhook-id. One that is there already came before:
 * Hookweir sends again what it cannot know to have arrived. What acts on
 * events works through the inbox, so an event is acted on once.
 */
async function keep(id: string, body: Buffer): Promise<void> {
  const name = path.join(INBOX, `${createHash("sha256").update(id).digest("hex")}.json`);
  const temporary = path.join(INBOX, `${randomUUID()}.tmp`);
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(body);
    await file.sync();
    // A link is there whole or not at all, and never replaces another.
    await link(temporary, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await file.close();
    await unlink(temporary);
  }
  // Nor is it there for good, after a loss of power, before its folder is.
  const folder = await open(INBOX);
  await folder.sync().finally(() => folder.close());
}

async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > maxBody) return undefined;
  const parts: Buffer[] = [];
  let size = 0;
  // What is not read to its end must not be destroyed, or nobody gets the 413.
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    size += part.length;
    if (size > maxBody) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

const server = createServer(async (request, response) => {
  // Anything that goes wrong is a 503, and Hookweir tries again.
  const status = await handle(request).catch((error) => (console.error(error), 503));
  response.writeHead(status, status === 413 ? { connection: "close" } : {}).end();
});
server.requestTimeout = server.headersTimeout = patience;
server.listen(Number(PORT), "127.0.0.1", () => {
  const address = server.address() as { port: number };
  console.log(`listening on http://127.0.0.1:${address.port}/events`);
});
