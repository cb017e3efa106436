// Google, as far as the playbook needs it: OAuth, whose refresh tokens stay
// the same, and Calendar's list with sync tokens that can expire.
//
//	https://developers.google.com/identity/protocols/oauth2/web-server
//	https://developers.google.com/workspace/calendar/api/guides/sync
import { randomBytes } from "node:crypto";
import { Grants } from "./grants.mjs";
import { bearer, Limit, startSite } from "./site.mjs";

export const calendarScope = "https://www.googleapis.com/auth/calendar.events.readonly";
const perMinute = { most: 600, within: 60_000 }; // per user; https://developers.google.com/workspace/calendar/api/guides/quota

/**
 * Starts Google. `life` is an access token's, in ms (Google's own: an hour);
 * `pageSize` bounds a page, so that paging happens with few events; `now` is its
 * clock, tokens excepted, which live by real time.
 *
 * The result, over a site: {grants, limit, changes, change(summary),
 * expireSyncTokens()}. A change is one state of an event, {id, updated, …}.
 */
export async function startGoogle({ life = 3600_000, pageSize = 3, now = Date.now } = {}) {
  const client = { id: "407.apps.googleusercontent.com", secret: randomBytes(16).toString("hex") };
  const grants = new Grants({ client, rotate: false, pkce: true, life, prefixes: { access: "ya29.", refresh: "1//" } });
  const limit = new Limit(perMinute.most, perMinute.within);
  const changes = []; // in the order in which they happened
  let epoch = 1; // sync tokens of earlier ones are gone
  let lastUpdated = 0;

  const methods = {
    "GET /o/oauth2/v2/auth": ({ query }) => {
      // Without them Google gives no refresh token, or only the first time.
      if (query.get("access_type") !== "offline" || query.get("prompt") !== "consent") throw new Error("no refresh token was asked for");
      return { status: 302, headers: { location: grants.authorize(query) }, body: "" };
    },
    "POST /token": (request) => {
      const { error, grant, access, refresh, expires } = grants.token(request);
      if (error) return { status: error === "invalid_client" ? 401 : 400, body: { error }, note: error };
      return { status: 200, body: { access_token: access, expires_in: expires, scope: grant.scopes.join(" "), token_type: "Bearer", ...(refresh && { refresh_token: refresh }) } };
    },
    "POST /revoke": ({ form }) => (grants.revoke(form.get("token")) ? { status: 200, body: {} } : { status: 400, body: { error: "invalid_token" } }),
    "GET /calendar/v3/calendars/primary/events": (request) => {
      if (limit.take(request.at) > 0) return refuse(403, "rateLimitExceeded");
      const scopes = grants.scopes(bearer(request));
      if (scopes === undefined) return refuse(401, "authError");
      if (!scopes.includes(calendarScope)) return refuse(403, "insufficientPermissions");
      return list(request.query);
    },
  };

  // list is a full list, or what changed since a sync token. Tokens are
  // `epoch:index`; a page token adds where the page begins.
  function list(query) {
    const [tokenEpoch, since] = (query.get("syncToken") ?? `${epoch}:0`).split(":").map(Number);
    if (tokenEpoch !== epoch) return refuse(410, "fullSyncRequired");
    const most = Math.min(Number(query.get("maxResults") ?? 250), pageSize);
    const from = Number(query.get("pageToken") ?? 0);
    // The list shows each event once, in its last state.
    const states = new Map(changes.slice(since).map((change) => [change.id, change]));
    const items = [...states.values()].slice(from, from + most);
    const more = from + most < states.size;
    return {
      status: 200,
      body: { kind: "calendar#events", items, ...(more ? { nextPageToken: String(from + most) } : { nextSyncToken: `${epoch}:${changes.length}` }) },
    };
  }

  const site = await startSite("google", ["accounts.google.com", "oauth2.googleapis.com", "www.googleapis.com"], async (request) => {
    const method = methods[`${request.method} ${request.path}`];
    return method ? method(request) : refuse(404, "notFound");
  }, now);
  return Object.assign(site, {
    grants, limit, changes, client,
    /** Somebody makes an appointment, or changes the one given. */
    change(summary, event = { id: randomBytes(13).toString("hex") }) {
      lastUpdated = Math.max(lastUpdated + 1, now());
      const state = { ...event, kind: "calendar#event", status: "confirmed", summary, updated: new Date(lastUpdated).toISOString() };
      changes.push(state);
      return state;
    },
    /** Google forgets its sync tokens: the next use of one is answered 410. */
    expireSyncTokens: () => void epoch++,
  });
}

const refuse = (status, reason) => ({ status, body: { error: { code: status, message: reason, errors: [{ reason }] } }, note: reason });
