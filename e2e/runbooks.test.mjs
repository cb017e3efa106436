// docs/runbooks.md, done: every command against the product, in the situation
// it is for.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { startCloudflare } from "./cloudflare.mjs";
import { startDestination } from "./destination.mjs";
import { answerOf, call, readVars, root } from "./harness.mjs";
import { holdsNotices } from "./notices.mjs";
import { commands, shell } from "./pages.mjs";
import { must } from "./scene.mjs";
import { authorize, chatter, connections, openStage, received, runPoll, written } from "./playbook/stage.mjs";

const page = "docs/runbooks.md";
let stage, vars;
before(async () => {
  stage = await openStage();
  [vars] = await commands(page);
});
after(() => stage?.close());

/** Runs one block of a section. */
const step = async (section, n) => shell(`${vars}\n${(await commands(page, section))[n]}`, { url: stage.product.url, agent: stage.agent.url });
const json = async (section, n) => JSON.parse(await step(section, n));
/** What a block of several commands prints, one JSON per line. */
const lines = async (section, n) => (await step(section, n)).split("\n").filter(Boolean).map((line) => JSON.parse(line));

const newSecret = "the new signing secret from Slack";

test("the yearly review of scopes", async () => {
  const report = await json("The yearly review of scopes", 0);
  assert.deepEqual(report.scopes.map((s) => [s.scope, s.requested, s.granted]), [["channels:history", true, true]]);
  assert.deepEqual([report.over_granted, report.missing], [[], []]);
});

test("dead letters are looked at, sent again, and cleared", { timeout: 60_000 }, async () => {
  const section = "Dead letters";
  const { salesforce } = stage;
  // Salesforce refuses these for good: there is no such object.
  const { json: accepted } = await must(stage.admin("POST", "/destinations/salesforce/writes", Array.from({ length: 2 }, (_, i) => ({ method: "POST", path: `/services/data/v62.0/sobjects/Nothing/${i}`, body: {} }))));
  // The agent says 410 to an event, and comes back.
  const { behave } = stage.agent;
  stage.agent.behave = (arrival) => (arrival.event.type.startsWith("com.slack.") ? { status: 410 } : behave(arrival));
  const [gone] = await chatter(stage, 1, { records: ["case-gone"] });
  await stage.until("the event to be dead", async () => (await lines(section, 0))[0].events.some((e) => e.key === gone.key));
  stage.agent.behave = behave;
  await must(stage.admin("PUT", "/agent", { url: stage.agent.url }));
  await stage.until("the writes to be dead", async () => (await lines(section, 0)).at(-1).writes.length === 2);
  const { json: dead } = await must(stage.admin("GET", `/writes/${accepted.ids[0]}`));
  assert.equal(dead.tries[0].status, 404);
  const tried = () => salesforce.log.filter((line) => line.path.includes("/sobjects/Nothing/")).length;
  const before = tried();
  // Dead with it may be a notice of the writes, which came when the agent was gone.
  const keys = (await lines(section, 0))[0].events.map((e) => e.key);
  assert.ok(keys.includes(gone.key));
  assert.deepEqual((await lines(section, 1)).map((answer) => answer.replayed), [keys.length, 2]);
  await received(stage, keys);
  assert.deepEqual(stage.agent.by(gone.key).map((a) => a.status), [410, 204]);
  assert.deepEqual((await lines(section, 0))[0].events, []);
  await stage.until("them to be dead again", async () => tried() === before + 2 && (await lines(section, 0)).at(-1).writes.length === 2);
  stage.agent.behave = (arrival) => (arrival.event.type.startsWith("com.slack.") ? { status: 410 } : behave(arrival));
  const [unwanted] = await chatter(stage, 1, { records: ["case-unwanted"] });
  await stage.until("another event to be dead", async () => (await lines(section, 0))[0].events.some((e) => e.key === unwanted.key));
  stage.agent.behave = behave;
  await must(stage.admin("PUT", "/agent", { url: stage.agent.url }));
  const slacks = (await lines(section, 0))[0].events.filter((e) => e.source === "slack");
  assert.deepEqual((await lines(section, 2)).map((answer) => answer.purged), [slacks.length, 2]);
  const [events, writes] = await lines(section, 0);
  assert.deepEqual([events.events.filter((e) => e.source === "slack"), writes.writes], [[], []]);
});

