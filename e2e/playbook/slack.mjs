// Slack, as far as the playbook needs it: the Events API signed as Slack signs
// it, conversations.history with its paging, the tier's limit, and OAuth with
// token rotation.
//
//	https://docs.slack.dev/authentication/verifying-requests-from-slack
//	https://docs.slack.dev/reference/methods/conversations.history
//	https://docs.slack.dev/apis/web-api/rate-limits (Tier 3: 50 a minute)
//	https://docs.slack.dev/authentication/using-token-rotation
import { createHmac, randomBytes } from "node:crypto";
import { Grants } from "./grants.mjs";
import { bearer, Limit, startSite } from "./site.mjs";

export const channel = "C0123456789";
const tier3 = { most: 50, within: 60_000 };

/**
 * Starts Slack. `life` is an access token's, in ms (Slack's own: 12 hours);
 * `pageSize` bounds a page, so that paging happens with few messages (Slack
 * gives apps outside of its marketplace 15 at most); `now` is its clock, tokens
 * and signatures excepted, which go by real time.
 *
 * The result, over a site: {grants, limit, messages, signingSecret, post(text),
 * draft(text), deliver(url, message)}.
 */
export async function startSlack({ life = 12 * 3600_000, pageSize = 15, now = Date.now } = {}) {
  const client = { id: "61.22", secret: randomBytes(16).toString("hex") };
  const grants = new Grants({ client, rotate: true, pkce: false, life, prefixes: { access: "xoxe.xoxb-", refresh: "xoxe-1-" } });
  const limit = new Limit(tier3.most, tier3.within);
  const signingSecret = randomBytes(16).toString("hex");
  const messages = []; // oldest first
  let lastTs = 0;

  const methods = {
    "GET /oauth/v2/authorize": ({ query }) => ({ status: 302, headers: { location: grants.authorize(query) }, body: "" }),
    "POST /api/oauth.v2.access": (request) => {
      const { error, grant, access, refresh, expires } = grants.token(request);
      if (error) return refuse(error === "invalid_grant" && request.form.has("refresh_token") ? "invalid_refresh_token" : error);
      return ok({ access_token: access, token_type: "bot", refresh_token: refresh, expires_in: expires, scope: grant.scopes.join(","), team: { id: "T061EG9R6", name: "Acme" } });
    },
    "POST /api/auth.revoke": (request) => (grants.revoke(bearer(request)) ? ok({ revoked: true }) : refuse("invalid_auth")),
    "GET /api/conversations.history": (request) => guarded(request, "channels:history", () => history(request.query)),
    "POST /api/chat.postMessage": (request) => guarded(request, "chat:write", () => ok({})),
    "GET /api/users.list": (request) => guarded(request, "users:read", () => ok({ members: [] })),
  };

  // guarded is the order in which Slack looks: the limit, the token, its scope.
  function guarded(request, scope, call) {
    const wait = limit.take(request.at);
    if (wait > 0) return { status: 429, headers: { "retry-after": String(Math.ceil(wait / 1000)) }, body: { ok: false, error: "ratelimited" }, note: "over the limit" };
    const scopes = grants.scopes(bearer(request));
    if (scopes === undefined) return refuse(bearer(request) ? "token_expired" : "not_authed");
    if (!scopes.includes(scope)) return refuse("missing_scope", { needed: scope, provided: scopes.join(",") });
    const answer = call();
    answer.headers = { "x-oauth-scopes": scopes.join(","), "x-accepted-oauth-scopes": scope };
    return answer;
  }

  // history gives a page, newest first. A cursor says where the page before ended.
  function history(query) {
    if (query.get("channel") !== channel) return refuse("channel_not_found");
    const oldest = Number(query.get("oldest") ?? 0), inclusive = query.get("inclusive") === "true";
    const most = Math.min(Number(query.get("limit") ?? 100), pageSize);
    const before = query.get("cursor") ? Number(Buffer.from(query.get("cursor"), "base64").toString().replace("next_ts:", "")) : Infinity;
    const list = messages.filter((m) => (inclusive ? Number(m.ts) >= oldest : Number(m.ts) > oldest) && Number(m.ts) < before).reverse();
    const page = list.slice(0, most);
    const more = list.length > page.length;
    return ok({
      messages: page, has_more: more, pin_count: 0,
      ...(more && { response_metadata: { next_cursor: Buffer.from(`next_ts:${page.at(-1).ts}`).toString("base64") } }),
    });
  }

  const site = await startSite("slack", ["slack.com"], async (request) => {
    const method = methods[`${request.method} ${request.path}`];
    return method ? method(request) : { status: 404, body: { ok: false, error: "unknown_method" } };
  }, now);

  /** A message as Slack would have it, and that nobody wrote: what a stranger forges. */
  function draft(text, at = now()) {
    lastTs = Math.max(lastTs + 1, at * 1000); // microseconds, never twice
    return { type: "message", user: "U061F7AUR", text, ts: `${Math.floor(lastTs / 1e6)}.${String(lastTs % 1e6).padStart(6, "0")}`, team: "T061EG9R6" };
  }

  /** Somebody writes in the channel: the message. */
  function post(text, at = now()) {
    const message = draft(text, at);
    messages.push(message);
    return message;
  }

  /** Sends the event of a message to a URL, signed: the Response. `over` changes the envelope, as for a forgery. */
  function deliver(url, message, { secret = signingSecret, at = Date.now(), alter } = {}) {
    const envelope = {
      token: "deprecated", team_id: "T061EG9R6", api_app_id: "A0FFV41KK", type: "event_callback", event_id: `Ev${message.ts.replace(".", "")}`,
      event_time: Math.floor(Number(message.ts)), event: { ...message, channel, event_ts: message.ts, channel_type: "channel" },
    };
    const signed = JSON.stringify(envelope);
    const timestamp = Math.floor(at / 1000);
    const signature = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${signed}`).digest("hex")}`;
    return fetch(url, {
      method: "POST", body: alter ? alter(signed) : signed, redirect: "manual",
      headers: { "content-type": "application/json", "x-slack-request-timestamp": String(timestamp), "x-slack-signature": signature },
    });
  }

  return Object.assign(site, { grants, limit, messages, signingSecret, client, post, draft, deliver });
}

const ok = (body) => ({ status: 200, body: { ok: true, ...body } });

// refuse is an error as Slack says it: in a 200.
const refuse = (error, more) => ({ status: 200, body: { ok: false, error, ...more }, note: error });

/** The key that webhook and poll must both give a message. */
export const keyOf = (tenant, message) => `${tenant}/slack/${channel}:${message.ts}`;
