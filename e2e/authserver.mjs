// An authorization server on loopback: the npm oidc-provider with rotation and
// reuse detection, consent given at once, and a front that misbehaves when
// told to and keeps count.
//
//	product ─▶ front: faults, grace, one at a time ─▶ oidc-provider
//	            │
//	            └─▶ calls, events
import { createHash, generateKeyPairSync } from "node:crypto";
import http from "node:http";
import Provider from "oidc-provider";

/**
 * Starts one.
 *
 * @param {object} options
 *   redirect   the redirect_uri of every client
 *   clients    [{id, secret?, auth?, jwks?}]: auth is a method of the token
 *              endpoint, default client_secret_basic; default: one client `hookweir`
 *   mode       "default": oidc-provider as it is, whose check of a used token is
 *              not atomic; "atomic": requests with one refresh token wait for
 *              each other, so that a second use is always seen; "grace": a used
 *              token gives the identical answer again for `grace` ms
 *   rotate     default true
 *   firstLife, life   of access tokens from a code and from a refresh, in
 *              seconds; default 3600
 *
 * The result: {url, calls, events, refreshes(), fault(mode, times), endGrants(), introspect, stop()}.
 * `calls` lists requests to the token endpoint: {grant, token, status}, where
 * token is a hash of the refresh token. A fault is "503", "429", "503-after",
 * "drop", "drop-after", "html", "huge", "hang", or {slow: ms}.
 */
export async function startAuthServer({ redirect, clients = [{ id: "hookweir", secret: "hookweir-client-secret" }], mode = "default", grace = 30_000, rotate = true, firstLife = 3600, life = 3600 } = {}) {
  const calls = [], events = [], faults = [];
  const front = http.createServer();
  await new Promise((resolve, reject) => front.once("error", reject).listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${front.address().port}`;

  const stored = new Map();
  const provider = new Provider(url, configuration({ redirect, clients, rotate, firstLife, life, stored }));
  for (const name of ["grant.revoked", "grant.error", "server_error", "refresh_token.consumed", "refresh_token.saved"]) {
    provider.on(name, (...args) => events.push({ name, error: args.findLast((a) => a instanceof Error)?.error_detail }));
  }
  const inner = http.createServer(consenting(provider));
  await new Promise((resolve) => inner.listen(0, "127.0.0.1", resolve));

  const busy = new Map(), answers = new Map();
  front.on("request", async (request, response) => {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return;
    const { pathname } = new URL(request.url, url);
    if (pathname !== "/token") return send(response, await forward(inner, request, body));
    const form = new URLSearchParams(body.toString());
    const refresh = form.get("refresh_token");
    const call = { grant: form.get("grant_type"), token: refresh && hash(refresh), status: 0, form };
    calls.push(call);
    const fault = faults.shift();
    if (fault === "503" || fault === "429") {
      call.status = Number(fault);
      return response.writeHead(call.status, { "retry-after": "1" }).end("busy");
    }
    if (fault === "hang") return;
    if (fault === "drop") return request.socket.destroy();
    if (fault?.slow) await new Promise((resolve) => setTimeout(resolve, fault.slow));
    const answer = await inTurn(mode !== "default" && refresh, busy, async () => {
      const known = answers.get(refresh);
      if (mode === "grace" && known && Date.now() < known.until) return known.answer;
      const answer = await forward(inner, request, body);
      if (refresh && answer.status === 200) answers.set(refresh, { answer, until: Date.now() + grace });
      return answer;
    });
    call.status = answer.status;
    if (fault === "drop-after") return request.socket.destroy();
    if (fault === "503-after") return response.writeHead(503).end("upstream connect error");
    if (fault === "html") return response.writeHead(200, { "content-type": "text/html" }).end("<html>all is well</html>");
    if (fault === "huge") return response.writeHead(200, { "content-type": "application/json" }).end(`{"access_token":"${"x".repeat(10 << 20)}"}`);
    send(response, answer);
  });

  return {
    url, calls, events,
    /** Requests of refreshes that reached the server. */
    refreshes: () => calls.filter((c) => c.grant === "refresh_token"),
    fault: (fault, times = 1) => faults.push(...Array(times).fill(fault)),
    /** What a user does who takes the consent back: every token is gone. */
    endGrants: () => stored.clear(),
    /** RFC 7662: is the token good? */
    async introspect(token, client = clients[0]) {
      const response = await fetch(`${url}/token/introspection`, {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${client.id}:${client.secret}`)}` },
        body: new URLSearchParams({ token }),
      });
      return (await response.json()).active;
    },
    async stop() {
      for (const server of [front, inner]) {
        await new Promise((resolve) => {
          server.close(resolve);
          server.closeAllConnections();
        });
      }
    },
  };
}

const hash = (secret) => createHash("sha256").update(secret).digest("hex").slice(0, 16);

const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });

function configuration({ redirect, clients, rotate, firstLife, life, stored }) {
  return {
    adapter: store(stored),
    jwks: { keys: [{ ...signing, use: "sig", alg: "RS256" }] },
    clients: clients.map(({ id, secret, auth = "client_secret_basic", jwks }) => ({
      client_id: id, redirect_uris: [redirect], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"],
      token_endpoint_auth_method: auth, ...(secret && { client_secret: secret }),
      ...(jwks && { jwks, token_endpoint_auth_signing_alg: "ES256" }),
    })),
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    cookies: { keys: ["only a test"] },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => token.clientId === client.clientId },
      pushedAuthorizationRequests: { enabled: true },
    },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/consent/${interaction.uid}` },
    issueRefreshToken: () => true,
    rotateRefreshToken: rotate,
    pkce: { required: () => true },
    scopes: ["openid", "offline_access", "read", "write"],
    ttl: {
      AccessToken: (ctx) => (ctx.oidc.params?.grant_type === "refresh_token" ? life : firstLife),
      AuthorizationCode: 60, Grant: 86_400, Interaction: 600, RefreshToken: 86_400, Session: 86_400, IdToken: 600,
    },
  };
}

