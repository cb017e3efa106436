// The outside systems of the playbook enforce their rules: what its table says
// is read off their own logs, and would be worth nothing otherwise. No product
// here; each clock is the test's.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { answerOf } from "./harness.mjs";
import { calendarScope, startGoogle } from "./playbook/google.mjs";
import { budget, startSalesforce } from "./playbook/salesforce.mjs";
import { internet } from "./playbook/site.mjs";
import { channel, startSlack } from "./playbook/slack.mjs";

const redirect = "https://hooks.example.com/oauth/callback";
// RFC 7636, Appendix B.
const verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/** A provider's OAuth, asked as a client would. */
function client({ out, authorizeURL, tokenURL, site, scope, more = {} }) {
  const post = (form) => out(new Request(tokenURL, { method: "POST", body: new URLSearchParams({ client_id: site.client.id, client_secret: site.client.secret, ...form }) })).then(answerOf);
  const authorize = async (over = {}) => {
    const url = new URL(authorizeURL);
    const query = { client_id: site.client.id, response_type: "code", state: "s", redirect_uri: redirect, scope, code_challenge: challenge, code_challenge_method: "S256", ...more, ...over };
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    return out(new Request(url, { redirect: "manual" }));
  };
  const code = async () => new URL((await authorize()).headers.get("location")).searchParams.get("code");
  const exchange = async (over = {}) => post({ grant_type: "authorization_code", code: await code(), redirect_uri: redirect, code_verifier: verifier, ...over });
  const refresh = (token, over) => post({ grant_type: "refresh_token", refresh_token: token, ...over });
  return { authorize, code, exchange, refresh };
}

