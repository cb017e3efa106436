// Other people's APIs: one HTTP server on loopback with a list per preset,
// each with its provider's paging, cursors and limits as documented, over one
// list of events that tests add to. What a preset asks for wrongly, it gets no
// answer to.
//
//	/{preset}/…  the API of a preset; its events: apis.of(preset)
//	apis.log     every request: {at, api, path, status, used}
import http from "node:http";
import { randomUUID } from "node:crypto";

/** Items on a page, whatever is asked for: every API may give fewer. */
const pageSize = 3;

const iso = (ms) => new Date(ms).toISOString();
const json = (status, body, headers = {}) => ({ status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });

/**
 * Starts the server.
 *
 * The result: {url, log, now(), clock, budget, of(api), add(api, n), down, stop()}.
 * budget, while it is set, is {limit, window}: requests per window (ms) and
 * API, told in GitHub's headers, refused with 403 beyond; a 304 is not charged.
 * clock is added to the time; down(api, url, request) => what to answer
 * instead, {status, headers, body}, or undefined; or a promise of it.
 */
export async function startAPIs() {
  const apis = {
    log: [], clock: 0, down: () => undefined, budget: undefined,
    now: () => Date.now() + apis.clock,
    lists: new Map(),
    of(api) {
      if (!apis.lists.has(api)) apis.lists.set(api, []);
      return apis.lists.get(api);
    },
    /** Adds events; they happen a second apart, the last one now. */
    add(api, n = 1, more = () => ({})) {
      const list = apis.of(api);
      const from = apis.now() - (n - 1) * 1000;
      return Array.from({ length: n }, (_, i) => {
        const at = from + i * 1000;
        const event = { seq: list.length + 1, at, id: `${api}-${list.length + 1}`, guid: randomUUID(), ...more(i, at) };
        list.push(event);
        return event;
      });
    },
  };
  const spent = new Map();
  function charge(api) {
    if (!apis.budget) return {};
    const { limit, window } = apis.budget;
    const start = Math.floor(apis.now() / window) * window;
    let s = spent.get(api);
    if (s?.start !== start) spent.set(api, (s = { start, used: 0 }));
    const headers = () => ({ "x-ratelimit-limit": limit, "x-ratelimit-remaining": Math.max(limit - s.used, 0), "x-ratelimit-reset": Math.ceil((start + window) / 1000) });
    return { over: s.used >= limit, take: () => s.used++, headers, used: () => s.used };
  }

  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const url = new URL(request.url, apis.url);
    const [, api, ...rest] = url.pathname.split("/");
    const budget = charge(api);
    let answer;
    if (budget.over) answer = json(403, { message: "API rate limit exceeded" });
    else {
      const body = parts.length ? JSON.parse(Buffer.concat(parts)) : undefined;
      answer = (await apis.down(api, url, request)) ?? routes[api]?.({ apis, api, path: `/${rest.join("/")}`, q: url.searchParams, body, headers: request.headers, method: request.method, base: `${apis.url}/${api}` }) ?? json(404, { message: "Not Found" });
      if (answer.status !== 304) budget.take?.();
    }
    apis.log.push({ at: apis.now(), api, path: request.url, method: request.method, status: answer.status, used: budget.used?.() });
    response.writeHead(answer.status, { ...answer.headers, ...budget.headers?.() }).end(answer.body);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  apis.url = `http://127.0.0.1:${server.address().port}`;
  apis.stop = () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
  return apis;
}

/** A page of a list that begins at an offset. */
const page = (list, from) => ({ items: list.slice(from, from + pageSize), more: from + pageSize < list.length, next: from + pageSize });
const newest = (list) => [...list].reverse();
const after = (list, ms) => list.filter((e) => e.at >= ms);
const number = (text) => Number(text ?? 0) || 0;
const need = (condition) => (condition ? undefined : json(400, { message: "Bad Request" }));

/**
 * The APIs. Each is ({apis, api, path, q, body, headers, method, base}) =>
 * answer; undefined is 404.
 */