test("the agent has stopped, and starts again", { timeout: 60_000 }, async () => {
  const section = "The agent is down, or has stopped";
  const { behave } = stage.agent;
  stage.agent.behave = (arrival) => (arrival.event.type.startsWith("com.slack.") ? { status: 503 } : behave(arrival));
  const [waits] = await chatter(stage, 1, { records: ["case-down"] });
  await stage.until("the event to wait", async () => (await lines(section, 0))[1].events.some((e) => e.key === waits.key && e.last_error === "http_503"));
  assert.equal((await lines(section, 0))[0].state, "active");
  stage.agent.behave = (arrival) => (arrival.event.type.startsWith("com.slack.") ? { status: 410 } : behave(arrival));
  await must(stage.admin("POST", `/events/${encodeURIComponent(waits.key)}/replay`)); // does not wait for its time
  await stage.until("the agent to have stopped", async () => (await lines(section, 0))[0].state === "stopped");
  stage.agent.behave = behave;
  const [agent, { replayed }] = await lines(section, 1);
  assert.equal(agent.state, "active");
  assert.ok(replayed >= 1);
  await received(stage, [waits.key]);
  assert.deepEqual(stage.agent.by(waits.key).map((a) => a.status).filter((status) => status !== 503), [410, 204]);
});

test("a tenant's key, and the operator's token, have leaked", { timeout: 60_000 }, async () => {
  const section = "The operator's token, or a tenant's key, has leaked";
  const [putAdmin, endKey, look] = await commands(page, section);
  const { json: made } = await must(stage.admin("POST", "/keys", { label: "leaked" }));
  const as = (key) => call(`${stage.product.url}/v1/tenants/acme/sources`, "GET", undefined, { authorization: `Bearer ${key}` });
  assert.equal((await as(made.key)).status, 200);
  const [listed] = JSON.parse((await shell(`${vars}\n${endKey.split("\n")[0]}`, { url: stage.product.url })).trim()).keys.filter((k) => k.label === "leaked");
  await shell(`${vars}\nKEY_ID=${listed.id}\n${endKey}`, { url: stage.product.url });
  assert.equal((await as(made.key)).status, 401);
  const seen = await shell(`${vars}\n${look}`, { url: stage.product.url });
  for (const name of [stage.agent.url, '"source":"slack"', '"destination":"salesforce"', '"upstream":"desk"', '"connection":"google"']) assert.ok(seen.includes(name), `${name} in ${seen}`);

  const folder = await mkdtemp(path.join(tmpdir(), "hookweir-admin-"));
  const cloudflare = await startCloudflare();
  try {
    Object.assign(cloudflare.account.secrets, { "hookweir-consumers": {} });
    await shell(`PATH=${root}/node_modules/.bin:$PATH\n${putAdmin.replace("tee admin-token", `tee ${folder}/admin-token`).replace("npx ", "")}`, { cwd: root, env: { ...cloudflare.env, WRANGLER_SEND_METRICS: "false" } });
    const { ADMIN_TOKEN } = cloudflare.account.secrets["hookweir-consumers"];
    assert.equal(ADMIN_TOKEN.trim(), (await readFile(path.join(folder, "admin-token"), "utf8")).trim());
    assert.match(ADMIN_TOKEN, /^[0-9a-f]{64}\n?$/);
  } finally {
    await cloudflare.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test("a provider has stopped sending", { timeout: 60_000 }, async () => {
  const section = "A provider has stopped sending";
  const [lost] = await chatter(stage, 1, { fate: () => "drop" });
  await runPoll(stage, "slack", () => stage.agent.ids().includes(lost.key));
  const [events, poll] = await lines(section, 0);
  assert.ok(events.events.length > 0);
  assert.ok(poll.totals.missed >= 1, JSON.stringify(poll.totals));
  await step(section, 1);
});

test("a destination is down, and comes back", { timeout: 120_000 }, async () => {
  stage.salesforce.ill = () => true;
  const sent = await chatter(stage, 12, { records: Array.from({ length: 12 }, (_, i) => `case-away-${i}`) });
  const down = await stage.until("the breaker to open", async () => {
    const answer = await json("A destination is down", 0);
    return answer.queue.breaker.state === "open" && answer;
  });
  assert.ok(new Date(down.queue.breaker.until) > new Date(), down.queue.breaker.until);
  assert.ok(down.queue.depth > 0 && down.queue.oldest, JSON.stringify(down.queue));
  await stage.until("the agent to be told", () => stage.agent.arrivals.some((a) => a.event.type === "hookweir.breaker.opened"));
  // Longer: the destination as GET shows it, with more patience. Who puts it has mended it, so it is asked at once.
  const { destination: _, generation: __, created: ___, updated: ____, queue: _____, ...settings } = down;
  await must(stage.admin("PUT", "/destinations/salesforce", { ...settings, retry: { ...settings.retry, max_attempts: 100, max_age: "720h" } }));
  stage.salesforce.ill = () => false;
  await received(stage, sent.map((s) => s.key));
  await written(stage);
  assert.equal((await json("A destination is down", 0)).queue.breaker.state, "closed");
});

test("order is restored after a park", { timeout: 60_000 }, async (t) => {
  const section = "Restoring order after a park";
  // A destination without idempotency, which does not answer.
  let lose = true;
  const crm = await startDestination({ behave: () => ({ hang: lose }) });
  t.after(() => crm.stop());
  const seen = () => crm.arrivals.map(({ body }) => JSON.parse(body).n);
  await must(stage.admin("PUT", "/destinations/crm", { base_url: crm.url, idempotency_header: "none", timeout: "1s" }));
  const write = (n) => must(stage.admin("POST", "/destinations/crm/writes", { method: "POST", path: "/notes", body: { n }, partition_key: "case-1" }));
  await write(1);
  await write(2);
  await stage.until("the first to be parked", async () => (await json(section, 0)).writes.length === 1);
  assert.deepEqual(seen(), [1], "the key waits");
  lose = false;
  assert.equal((await json(section, 1)).replayed, 1);
  await stage.until("both, in order", () => seen().length === 3);
  assert.deepEqual(seen(), [1, 1, 2]);
  lose = true;
  const parked = () => stage.until("it to be parked", async () => {
    const { writes } = await json(section, 0);
    return writes.length === 1 && writes[0];
  });
  await write(3);
  const { id } = await parked();
  await must(stage.admin("POST", `/writes/${encodeURIComponent(id)}/cancel`));
  await write(4);
  await parked();
  assert.equal((await json(section, 2)).purged, 1);
});

test("a connection's tokens have leaked", { timeout: 60_000 }, async () => {
  const { json: held } = await must(stage.admin("POST", "/connections/slack/token"));
  assert.ok(stage.slack.grants.scopes(held.access_token));
  const ended = await json("A connection's tokens have leaked", 0);
  assert.deepEqual([ended.connection, ended.pending, ended.not_revocable], ["slack", false, ["refresh_token"]]);
  assert.equal(stage.slack.grants.scopes(held.access_token), undefined, "Slack knows");
  assert.equal((await stage.admin("POST", "/connections/slack/token")).json.code, "not_found");
  // What waits meanwhile comes when somebody has authorized it anew.
  const [lost] = await chatter(stage, 1, { fate: () => "drop" });
  await must(stage.admin("POST", "/polls/slack/run"));
  await stage.until("the poll to wait", async () => (await must(stage.admin("GET", "/polls/slack"))).json.state === "paused");
  const { client } = stage.slack;
  await must(stage.admin("PUT", "/connections/slack", { ...connections.slack, client_id: client.id, client_secret: client.secret }));
  await authorize(stage, "slack");
  const { json: { budget: _, created: __, destination: ___, generation: ____, queue: _____, updated: ______, ...slack } } = await must(stage.admin("GET", "/destinations/slack"));
  await must(stage.admin("PUT", "/destinations/slack", slack)); // or wait a minute: the breaker is open so long
  await runPoll(stage, "slack", () => stage.agent.ids().includes(lost.key));
});

test("a signing secret has leaked", async () => {
  const section = "A signing secret has leaked";
  await step(section, 0);
  assert.ok((await json(section, 1)).events.length >= 1);
  assert.equal((await must(stage.admin("GET", "/sources/slack"))).json.secrets.length, 1);
});

// The last one: it deploys anew, which also ends the isolates' cache of the
// secret that has leaked (rotation.test.mjs waits for that).
test("the key rings are rotated, and nothing is lost on the way", { timeout: 180_000 }, async (t) => {
  const section = "Rotating the key rings";
  const development = await readVars("consumers/.dev.vars.example");
  const fresh = () => `n${randomBytes(3).toString("hex")}:${randomBytes(32).toString("base64")}`;
  const ring = { SOURCE_KEYS: fresh(), VAULT_KEYS: fresh() };
  const both = Object.fromEntries(Object.entries(ring).map(([name, key]) => [name, `${key},${development[name]}`]));
  const deploy = (keys) => stage.restart({ worker: { SOURCE_KEYS: keys.SOURCE_KEYS }, consumers: keys });
  const billing = await startDestination();
  t.after(() => billing.stop());
  await must(stage.admin("PUT", "/destinations/billing", { base_url: billing.url, auth: { type: "bearer", token: "the-api-token" } }));
  const read = () => stage.admin("POST", "/destinations/billing/reads", { path: "/invoices" });
  const leaked = stage.slack.signingSecret;
  const sent = (secret) => stage.slack.deliver(stage.webhook, stage.slack.post("a message"), { secret });
  const works = async () => received(stage, [(await answerOf(await sent(newSecret))).json.id]);

  const [makes, puts, , again] = await commands(page, section);
  assert.match(await shell(makes), /^k2:[A-Za-z0-9+/]{43}=\n$/);
  assert.match(puts.trim().split("\n")[0], /SOURCE_KEYS +#/, "the worker comes first");
  const put = await putSecrets(puts, both);
  assert.deepEqual(put, { hookweir: { SOURCE_KEYS: both.SOURCE_KEYS }, "hookweir-consumers": both });
  // The consumers first: what they seal meanwhile, the worker cannot open.
  await stage.restart({ worker: { SOURCE_KEYS: development.SOURCE_KEYS }, consumers: both });
  await must(stage.admin("PUT", "/sources/other", { provider: "slack", secrets: ["of another source of Slack's"] }));
  assert.equal((await stage.slack.deliver(stage.webhook.replace(/slack$/, "other"), stage.slack.post("a message"), { secret: "of another source of Slack's" })).status, 503);
  await must(stage.admin("DELETE", "/sources/other"));
  await deploy(both);
  await works();
  assert.equal((await sent(leaked)).status, 401);
  await deploy(ring); // too early
  assert.equal((await sent(newSecret)).status, 503);
  assert.equal((await read()).json.code, "unavailable");
  assert.deepEqual(billing.arrivals, [], "nothing goes without its token");
  await deploy(both);
  await stage.until("every vault to be under the new key", async () => (await lines(section, 2)).at(-1).done === true);
  await shell(`${vars}\n${again.replace("https://billing.example.com/v1", billing.url)}`, { url: stage.product.url, agent: stage.agent.url });
  await deploy(ring);
  assert.equal((await fetch(`${stage.product.url}/healthz`)).status, 200);
  await works();
  assert.equal((await must(read())).status, 200);
  assert.deepEqual(billing.arrivals.map((a) => a.headers.authorization), ["Bearer the-api-token"]);
  assert.ok((await must(stage.admin("POST", "/connections/google/token"))).json.access_token);
});

test("what the agent was told meanwhile is as docs/events.md says", async () => {
  const counts = await holdsNotices(stage.agent.arrivals);
  for (const type of ["write.dead", "write.parked", "breaker.opened", "webhook.missed", "poll.paused", "poll.resumed", "upstream.drift"]) assert.ok(counts[`hookweir.${type}`] > 0, `${type}: ${JSON.stringify(counts)}`);
});

// putSecrets runs lines of `wrangler secret put`, each given the value of its
// secret as an operator would paste it, on an account in memory: what its
// Workers have then.
async function putSecrets(block, values) {
  const cloudflare = await startCloudflare();
  try {
    Object.assign(cloudflare.account.secrets, { hookweir: {}, "hookweir-consumers": {} });
    const piped = block.replaceAll(/^ *npx (wrangler secret put (\w+))/gm, `printf %s "$$NEW_$2" | $1`);
    assert.notEqual(piped, block);
    const env = { ...cloudflare.env, WRANGLER_SEND_METRICS: "false", ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`NEW_${name}`, value])) };
    await shell(`PATH=${root}/node_modules/.bin:$PATH\n${piped}`, { cwd: root, env });
    return cloudflare.account.secrets;
  } finally {
    await cloudflare.stop();
  }
}
