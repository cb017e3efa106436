// docs/runbooks.md, done: every command against the product, in the situation
// it is for.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { startDestination } from "./destination.mjs";
import { answerOf, readVars } from "./harness.mjs";
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
  await must(stage.admin("POST", "/polls/slack/run")); // a call that uses the scope
  const use = await stage.until("the use to be reported", async () => {
    const report = await json("The yearly review of scopes", 0);
    return report.calls > 0 && report;
  });
  assert.deepEqual(use.scopes.map((s) => [s.scope, s.requested, s.granted]), [["channels:history", true, true]]);
  assert.deepEqual(use.over_granted, []);
});

test("dead letters are looked at, sent again, and cleared", { timeout: 60_000 }, async () => {
  const section = "Dead letters";
  const { salesforce } = stage;
  // Salesforce refuses these for good: there is no such object.
  const { json: accepted } = await must(stage.admin("POST", "/destinations/salesforce/writes", Array.from({ length: 2 }, (_, i) => ({ method: "POST", path: `/services/data/v62.0/sobjects/Nothing/${i}`, body: {} }))));
  await stage.until("the writes to be dead", async () => (await lines(section, 0)).at(-1).writes.length === 2);
  const { json: dead } = await must(stage.admin("GET", `/writes/${accepted.ids[0]}`));
  assert.equal(dead.tries[0].status, 404);
  const before = salesforce.log.length;
  assert.equal((await lines(section, 1)).at(-1).replayed, 2);
  await stage.until("them to be dead again", async () => salesforce.log.length === before + 2 && (await lines(section, 0)).at(-1).writes.length === 2);
  assert.equal((await json(section, 2)).purged, 2);
  assert.deepEqual((await lines(section, 0)).at(-1).writes, []);
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
  const ended = await json("A connection's tokens have leaked", 0);
  assert.equal(ended.connection, "slack");
  assert.ok(ended.revoked || ended.pending);
  await stage.until("Slack to know", () => stage.slack.log.some((line) => line.path === "/api/auth.revoke"));
  assert.equal((await stage.admin("POST", "/connections/slack/token")).json.code, "needs_reauth");
});

test("a signing secret has leaked", async () => {
  const section = "A signing secret has leaked";
  await step(section, 0);
  assert.ok((await json(section, 1)).events.length >= 1);
  assert.equal((await must(stage.admin("GET", "/sources/slack"))).json.secrets.length, 1);
});

// The last one: it deploys anew, which also ends the isolates' cache of the
// secret that has leaked (rotation.test.mjs waits for that).
test("the key rings are rotated, and nothing is lost on the way", { timeout: 120_000 }, async () => {
  const section = "Rotating the key rings";
  const development = await readVars("consumers/.dev.vars.example");
  const fresh = () => `n${randomBytes(3).toString("hex")}:${randomBytes(32).toString("base64")}`;
  const ring = { SOURCE_KEYS: fresh(), VAULT_KEYS: fresh() };
  const both = Object.fromEntries(Object.entries(ring).map(([name, key]) => [name, `${key},${development[name]}`]));
  const deploy = (keys) => stage.restart({ worker: { SOURCE_KEYS: keys.SOURCE_KEYS }, consumers: keys });
  const leaked = stage.slack.signingSecret;
  const sent = (secret) => stage.slack.deliver(stage.webhook, stage.slack.post("a message"), { secret });
  const works = async () => received(stage, [(await answerOf(await sent(newSecret))).json.id]);

  await deploy(both);
  await works();
  assert.equal((await sent(leaked)).status, 401);
  await deploy(ring); // too early
  assert.equal((await sent(newSecret)).status, 503);
  await deploy(both);
  await stage.until("every vault to be under the new key", async () => (await lines(section, 0)).at(-1).done === true);
  await step(section, 1);
  await deploy(ring);
  assert.equal((await fetch(`${stage.product.url}/healthz`)).status, 200);
  await works();
  assert.ok((await must(stage.admin("POST", "/connections/google/token"))).json.access_token);
});
