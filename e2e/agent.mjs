// An agent's endpoint: a plain HTTP server on loopback that verifies what
// arrives with `standardwebhooks` and keeps it, and can be told to misbehave.
import http from "node:http";
import { Webhook } from "standardwebhooks";

/**
 * Starts an agent.
 *
 * @param {object} options
 *   secret    `whsec_…` it verifies with
 *   port      to come back on after it was down; default: a free one
 *   behave    (arrival) => {status, headers, hang, reset, stay}: the answer;
 *             default 204; stay sends the head and never ends the body.
 *             `arrival.attempt` counts from 1 per webhook-id.
 *
 * The result: {url, port, arrivals, by(id), ids(), behave, stop()}. An arrival
 * is {id, attempt, verified, error, headers, body, event, status, at}.
 */
export async function startAgent({ secret, port = 0, behave } = {}) {
  const webhook = new Webhook(secret);
  const arrivals = [];
  const attempts = new Map();
  const agent = { arrivals, behave };

  const server = http.createServer(async (request, response) => {
    const parts = [];
    try {
      for await (const part of request) parts.push(part);
    } catch {
      return; // the sender broke off
    }
    const body = Buffer.concat(parts);
    const id = request.headers["webhook-id"];
    attempts.set(id, (attempts.get(id) ?? 0) + 1);
    const arrival = { id, attempt: attempts.get(id), at: Date.now(), method: request.method, path: request.url, headers: request.headers, body };
    Object.assign(arrival, inspect(webhook, request.headers, body));
    const { status = 204, headers = {}, hang, reset, stay } = agent.behave?.(arrival) ?? {};
    arrival.status = hang || reset ? undefined : status;
    arrivals.push(arrival);
    if (reset) return request.socket.destroy();
    if (stay) return response.writeHead(status, headers).flushHeaders();
    if (!hang) response.writeHead(status, headers).end();
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, "127.0.0.1", resolve));

  return Object.assign(agent, {
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}/events`,
    by: (id) => arrivals.filter((a) => a.id === id),
    /** Ids of events it has accepted with 2xx, each once. */
    ids: () => [...new Set(arrivals.filter((a) => a.status >= 200 && a.status < 300).map((a) => a.id))],
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  });
}

function inspect(webhook, headers, body) {
  try {
    return { verified: true, event: webhook.verify(body.toString(), headers) };
  } catch (error) {
    return { verified: false, error: error.message };
  }
}

/** The provider's bytes inside a CloudEvent (JSON format, §3.1: data or data_base64). */
export function dataOf(arrival) {
  const { event, body } = arrival;
  if (event.data_base64 !== undefined) return Buffer.from(event.data_base64, "base64");
  if (event.data === undefined) return Buffer.alloc(0);
  if (typeof event.data === "string") return Buffer.from(event.data);
  return rawData(body);
}

// rawData cuts the value of the member `data` out as it was sent, white space
// and all: parsing and printing it again would hide a change of bytes.
function rawData(body) {
  const text = body.toString();
  const at = text.indexOf('"data":') + 7;
  let depth = 0, inString = false;
  for (let i = at; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === "\\") i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === "{" || c === "[") depth++;
    else if (depth > 0 && (c === "}" || c === "]")) depth--;
    else if (depth === 0 && (c === "," || c === "}")) return Buffer.from(text.slice(at, i));
  }
  throw new Error("the event has no data");
}