// store is a memory of its own for each server: oidc-provider's default is one
// for the whole process.
function store(all) {
  return class {
    constructor(model) {
      this.key = (id) => `${model}:${id}`;
    }
    async upsert(id, payload) {
      all.set(this.key(id), payload);
    }
    async find(id) {
      return all.get(this.key(id));
    }
    async findByUid(uid) {
      return [...all.values()].find((p) => p.kind === "Session" && p.uid === uid);
    }
    async findByUserCode() {}
    async consume(id) {
      all.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
    }
    async destroy(id) {
      all.delete(this.key(id));
    }
    async revokeByGrantId(grantId) {
      for (const [key, payload] of all) if (payload.grantId === grantId) all.delete(key);
    }
  };
}

/** The provider, and in front of its consent page somebody who always agrees. */
function consenting(provider) {
  const callback = provider.callback();
  return async (request, response) => {
    if (!request.url.startsWith("/consent/")) return callback(request, response);
    try {
      const { prompt, params, session } = await provider.interactionDetails(request, response);
      if (prompt.name === "login") {
        return await provider.interactionFinished(request, response, { login: { accountId: "user" } });
      }
      const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
      grant.addOIDCScope(params.scope ?? "");
      return await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  };
}

async function inTurn(key, busy, work) {
  if (!key) return work();
  const before = busy.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  busy.set(key, mine);
  return mine;
}

function forward(inner, request, body) {
  return new Promise((resolve, reject) => {
    const out = http.request({ host: "127.0.0.1", port: inner.address().port, method: request.method, path: request.url, headers: request.headers }, async (res) => {
      resolve({ status: res.statusCode, headers: res.headers, body: await read(res) });
    });
    out.once("error", reject).end(body);
  });
}

function send(response, { status, headers, body }) {
  const { "transfer-encoding": _, ...rest } = headers;
  response.writeHead(status, rest).end(body);
}

async function read(stream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** A browser as far as a flow needs one: keeps cookies by origin, follows redirects. */
export function browser() {
  const jar = new Map();
  return {
    jar,
    /** Follows redirects until one leads to `stop`, or there is none: {url, response}. */
    async go(url, { headers = {}, stop = () => false } = {}) {
      for (let hops = 0; hops < 15; hops++) {
        const { origin } = new URL(url);
        const cookies = jar.get(origin) ?? new Map();
        jar.set(origin, cookies);
        const cookie = [...cookies].map(([k, v]) => `${k}=${v}`).join("; ");
        const response = await fetch(url, { redirect: "manual", headers: { ...headers, ...(cookie && { cookie }) } });
        for (const line of response.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
          if (/max-age=(0|-)|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name);
          else cookies.set(name, value);
        }
        const location = response.headers.get("location");
        if (response.status < 300 || response.status > 399 || !location) return { url, response };
        await response.arrayBuffer();
        url = new URL(location, url).href;
        headers = {}; // a bearer token is for the first host alone
        if (stop(url)) return { url, response };
      }
      throw new Error("redirected in circles");
    },
  };
}
