// The part of Cloudflare's API that `make provision` and the runbooks use through
// wrangler, for one account in memory: what an account would have to be created
// for.
// Routes and envelopes: https://developers.cloudflare.com/api/, read 2026-11.
import { createServer } from "node:http";
import { randomBytes, randomUUID } from "node:crypto";

const accountID = "0123456789abcdef0123456789abcdef";

/**
 * Starts it. {env, account, writes, fail, stop}: env points wrangler at it,
 * account is what it holds, writes lists what changed it; a request whose
 * "METHOD path" fail(…) returns true for is answered 500, one that refuse(…)
 * returns {status, code, message} for is answered that.
 */
export async function startCloudflare() {
  const account = { kv: [], queues: [], buckets: [], databases: [], secrets: {}, scripts: {} };
  const state = { account, writes: [], fail: () => false, refuse: () => undefined };
  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    const route = url.pathname.replace(`/client/v4/accounts/${accountID}`, "");
    let body = "";
    for await (const part of request) body += part;
    const what = `${request.method} ${route}`;
    const refused = state.fail(what, body) ? { status: 500, code: 10000, message: "Internal error" } : state.refuse(what);
    const answer = refused ? refusal(refused.status, refused.code, refused.message) : handle(account, request.method, route, url.searchParams, body);
    if (request.method !== "GET" && answer.status === 200) state.writes.push(what);
    response.writeHead(answer.status, { "content-type": "application/json" }).end(JSON.stringify(answer.json));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const env = {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${server.address().port}/client/v4`,
    CLOUDFLARE_API_TOKEN: "test-token",
    CLOUDFLARE_ACCOUNT_ID: accountID,
  };
  return Object.assign(state, { env, stop: () => new Promise((resolve) => { server.close(resolve); server.closeAllConnections(); }) });
}

const result = (value) => ({ status: 200, json: { success: true, errors: [], messages: [], result: value } });
const refusal = (status, code, message) => ({ status, json: { success: false, errors: [{ code, message }], messages: [], result: null } });

function handle(account, method, route, query, body) {
  const [, kind, name, ...rest] = route.split("/");
  switch (`${method} ${kind}`) {
    case "GET storage":
      return result(Number(query.get("page") ?? 1) > 1 ? [] : account.kv);
    case "POST storage": {
      const namespace = { id: randomBytes(16).toString("hex"), title: JSON.parse(body).title };
      account.kv.push(namespace);
      return result(namespace);
    }
    case "GET queues":
      return result(account.queues.filter((q) => !query.get("name") || q.queue_name === query.get("name")));
    case "POST queues": {
      const { queue_name } = JSON.parse(body);
      const queue = { queue_id: randomBytes(16).toString("hex"), queue_name, producers: [], consumers: [], producers_total_count: 0, consumers_total_count: 0, settings: {} };
      account.queues.push(queue);
      return result(queue);
    }
    case "GET r2":
      return account.buckets.includes(rest[0]) ? result({ name: rest[0] }) : refusal(404, 10006, "The specified bucket does not exist.");
    case "POST r2":
      account.buckets.push(JSON.parse(body).name);
      return result({});
    case "GET d1": {
      const size = Number(query.get("per_page") ?? 100), from = (Number(query.get("page") ?? 1) - 1) * size;
      return result(account.databases.slice(from, from + size));
    }
    case "POST d1": {
      const { name } = JSON.parse(body);
      if (account.databases.some((d) => d.name === name)) return refusal(400, 7502, "A database with that name already exists");
      const database = { uuid: randomUUID(), name, version: "production", created_at: new Date().toISOString(), num_tables: 0, file_size: 12288 };
      account.databases.push(database);
      return result(database);
    }
    case "POST graphql":
      return { status: 200, json: { data: { viewer: { accounts: [] } } } };
  }
  if (kind !== "workers" || name !== "scripts") return refusal(404, 7003, "Could not route to the request");
  const [script, what] = rest;
  const found = account.secrets[script];
  switch (`${method} ${what ?? ""}`) {
    case "PUT ": // a draft
      account.secrets[script] = {};
      account.scripts[script] = body;
      return result({ id: script });
    case "GET secrets":
      return found ? result(Object.keys(found).map((n) => ({ name: n, type: "secret_text" }))) : refusal(404, 10007, "This Worker does not exist on your account.");
    case "PUT secrets": {
      if (!found) return refusal(404, 10007, "This Worker does not exist on your account.");
      const secret = JSON.parse(body);
      found[secret.name] = secret.text;
      return result({ name: secret.name, type: secret.type });
    }
    case "PATCH secrets-bulk":
      if (!found) return refusal(404, 10007, "This Worker does not exist on your account.");
      for (const [n, secret] of Object.entries(JSON.parse(body).secrets)) found[n] = secret.text;
      return result({});
  }
  return refusal(404, 7003, "Could not route to the request");
}
