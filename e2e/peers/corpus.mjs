// Reads cases of shared/webhook/testdata, whose form package webhooktest says.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../harness.mjs";

const corpus = path.join(root, "shared", "webhook", "testdata");

/** The providers of the corpus. */
export const providers = () => readdirSync(corpus, { withFileTypes: true }).filter((d) => d.isDirectory()).map((d) => d.name);

/** Names of a provider's cases. */
export const names = (provider) => readdirSync(path.join(corpus, provider)).filter((n) => n.endsWith(".txtar")).map((n) => n.slice(0, -".txtar".length));

/** The bytes of a case, and their hash. */
const bytesOf = (provider, name) => readFileSync(path.join(corpus, provider, `${name}.txtar`));
export const hashOf = (provider, name) => createHash("sha256").update(bytesOf(provider, name)).digest("hex");
export const has = (provider, name) => existsSync(path.join(corpus, provider, `${name}.txtar`));

/**
 * One case: {why, method, url, headers (names in lower case), body (Buffer),
 * text (the body as text), secret (the first one's value), documents (by URL),
 * at (ms), ok}.
 */
export function read(provider, name) {
  // Latin-1 keeps every byte, whatever the body is.
  const all = bytesOf(provider, name).toString("latin1");
  const cut = (text, mark) => {
    const i = text.indexOf(mark);
    if (i < 0) throw new Error(`${provider}/${name}: no ${mark.trim()}`);
    return [text.slice(0, i), text.slice(i + mark.length)];
  };
  const [why, a] = cut(all, "-- request --\n");
  const [request, b] = cut(a, "\n-- secrets --\n");
  const [before, c] = cut(b, "-- now --\n");
  const [now, want] = cut(c, "-- want --\n");
  const [head, body] = cut(request, "\n\n");
  const [line, ...lines] = head.split("\n");
  const [method, url] = line.split(" ");
  const headers = {};
  for (const l of lines) headers[l.slice(0, l.indexOf(":")).toLowerCase()] = l.slice(l.indexOf(":") + 2);
  const [secrets, ...extras] = before.split(/^-- /m);
  const documents = {};
  for (const extra of extras) {
    const [title, content] = cut(extra, " --\n");
    if (title.startsWith("document ")) documents[title.slice("document ".length)] = content;
  }
  const raw = Buffer.from(body, "latin1");
  return {
    why, method, url, headers, body: raw, text: raw.toString(), documents,
    secret: Buffer.from(secrets.split("\n")[0].split(" ").slice(3).join(" "), "latin1").toString(),
    at: Number(now) * 1000, ok: want.startsWith("ok\n"),
  };
}

/** The headers of a Standard Webhook (webhook-id and the others), as libraries of the scheme want them. */
export const standard = (d) => Object.fromEntries(["webhook-id", "webhook-timestamp", "webhook-signature"].map((n) => [n, d.headers[n]]));
