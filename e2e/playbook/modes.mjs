// The six ways in which integrations fail (DESIGN §1), each made to happen and
// each without effect. A mode throws when its guarantee did not hold.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { answerOf } from "../harness.mjs";
import { must } from "../scene.mjs";
import { budget } from "./salesforce.mjs";
import { authorize, chatter, connect, patience, received, runPoll, written } from "./stage.mjs";

/** Rows: the name that ONLY= takes, the guarantee, and the scenario. */
export const modes = [
  { name: "dropped-webhook", guarantee: "G3, G9: what the webhook lost, the poll finds, under the same key", run: droppedWebhook },
  { name: "duplicate", guarantee: "G1, G4: one event key, one effect; a forgery none", run: duplicate },
  { name: "token-leak", guarantee: "G5, G6: a refresh token is good once, a scope is narrow, and nobody goes on unauthenticated", run: tokenLeak },
  { name: "downstream-503", guarantee: "G3, G7: a write is retried until it is done, once, in its place", run: downstream503 },
  { name: "burst", guarantee: "G8: a destination's budget is never exceeded", run: burst },
  { name: "schema-change", guarantee: "a tool that changed is not called before somebody has looked", run: schemaChange },
];

/** The notices of a kind that reached the agent. */
const notices = (stage, kind) => stage.agent.arrivals.filter((a) => a.event?.type === kind).map((a) => a.event);

const told = (stage, kind, which = () => true) => stage.until(`the agent to be told ${kind}`, () => notices(stage, kind).find((event) => which(event.data)), patience);

// A third of the webhooks never leaves Slack. The poll behind them asks the
// history and finds exactly those.
async function droppedWebhook(stage) {
  const { say, slack } = stage;
  say("slack", "12 messages; the webhook of every third is dropped on the way");
  const sent = await chatter(stage, 12, { fate: (i) => (i % 3 === 1 ? "drop" : "send"), records: ["case-drop-1", "case-drop-2"] });
  const arrives = sent.filter((s) => s.fate === "send"), dropped = sent.filter((s) => s.fate === "drop");
  await received(stage, arrives.map((s) => s.key));
  say("agent", `has ${arrives.length}; ${dropped.length} are missing`);
  await runPoll(stage, "slack", () => dropped.every((s) => stage.agent.ids().includes(s.key)));
  await written(stage);
  for (const { key, fate } of sent) {
    const arrivals = stage.agent.by(key);
    assert.equal(arrivals.length, 1, key);
    assert.equal(arrivals[0].event.hookweirorigin, fate === "drop" ? "poll" : "webhook");
  }
  const notice = await told(stage, "hookweir.webhook.missed", (data) => data.keys.includes(dropped[0].key));
  say("agent", `has all ${sent.length}, each once, and was told: webhook.missed, ${notice.data.count}`);
  assert.equal(slack.limit.excess, 0);
}

// Slack sends the same message five times at once and once more later; a
// stranger sends it twice forged, and one that nobody wrote. If that came, the
// table would have it as doubled: the agent has it, and Slack never did.
async function duplicate(stage) {
  const { slack, say } = stage;
  const message = slack.post("case-dup: please refund order 1001");
  say("slack", "sends one message five times at once, and once more when it was delivered");
  const together = await Promise.all(Array.from({ length: 5 }, () => slack.deliver(stage.webhook, message).then(answerOf)));
  for (const answer of together) assert.ok(answer.status === 202 || answer.status === 200, answer.text);
  const [key, ...others] = new Set(together.map((answer) => answer.json.id));
  assert.deepEqual(others, [], "one key");
  await received(stage, [key]);
  const late = await slack.deliver(stage.webhook, message).then(answerOf);
  assert.deepEqual([late.status, late.json.duplicate], [200, true]);
  say("stranger", "signs it with another secret, alters a signed one, and makes one up");
  const draft = slack.draft("case-dup: please refund order 1002");
  for (const [forged, how] of [[message, { secret: "of the stranger" }], [message, { alter: (body) => body.replace("1001", "9999") }], [draft, { secret: "of the stranger" }]]) {
    assert.equal((await slack.deliver(stage.webhook, forged, how)).status, 401);
  }
  await written(stage);
  const arrivals = stage.agent.by(key);
  assert.equal(arrivals.length, 1);
  assert.ok(arrivals[0].verified, arrivals[0].error);
  assert.ok(JSON.stringify(arrivals[0].event.data).includes("order 1001"));
  assert.deepEqual(stage.salesforce.records.get("case-dup"), [1]);
  say("agent", `got it once, verified, as ${key}`);
}

