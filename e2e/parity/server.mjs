// An outside server of a scenario: answers as the file's routes say, on
// loopback, and keeps what it got. wasmtest/parity_server_test.go is the same
// in virtual time; the format is described in wasmtest/README.md.
import http from "node:http";
import { isDeepStrictEqual } from "node:util";

/**
 * Starts one. routes are the scenario's, fill puts real values into a text.
 * The result: {origin, observe(pick, redact), stop()}.
 */
export async function startServer(routes, fill) {
  const given = routes.map(() => 0);
  const seen = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { pathname, searchParams } = new URL(request.url, "http://127.0.0.1");
    const arrival = {
      method: request.method, path: pathname, query: members(searchParams), headers: request.headers,
      body: readBody(request.headers["content-type"] ?? "", Buffer.concat(parts).toString()),
    };
    const at = routes.findIndex((route) => fits(route, arrival, fill));
    const { status = 200, headers = {}, json, text = "", reset } = at < 0 ? { status: 404 } : routes[at].answers[Math.min(given[at]++, routes[at].answers.length - 1)];
    seen.push({ ...arrival, status: reset ? 0 : status });
    if (reset) return request.socket.destroy();
    const filled = Object.entries(headers).map(([name, value]) => [name, echo(fill(value), arrival.query)]);
    response.writeHead(status, { ...(json !== undefined && { "content-type": "application/json" }), ...Object.fromEntries(filled) });
    response.end(fill(json !== undefined ? JSON.stringify(json) : text));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    observe(pick = [], redact = []) {
      const values = new Map();
      return seen.map((arrival) => observe(arrival, pick, redact, values));
    },
    stop: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}

// Members of the request's query in place of {query:name}.
const echo = (text, query) => Object.entries(query).reduce((filled, [name, value]) => filled.replaceAll(`{query:${name}}`, value), text);

function fits({ method, path, query = {}, headers = {}, body = {} }, arrival, fill) {
  const filled = (want) => (typeof want === "string" ? fill(want) : want);
  return method === arrival.method && path === arrival.path &&
    Object.entries(query).every(([name, want]) => (want === null ? !Object.hasOwn(arrival.query, name) : arrival.query[name] === fill(want))) &&
    Object.entries(headers).every(([name, want]) => (arrival.headers[name.toLowerCase()] ?? "") === fill(want)) &&
    Object.entries(body).every(([name, want]) => isDeepStrictEqual(arrival.body?.[name], filled(want)));
}

// The names of a query or form, each with its first value.
const members = (params) => Object.fromEntries([...new Set(params.keys())].map((name) => [name, params.get(name)]));

function readBody(type, text) {
  if (text === "") return undefined;
  if (type.split(";")[0] === "application/x-www-form-urlencoded") return members(new URLSearchParams(text));
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// What the server got: of the headers those in pick. What is redacted, members
// of queries and bodies and headers, shows as #1 for its first value, #2 for the
// next; values has those of each name so far.
function observe({ method, path, query, headers, body, status }, pick, redact, values) {
  const number = (name, value) => {
    if (!redact.includes(name)) return value;
    const known = values.get(name) ?? values.set(name, []).get(name);
    if (!known.includes(value)) known.push(value);
    return `#${known.indexOf(value) + 1}`;
  };
  const redacted = (list) => Object.fromEntries(Object.entries(list).map(([name, value]) => [name, number(name, value)]));
  const picked = pick.filter((name) => headers[name]).map((name) => [name, headers[name]]);
  return {
    request: `${method} ${path}`, status,
    ...(Object.keys(query).length > 0 && { query: redacted(query) }),
    ...(picked.length > 0 && { headers: redacted(Object.fromEntries(picked)) }),
    ...(body !== undefined && { body: typeof body === "object" && body !== null && !Array.isArray(body) ? redacted(body) : body }),
  };
}