describe("Slack", () => {
  let slack, oauth, now = Date.UTC(2026, 10, 26), out;
  const api = (token, path, query = {}) => out(new Request(`https://slack.com/api/${path}?${new URLSearchParams(query)}`, { headers: token ? { authorization: `Bearer ${token}` } : {} })).then(answerOf);
  before(async () => {
    slack = await startSlack({ pageSize: 3, now: () => now });
    out = internet([slack]);
    oauth = client({ out, site: slack, authorizeURL: "https://slack.com/oauth/v2/authorize", tokenURL: "https://slack.com/api/oauth.v2.access", scope: "channels:history" });
  });
  after(() => slack.stop());

  test("a refresh token is good once, and a copy of it is noticed", async () => {
    const { json: first } = await oauth.exchange();
    const { json: second } = await oauth.refresh(first.refresh_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    const { reuses } = slack.grants;
    assert.equal((await oauth.refresh(first.refresh_token)).json.error, "invalid_refresh_token");
    assert.equal(slack.grants.reuses, reuses + 1);
    assert.equal((await oauth.refresh(second.refresh_token, { client_secret: "guessed" })).json.error, "invalid_client");
    assert.equal((await oauth.refresh(second.refresh_token)).json.ok, true, "a refusal uses nothing up");
  });

  test("a code is good once, for the redirect it was made for", async () => {
    const code = await oauth.code();
    assert.equal((await oauth.exchange({ code, redirect_uri: "https://elsewhere.example/" })).json.ok, false);
    assert.equal((await oauth.exchange({ code })).json.ok, false, "used up");
    assert.equal((await oauth.authorize({ state: undefined })).status, 500);
  });

  test("a token may what it was granted, while it lives", async () => {
    const { json: { access_token: token } } = await oauth.exchange();
    assert.equal((await api(token, "users.list")).json.error, "missing_scope");
    assert.equal((await api(undefined, "conversations.history")).json.error, "not_authed");
    assert.equal((await api(token, "conversations.history", { channel: "C0" })).json.error, "channel_not_found");
    const { life } = slack.grants;
    slack.grants.life = -1; // the next one is born expired
    assert.equal((await api((await oauth.exchange()).json.access_token, "conversations.history")).json.error, "token_expired");
    slack.grants.life = life;
  });

  test("history comes in pages, newest first, from `oldest` on", async () => {
    now += 60_000;
    const { json: { access_token: token } } = await oauth.exchange();
    const posted = Array.from({ length: 8 }, (_, i) => slack.post(`m${i}`));
    slack.draft("nobody wrote this");
    const seen = [];
    let cursor = "";
    do {
      const { json } = await api(token, "conversations.history", { channel, oldest: posted[1].ts, limit: 100, ...(cursor && { cursor }) });
      assert.ok(json.messages.length <= 3);
      seen.push(...json.messages.map((m) => m.text));
      cursor = json.response_metadata?.next_cursor;
      assert.equal(json.has_more, cursor !== undefined);
    } while (cursor);
    assert.deepEqual(seen, ["m7", "m6", "m5", "m4", "m3", "m2"], "`oldest` itself is left out");
    const { json } = await api(token, "conversations.history", { channel, oldest: posted[6].ts, inclusive: "true" });
    assert.deepEqual(json.messages.map((m) => m.text), ["m7", "m6"]);
  });

  test("the 51st request within a minute is one too many, and told when to come again", async () => {
    now += 60_000;
    const { json: { access_token: token } } = await oauth.exchange();
    const history = () => api(token, "conversations.history", { channel });
    const { excess } = slack.limit;
    for (let i = 0; i < 50; i++) assert.equal((await history()).status, 200);
    now += 20_000;
    const { status, headers } = await history();
    assert.deepEqual([status, headers.get("retry-after"), slack.limit.excess], [429, "40", excess + 1]);
    now += 39_000;
    assert.equal((await history()).status, 429);
    now += 1_000;
    assert.equal((await history()).status, 200);
  });
});

describe("Google", () => {
  let google, oauth, token, out, now = Date.UTC(2026, 10, 26);
  const list = (query = {}, bearer = token) => out(new Request(`https://www.googleapis.com/calendar/v3/calendars/primary/events?${new URLSearchParams(query)}`, { headers: { authorization: `Bearer ${bearer}` } })).then(answerOf);
  before(async () => {
    google = await startGoogle({ pageSize: 2, now: () => now });
    out = internet([google]);
    oauth = client({ out, site: google, authorizeURL: "https://accounts.google.com/o/oauth2/v2/auth", tokenURL: "https://oauth2.googleapis.com/token", scope: calendarScope, more: { access_type: "offline", prompt: "consent" } });
    token = (await oauth.exchange()).json.access_token;
  });
  after(() => google.stop());

  test("asks for PKCE, and for what gives a refresh token, which stays", async () => {
    for (const over of [{ code_challenge: undefined }, { code_challenge_method: "plain" }, { access_type: "online" }, { prompt: undefined }]) assert.equal((await oauth.authorize(over)).status, 500);
    const { status, json } = await oauth.exchange({ code_verifier: `${verifier}x` });
    assert.deepEqual([status, json.error], [400, "invalid_grant"]);
    const { json: { refresh_token: refresh } } = await oauth.exchange();
    for (let i = 0; i < 2; i++) assert.equal((await oauth.refresh(refresh)).json.refresh_token, undefined);
    assert.equal(google.grants.reuses, 0);
  });

  test("a token of another scope may not", async () => {
    const other = client({ out, site: google, authorizeURL: "https://accounts.google.com/o/oauth2/v2/auth", tokenURL: "https://oauth2.googleapis.com/token", scope: "openid", more: { access_type: "offline", prompt: "consent" } });
    assert.equal((await list({}, (await other.exchange()).json.access_token)).status, 403);
    assert.equal((await list({}, "ya29.guessed")).status, 401);
  });

  test("a sync token gives what has changed since, until it is forgotten: 410", async () => {
    for (let i = 0; i < 3; i++) google.change(`a${i}`);
    const first = (await list()).json;
    assert.deepEqual([first.items.map((e) => e.summary), first.nextSyncToken], [["a0", "a1"], undefined]);
    const last = (await list({ pageToken: first.nextPageToken })).json;
    assert.deepEqual([last.items.map((e) => e.summary), last.nextPageToken], [["a2"], undefined]);
    google.change("a1, later", { id: first.items[1].id });
    const since = (await list({ syncToken: last.nextSyncToken })).json;
    assert.deepEqual(since.items.map((e) => e.summary), ["a1, later"]);
    google.expireSyncTokens();
    assert.equal((await list({ syncToken: since.nextSyncToken })).status, 410);
    assert.equal((await list({ syncToken: last.nextSyncToken })).status, 410);
    assert.equal((await list()).status, 200);
  });

  test("the 601st request within a minute is one too many", async () => {
    now += 60_000;
    for (let i = 0; i < 600; i++) google.limit.take(now);
    const { status, json } = await list();
    assert.deepEqual([status, json.error.errors[0].reason, google.limit.excess], [403, "rateLimitExceeded", 1]);
  });
});

describe("Salesforce", () => {
  let org, oauth, token, out, now = Date.UTC(2026, 10, 26);
  const upsert = (record, step, bearer = token, host = new URL(org.instanceURL).host) => out(new Request(`https://${host}/services/data/v62.0/sobjects/Case/External_Id__c/${record}`, {
    method: "PATCH", headers: { authorization: `Bearer ${bearer}` }, body: JSON.stringify({ Step__c: step }),
  })).then(answerOf);
  before(async () => {
    org = await startSalesforce({ now: () => now });
    out = internet([org]);
    oauth = client({ out, site: org, authorizeURL: "https://login.salesforce.com/services/oauth2/authorize", tokenURL: "https://login.salesforce.com/services/oauth2/token", scope: "api refresh_token" });
    const { json } = await oauth.exchange();
    assert.equal(json.instance_url, org.instanceURL);
    token = json.access_token;
  });
  after(() => org.stop());

  test("its API is at the instance, for who has a token", async () => {
    assert.equal((await upsert("r", 1, token, "login.salesforce.com")).status, 404);
    assert.equal((await upsert("r", 1, "00D!guessed")).status, 401);
    assert.equal(org.records.size, 0);
  });

  test("a 503 has no effect, and says when to come again", async () => {
    now += 1_000;
    org.ill = () => true;
    const { status, headers } = await upsert("r", 1);
    assert.deepEqual([status, headers.get("retry-after"), org.records.size, org.unavailable], [503, "1", 0, 1]);
    org.ill = () => false;
  });

  test("counts what comes twice, too early or too late", async () => {
    now += 1_000;
    for (const [step, status] of [[1, 201], [2, 200], [2, 200], [4, 200], [3, 200]]) assert.equal((await upsert("r", step)).status, status);
    assert.deepEqual(org.records.get("r"), [1, 2, 2, 4, 3]);
    assert.equal(org.disorder, 2, "4 before 3, and 3 after it");
    assert.deepEqual(org.took().map(({ step }) => step), [1, 2, 2, 4, 3]);
  });

  test("one request over its budget within a second is one too many", async () => {
    now += 1_000;
    const most = budget.requests + budget.burst;
    for (let i = 0; i < most; i++) assert.equal((await upsert(`b${i}`, 1)).status, 201);
    const { status, json } = await upsert("over", 1);
    assert.deepEqual([status, json[0].errorCode, org.limit.excess, org.records.has("over")], [403, "REQUEST_LIMIT_EXCEEDED", 1, false]);
    now += 1_000;
    assert.equal((await upsert("over", 1)).status, 201);
  });
});