// A copy of a connection's tokens leaks. Whatever the thief does next is of no
// use, or it is heard.
async function tokenLeak(stage) {
  const { say, slack } = stage;
  const { grants } = slack;
  const life = grants.life;
  grants.life = 3_000; // Slack's are 12 hours; all else follows from it
  await connect(stage, "slack", "slack-leak");
  const { access, refresh } = grants.newest;
  say("thief", "has a copy of Slack's access token and refresh token");
  for (const [method, path] of [["POST", "/api/chat.postMessage"], ["GET", "/api/users.list"]]) {
    const answer = await as(stage, access, method, path);
    assert.equal(answer.json.error, "missing_scope", path);
  }
  say("slack", "the connection asked for channels:history alone: the thief may not write, nor list people");
  await stage.until("the product to refresh by itself", () => !grants.refreshable(refresh), patience);
  grants.life = life;
  assert.equal((await spend(stage, refresh)).json.error, "invalid_refresh_token");
  say("slack", "Hookweir has refreshed, at 80 % of the token's life: the stolen refresh token is dead");
  await stage.until("the stolen access token to expire", async () => grants.scopes(access) === undefined, patience);
  assert.equal((await as(stage, access, "GET", "/api/conversations.history")).json.error, "token_expired");
  const { json: live } = await must(stage.admin("POST", "/connections/slack-leak/token"));
  assert.ok(grants.scopes(live.access_token), "the connection lives");
  assert.deepEqual(await leaks(stage, grants.issued), [], "no token is readable in storage or logs");
  say("operator", `no token is in the storage or the logs; ${grants.issued.length} were looked for`);

  // The worst case: the thief is first.
  grants.life = 3_000;
  await authorize(stage, "slack-leak");
  assert.equal((await spend(stage, grants.newest.refresh)).json.ok, true);
  grants.life = life;
  say("thief", "spends the next refresh token before Hookweir does");
  const notice = await told(stage, "hookweir.connection.needs_reauth", (data) => data.connection === "slack-leak");
  const refused = await stage.admin("POST", "/connections/slack-leak/token");
  assert.deepEqual([refused.status, refused.json.code], [409, "needs_reauth"]);
  say("agent", `is told when that refresh is refused: needs_reauth, ${notice.data.cause}; callers get 409, no call leaves without a token`);
  const ended = await must(stage.admin("DELETE", "/connections/slack-leak"));
  say("operator", `DELETE …/connections/slack-leak: ${JSON.stringify(ended.json)}`);
}

/** A call of Slack's API by whoever has a token. */
const as = (stage, token, method, path) => stage.outside(`https://slack.com${path}`, { method, headers: { authorization: `Bearer ${token}` } }).then(answerOf);

/** Spends a refresh token at Slack, with the client's secret too. */
function spend({ outside, slack }, token) {
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: token, client_id: slack.client.id, client_secret: slack.client.secret });
  return outside("https://slack.com/api/oauth.v2.access", { method: "POST", body }).then(answerOf);
}

