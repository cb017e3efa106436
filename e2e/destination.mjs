// A destination: a plain HTTP server on loopback that keeps what arrives, with
// its own clock, and can be told to misbehave.
import http from "node:http";
import { performance } from "node:perf_hooks";

/**
 * Starts one.
 *
 * @param {object} options
 *   behave  (arrival) => {status, headers, body, delay, hang, reset}: the
 *           answer; default 201. `arrival.attempt` counts from 1 per
 *           idempotency key, else per method, path and body.
 *
 * The result: {url, arrivals, behave, effects(), stop()}. An arrival is
 * {at (ms, monotonic), method, path, headers, body, key, attempt, status}.
 * effects() counts the 2xx per idempotency key.
 */
export async function startDestination({ behave } = {}) {
  const arrivals = [];
  const attempts = new Map();
  const destination = { arrivals, behave, flying: 0, most: 0 };
  const server = http.createServer((request, response) => {
    const at = performance.now(); // when its head is there, not when it is read
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("error", () => {});
    request.on("end", async () => {
      const body = Buffer.concat(parts).toString();
      const key = request.headers["idempotency-key"] ?? `${request.method} ${request.url} ${body}`;
      attempts.set(key, (attempts.get(key) ?? 0) + 1);
      const arrival = { at, method: request.method, path: request.url, headers: request.headers, body, key, attempt: attempts.get(key) };
      arrivals.push(arrival);
      const { status = 201, headers = {}, body: answer = '{"ok":true}', delay, hang, reset } = destination.behave?.(arrival) ?? {};
      if (reset) return request.socket.destroy();
      arrival.status = status;
      destination.most = Math.max(destination.most, ++destination.flying);
      response.on("close", () => destination.flying--);
      if (hang) return;
      if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(request.method === "HEAD" ? undefined : answer);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return Object.assign(destination, {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    effects() {
      const count = new Map();
      for (const a of arrivals) if (a.status >= 200 && a.status < 300) count.set(a.key, (count.get(a.key) ?? 0) + 1);
      return count;
    },
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  });
}

/**
 * How many arrivals were over a budget of so many per second and burst: a
 * token bucket in the server's own time.
 */
export function excess(arrivals, rate, burst) {
  let tokens = burst, last, over = 0;
  for (const { at } of [...arrivals].sort((a, b) => a.at - b.at)) {
    if (last !== undefined) tokens = Math.min(tokens + ((at - last) / 1000) * rate, burst);
    last = at;
    if (tokens < 1) over++;
    else tokens--;
  }
  return over;
}