const routes = {
  airtable({ apis, path, q }) {
    if (path !== "/v0/bases/b/webhooks/w/payloads") return;
    const from = number(q.get("cursor") ?? 1) - 1;
    const p = page(apis.of("airtable"), from);
    return json(200, { payloads: p.items.map((e) => ({ baseTransactionNumber: e.seq, timestamp: iso(e.at) })), cursor: from + p.items.length + 1, mightHaveMore: p.more });
  },
  feed({ apis, path, headers }) {
    if (path !== "/feed.xml") return;
    const list = apis.of("feed");
    const etag = `"${list.length}"`;
    if (headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
    const items = newest(list).slice(0, 20).map((e) => `<item><guid>${e.id}</guid><title>T &amp; ${e.seq}</title><pubDate>${new Date(e.at).toUTCString()}</pubDate></item>`);
    return { status: 200, headers: { etag, "content-type": "application/rss+xml" }, body: `<?xml version="1.0"?><rss version="2.0"><channel><title>c</title>${items.join("")}</channel></rss>` };
  },
  "json-feed"({ apis, path, q, base }) {
    if (path !== "/feed.json") return;
    const p = page(newest(apis.of("json-feed")), number(q.get("from")));
    return json(200, { version: "https://jsonfeed.org/version/1.1", items: p.items.map((e) => ({ id: e.id, date_published: iso(e.at), content_text: "x" })), ...(p.more && { next_url: `${base}/feed.json?from=${p.next}` }) });
  },
  "github-deliveries"({ apis, path, q, headers, method, base }) {
    const list = newest(apis.of("github-deliveries"));
    const root = "/repos/acme/site/hooks/1/deliveries";
    if (headers.accept !== "application/vnd.github+json" || !path.startsWith(root)) return;
    const one = path.slice(root.length + 1);
    if (one !== "") {
      const [id, attempts] = one.split("/");
      const e = list.find((x) => String(x.seq) === id);
      if (!e) return;
      if (attempts === "attempts" && method === "POST") return e.redeliver?.(), json(202, {});
      return json(200, { id: e.seq, guid: e.guid, event: "push", request: { headers: {}, payload: e.payload ?? { seq: e.seq } } });
    }
    const etag = `"${list.length}"`;
    if (headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
    const from = q.get("cursor") ? list.findIndex((e) => `v1_${e.seq}` === q.get("cursor")) : 0;
    const p = page(list, Math.max(from, 0));
    const link = p.more ? { link: `<${base}${root}?per_page=100&cursor=v1_${list[p.next].seq}>; rel="next"` } : {};
    return json(200, p.items.map((e) => ({ id: e.seq, guid: e.guid, delivered_at: iso(e.at), redelivery: false, status: e.status === 200 ? "OK" : "failed", status_code: e.status ?? 503, event: "push", action: null })), { etag, ...link });
  },
  "github-events"({ apis, path, q, headers, base }) {
    if (path !== "/repos/acme/site/events") return;
    const list = newest(apis.of("github-events")).slice(0, 300);
    const etag = `"${list.length}"`;
    if (headers["if-none-match"] === etag) return { status: 304, headers: { etag, "x-poll-interval": "60" } };
    const at = number(q.get("page") ?? 1);
    const p = page(list, (at - 1) * pageSize);
    return json(200, p.items.map((e) => ({ id: String(e.seq), type: "PushEvent", created_at: iso(e.at) })), { etag, "x-poll-interval": "60", ...(p.more && { link: `<${base}/repos/acme/site/events?page=${at + 1}>; rel="next"` }) });
  },
  gmail({ apis, path, q }) {
    const list = apis.of("gmail");
    if (path === "/gmail/v1/users/me/profile") return json(200, { emailAddress: "a@example.com", historyId: String(list.length + 100) });
    if (path !== "/gmail/v1/users/me/history") return;
    const start = number(q.get("startHistoryId")) - 100;
    if (start < 0) return json(404, { error: { code: 404 } });
    const p = page(list, start + number(q.get("pageToken")));
    return json(200, { ...(p.items.length && { history: p.items.map((e) => ({ id: String(100 + e.seq), messagesAdded: [] })) }), ...(p.more && { nextPageToken: String(number(q.get("pageToken")) + pageSize) }), historyId: String(list.length + 100) });
  },
  "google-calendar"({ apis, path, q }) {
    if (path !== "/calendar/v3/calendars/primary/events") return;
    const list = apis.of("google-calendar");
    const from = number(q.get("syncToken")?.slice(4)) + number(q.get("pageToken"));
    const p = page(list, from);
    return json(200, { items: p.items.map((e) => ({ id: e.id, status: "confirmed", updated: iso(e.at) })), ...(p.more ? { nextPageToken: String(number(q.get("pageToken")) + pageSize) } : { nextSyncToken: `sync${from + p.items.length}` }) });
  },
  "google-drive"({ apis, path, q }) {
    const list = apis.of("google-drive");
    if (path === "/drive/v3/changes/startPageToken") return json(200, { startPageToken: String(list.length) });
    if (path !== "/drive/v3/changes" || !q.has("pageToken")) return;
    const p = page(list, number(q.get("pageToken")));
    return json(200, { changes: p.items.map((e) => ({ changeType: "file", fileId: e.id, time: iso(e.at), removed: false })), ...(p.more ? { nextPageToken: String(p.next) } : { newStartPageToken: String(list.length) }) });
  },
  hubspot({ apis, path, body, method }) {
    if (path !== "/crm/v3/objects/deals/search" || method !== "POST") return;
    const [filter] = body.filterGroups[0].filters;
    const bad = need(filter.operator === "GTE" && filter.propertyName === "hs_lastmodifieddate" && body.sorts[0].direction === "ASCENDING" && body.limit <= 200);
    const list = after(apis.of("hubspot"), number(filter.value));
    return bad ?? json(200, { total: list.length, results: list.slice(0, body.limit).map((e) => ({ id: String(e.seq), updatedAt: iso(e.at), properties: {} })) });
  },
  jira({ apis, path, q }) {
    if (path !== "/rest/api/3/search/jql") return;
    const [, minutes] = /^\(project = OPS\) AND updated >= -(\d+)m ORDER BY updated ASC$/.exec(q.get("jql")) ?? [];
    const list = after(apis.of("jira"), Math.floor((apis.now() - number(minutes) * 60_000) / 60_000) * 60_000);
    const p = page(list, number(q.get("nextPageToken")));
    return need(minutes) ?? json(200, { issues: p.items.map((e) => ({ id: String(e.seq), key: `OPS-${e.seq}`, fields: { updated: iso(e.at).replace("Z", "+0000") } })), isLast: !p.more, ...(p.more && { nextPageToken: String(p.next) }) });
  },
  linear({ apis, path, body }) {
    if (path !== "/graphql" || !body.query.includes("orderBy:updatedAt")) return;
    const list = newest(after(apis.of("linear"), Date.parse(body.variables.since)));
    const p = page(list, number(body.variables.after));
    return json(200, { data: { issues: { nodes: p.items.map((e) => ({ id: e.id, updatedAt: iso(e.at) })), pageInfo: { hasNextPage: p.more, endCursor: String(p.next) } } } });
  },
  "microsoft-graph"({ apis, path, q, base }) {
    if (path !== "/v1.0/me/mailFolders/inbox/messages/delta") return;
    const list = apis.of("microsoft-graph");
    const from = number(q.get("$skiptoken") ?? q.get("$deltatoken"));
    const p = page(list, from);
    const link = p.more ? { "@odata.nextLink": `${base}${path}?$skiptoken=${p.next}` } : { "@odata.deltaLink": `${base}${path}?$deltatoken=${from + p.items.length}` };
    return json(200, { value: p.items.map((e) => ({ id: e.id, changeKey: "k", lastModifiedDateTime: iso(e.at) })), ...link });
  },
  notion({ apis, path, body, headers }) {
    if (path !== "/v1/search" || headers["notion-version"] !== "2022-06-28") return;
    const minute = (ms) => Math.floor(ms / 60_000) * 60_000; // Notion's times are whole minutes
    const p = page(newest(apis.of("notion")), number(body.start_cursor));
    return json(200, { results: p.items.map((e) => ({ object: "page", id: e.id, last_edited_time: iso(minute(e.at)) })), has_more: p.more, next_cursor: p.more ? String(p.next) : null });
  },
  salesforce({ apis, path, q, base }) {
    if (path.startsWith("/services/data/v62.0/query/")) return soql(apis, apis.of("salesforce"), number(path.split("-")[1]), base);
    if (path !== "/services/data/v62.0/queryAll") return;
    const [, since] = /^SELECT Id,SystemModstamp,CreatedDate FROM Account WHERE SystemModstamp >= (\S+) ORDER BY SystemModstamp ASC,Id ASC$/.exec(q.get("q")) ?? [];
    const list = apis.of("salesforce");
    return need(since) ?? soql(apis, list, list.length - after(list, Date.parse(since)).length, base);
  },
  shopify({ apis, path, body }) {
    if (path !== "/admin/api/2026-10/graphql.json") return;
    const [, since] = /^updated_at:>='(.*)'$/.exec(body.variables.query) ?? [];
    const p = page(after(apis.of("shopify"), Date.parse(since)), number(body.variables.after));
    return need(since) ?? json(200, { data: { orders: { nodes: p.items.map((e) => ({ id: e.id, updatedAt: iso(e.at) })), pageInfo: { hasNextPage: p.more, endCursor: String(p.next) } } } });
  },
  slack({ apis, path, q }) {
    if (path !== "/api/conversations.history" || q.get("channel") !== "C1" || q.get("inclusive") !== "true") return;
    const list = newest(after(apis.of("slack"), Math.floor(number(q.get("oldest")) * 1000)));
    const p = page(list, number(q.get("cursor")));
    return json(200, { ok: true, messages: p.items.map((e) => ({ type: "message", text: "hi", ts: `${Math.floor(e.at / 1000)}.${String(e.at % 1000).padStart(3, "0")}${String(e.seq % 1000).padStart(3, "0")}` })), has_more: p.more, response_metadata: { next_cursor: p.more ? String(p.next) : "" } });
  },
  stripe({ apis, path, q }) {
    if (path !== "/v1/events") return;
    const list = newest(after(apis.of("stripe"), number(q.get("created[gte]")) * 1000));
    const p = page(list, q.get("starting_after") ? list.findIndex((e) => e.id === q.get("starting_after")) + 1 : 0);
    return json(200, { object: "list", data: p.items.map((e) => e.body ?? { id: e.id, object: "event", type: "invoice.paid", created: Math.floor(e.at / 1000) }), has_more: p.more });
  },
  zendesk({ apis, path, q }) {
    if (path !== "/api/v2/incremental/tickets/cursor.json") return;
    const list = apis.of("zendesk").filter((e) => e.at <= apis.now() - 60_000); // never the last minute
    const from = q.has("cursor") ? number(q.get("cursor")) : list.length - after(list, number(q.get("start_time")) * 1000).length;
    const p = page(list, from);
    return json(200, { tickets: p.items.map((e) => ({ id: e.seq, updated_at: iso(e.at) })), after_cursor: String(from + p.items.length), end_of_stream: !p.more });
  },
};

function soql(apis, list, from, base) {
  const p = page(list, from);
  return json(200, { records: p.items.map((e) => ({ Id: e.id, SystemModstamp: iso(e.at).replace("Z", "+0000") })), done: !p.more, ...(p.more && { nextRecordsUrl: `${new URL(base).pathname}/services/data/v62.0/query/x-${p.next}` }) });
}

/** A definition's own part for each preset, as these APIs want it. */
export const presets = {
  airtable: { params: { base: "b", webhook: "w" } },
  feed: { params: { path: "feed.xml" } },
  "json-feed": { params: { path: "feed.json" } },
  "github-deliveries": { params: { hook: "repos/acme/site/hooks/1" } },
  "github-events": { params: { of: "repos/acme/site" } },
  gmail: {},
  "google-calendar": {},
  "google-drive": {},
  hubspot: { params: { object: "deals" }, limit: 4 },
  jira: { params: { jql: "project = OPS" } },
  linear: {},
  "microsoft-graph": { params: { resource: "me/mailFolders/inbox/messages" } },
  notion: {},
  salesforce: { params: { object: "Account" } },
  shopify: {},
  slack: { params: { channel: "C1" } },
  stripe: {},
  zendesk: {},
};