/** Where in the product's storage and logs one of the texts can be read. */
export async function leaks(stage, texts) {
  const found = [];
  const places = [["the logs", Buffer.from(stage.product.logs.map((line) => line.message).join("\n"))]];
  for (const entry of await readdir(stage.storage, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(path.join(entry.parentPath, entry.name)).catch(() => undefined);
    if (bytes) places.push([entry.name, bytes]); // else an object has just been evicted, and its shared memory with it
  }
  assert.ok(places.some(([, bytes]) => bytes.includes(`${stage.tenant}/slack`)), "what is not sealed can be found");
  for (const [place, bytes] of places) if (texts.some((text) => bytes.includes(text))) found.push(place);
  return found;
}

// Salesforce is down for some seconds in the middle of the writes.
async function downstream503(stage) {
  const { say, salesforce } = stage;
  const before = salesforce.unavailable;
  salesforce.ill = () => true;
  say("salesforce", "answers 503 to everything");
  const sent = await chatter(stage, 12, { records: ["case-503-1", "case-503-2", "case-503-3"] });
  await received(stage, sent.map((s) => s.key));
  await stage.until("Salesforce to have refused some", () => salesforce.unavailable >= before + 5, patience);
  const { json } = await must(stage.admin("GET", "/destinations/salesforce"));
  say("operator", `GET …/destinations/salesforce: ${json.queue.depth} wait, breaker ${json.queue.breaker.state}`);
  assert.ok(json.queue.depth > 0, "what is not done waits");
  salesforce.ill = () => false;
  say("salesforce", `is well again, after ${salesforce.unavailable - before} answers of 503`);
  await written(stage);
  for (const record of ["case-503-1", "case-503-2", "case-503-3"]) assert.deepEqual(salesforce.records.get(record), [1, 2, 3, 4]);
  assert.equal(salesforce.disorder, 0);
  say("salesforce", "every write took effect once, each record's in order");
}

// Far more at once than Salesforce takes.
async function burst(stage) {
  const { say, salesforce, actor } = stage;
  const count = 4 * budget.requests;
  say("agent", `hands over ${count} writes in one request; Salesforce takes ${budget.requests} a second, ${budget.burst} at once`);
  const began = Date.now();
  const list = Array.from({ length: count }, (_, i) => ({
    method: "PATCH", path: `/services/data/v62.0/sobjects/Case/External_Id__c/burst-${i}`, body: { Step__c: 1 }, idempotency_key: `burst-${i}`,
  }));
  const answer = await actor.offer(list);
  assert.equal(answer.status, 202, answer.text);
  actor.writes.push(...answer.json.ids.map((id, i) => ({ id, record: `burst-${i}`, step: 1 })));
  await written(stage);
  const seconds = (Date.now() - began) / 1000;
  for (const { path, body } of list) assert.deepEqual(salesforce.records.get(path.split("/").at(-1)), [body.Step__c], `${path}, once`);
  assert.equal(salesforce.limit.excess, 0);
  say("salesforce", `took ${count} in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(1)} a second) and counted no excess`);
}

// A tool of the upstream MCP server changes what it asks for.
async function schemaChange(stage) {
  const { say, desk, actor } = stage;
  const args = { case: "case-1", team: "billing" };
  const served = desk.tools;
  await routes(actor, args);
  const calls = desk.calls.length;
  desk.tools = served.map((tool) => (tool.name === "route_case" ? { ...tool, inputSchema: { ...tool.inputSchema, required: ["case", "team", "customer_email"] } } : tool));
  say("desk", "route_case now wants customer_email");
  const refused = await actor.tool("desk__route_case", args);
  assert.equal(JSON.parse(refused.content[0].text).code, "tool_changed");
  assert.equal(desk.calls.length, calls, "the call did not reach it");
  say("agent", "gets a tool error, tool_changed; nothing reached the upstream");
  const notice = await told(stage, "hookweir.upstream.drift", (data) => data.upstream === "desk");
  const { json: drift } = await must(stage.admin("GET", "/upstreams/desk/drift"));
  const [item] = drift.items.filter((i) => i.name === "route_case");
  assert.deepEqual([item.class, item.action], ["breaking", "block"]);
  say("operator", `GET …/upstreams/desk/drift: ${item.name} ${item.class}, ${item.changes.length} changes; report ${notice.data.report.slice(0, 12)}…`);
  await must(stage.admin("POST", "/upstreams/desk/approve", { report: drift.report }));
  await routes(actor, { ...args, customer_email: "a@example.com" });
  say("operator", "approves that report; the new tool may be called");
  desk.tools = served;
  const { json: back } = await must(stage.admin("GET", "/upstreams/desk/drift"));
  if (back.items.length > 0) await must(stage.admin("POST", "/upstreams/desk/approve", { report: back.report }));
}

async function routes(actor, args) {
  const answer = await actor.tool("desk__route_case", args);
  assert.equal(answer.content[0].text, "route_case ran");
  actor.routed.push(args);
}
