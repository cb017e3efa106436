// One outside system: an HTTP server on loopback, reached through the product
// under the provider's own host names, with a log of its own.
//
//	product ─ fetch https://slack.com/… ─▶ harness `outbound` ─▶ 127.0.0.1:port
//
// What the table at the end says is read off these logs, never off the product.
import http from "node:http";

/** Bodies that the product sends here are far smaller; in bytes. */
const maxBody = 1 << 20;

/**
 * Starts a site.
 *
 * @param {string} name      how its log calls it
 * @param {string[]} hosts   the host names it answers for
 * @param {function} answer  async (request) => {status, headers, body}: request
 *                           is {method, host, path, query, headers, body, form,
 *                           at}; a body that is an object is sent as JSON;
 *                           undefined resets the connection
 * @param {function} now     its clock, in ms; default: the real one
 *
 * The result: {name, hosts, origin, log, stop()}. A line of the log is
 * {at, method, host, path, status, note}; the answer's `note` says why.
 */
export async function startSite(name, hosts, answer, now = Date.now) {
  const log = [];
  const server = http.createServer(async (incoming, response) => {
    const request = await read(incoming, hosts[0], now()).catch(() => undefined);
    if (request === undefined) return; // the sender broke off
    const line = { at: request.at, method: request.method, host: request.host, path: request.path };
    log.push(line);
    const given = await answer(request).catch((error) => ({ status: 500, body: { error: error.message }, note: error.stack }));
    if (given === undefined) {
      line.note = "reset";
      return incoming.socket.destroy();
    }
    Object.assign(line, { status: given.status, note: given.note });
    const isObject = typeof given.body === "object";
    response.writeHead(given.status, { ...(isObject && { "content-type": "application/json; charset=utf-8" }), ...given.headers });
    response.end(isObject ? JSON.stringify(given.body) : given.body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    name, hosts, log,
    origin: `http://127.0.0.1:${server.address().port}`,
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

async function read(incoming, host, at) {
  const parts = [];
  let size = 0;
  for await (const part of incoming) {
    size += part.length;
    if (size > maxBody) throw new Error("too large");
    parts.push(part);
  }
  const url = new URL(incoming.url, `https://${incoming.headers["x-forwarded-host"] ?? host}`);
  const body = Buffer.concat(parts);
  const isForm = incoming.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  return {
    at, body, method: incoming.method, host: url.host, path: decodeURI(url.pathname), query: url.searchParams, headers: incoming.headers,
    form: new URLSearchParams(isForm ? body.toString() : ""),
  };
}

/** Sends a request for one of the sites' host names there; other hosts do not exist. */
export function internet(sites) {
  const byHost = new Map(sites.flatMap((site) => site.hosts.map((host) => [host, site.origin])));
  return async (request) => {
    const url = new URL(request.url);
    const origin = byHost.get(url.host);
    if (origin === undefined) return undefined; // the agent, on loopback
    const headers = new Headers(request.headers);
    headers.set("x-forwarded-host", url.host);
    for (const own of ["host", "content-length"]) headers.delete(own); // fetch makes its own
    const hasBody = request.method !== "GET" && request.method !== "HEAD";
    return fetch(origin + url.pathname + url.search, {
      method: request.method, headers, redirect: "manual", ...(hasBody && { body: await request.arrayBuffer() }),
    });
  };
}

/**
 * A limit as a provider counts it: at most `most` requests within any `within`
 * ms, on the provider's own clock. `excess` is how often it was broken.
 */
export class Limit {
  #times = [];
  excess = 0;

  constructor(most, within) {
    this.most = most;
    this.within = within;
  }

  /** Counts a request: 0 if it may pass, else in how many ms it might. */
  take(now = Date.now()) {
    while (this.#times.length > 0 && this.#times[0] <= now - this.within) this.#times.shift();
    if (this.#times.length >= this.most) {
      this.excess++;
      return this.#times[0] + this.within - now;
    }
    this.#times.push(now);
    return 0;
  }
}

/** `Bearer …` of a request; undefined without one. */
export const bearer = (request) => request.headers.authorization?.match(/^Bearer (.+)$/)?.[1];
