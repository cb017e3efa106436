// docs/runbooks.md, done: every command against the product, in the situation
// it is for.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { startCloudflare } from "./cloudflare.mjs";
import { startDestination } from "./destination.mjs";
import { answerOf, readVars, root } from "./harness.mjs";
import { commands, shell } from "./pages.mjs";
import { must } from "./scene.mjs";
import { chatter, openStage, received, runPoll, written } from "./playbook/stage.mjs";

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

test("a provider has stopped sending", { timeout: 60_000 }, async () => {
  const section = "A provider has stopped sending";
  const [lost] = await chatter(stage, 1, { fate: () => "drop" });
  await runPoll(stage, "slack", () => stage.agent.ids().includes(lost.key));
  const [events, poll] = await lines(section, 0);
  assert.ok(events.events.length > 0);
  assert.ok(poll.totals.missed >= 1, JSON.stringify(poll.totals));
  await step(section, 1);
});

test("a destination is down, and comes back", { timeout: 60_000 }, async () => {
  stage.salesforce.ill = () => true;
  const before = stage.salesforce.unavailable;
  await chatter(stage, 3);
  await stage.until("Salesforce to have refused", () => stage.salesforce.unavailable >= before + 3);
  const down = await json("A destination is down", 0);
  assert.ok(down.queue.depth >= 3 && down.queue.oldest);
  stage.salesforce.ill = () => false;
  await written(stage);
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

  const put = await putSecrets((await commands(page, section))[0], both);
  assert.deepEqual(put, { hookweir: { SOURCE_KEYS: both.SOURCE_KEYS }, "hookweir-consumers": both });
  await deploy(both);
  await works();
  assert.equal((await sent(leaked)).status, 401);
  await deploy(ring); // too early
  assert.equal((await sent(newSecret)).status, 503);
  assert.equal((await read()).json.code, "unavailable");
  assert.deepEqual(billing.arrivals, [], "nothing goes without its token");
  await deploy(both);
  await stage.until("every vault to be under the new key", async () => (await lines(section, 1)).at(-1).done === true);
  await shell(`${vars}\n${(await commands(page, section))[2].replace("https://billing.example.com/v1", billing.url)}`, { url: stage.product.url, agent: stage.agent.url });
  await deploy(ring);
  assert.equal((await fetch(`${stage.product.url}/healthz`)).status, 200);
  await works();
  assert.equal((await must(read())).status, 200);
  assert.deepEqual(billing.arrivals.map((a) => a.headers.authorization), ["Bearer the-api-token"]);
  assert.ok((await must(stage.admin("POST", "/connections/google/token"))).json.access_token);
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
