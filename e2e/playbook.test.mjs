// The playbook, compressed: the six failure modes one after another on one
// stage, and what docs/playbook.md says an operator sees.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { root } from "./harness.mjs";
import { holdsNotices } from "./notices.mjs";
import { account, faultsOf } from "./playbook/account.mjs";
import { modes } from "./playbook/modes.mjs";
import { openStage } from "./playbook/stage.mjs";
import { must } from "./scene.mjs";

let stage, page;
before(async () => {
  stage = await openStage();
  page = await readFile(path.join(root, "docs/playbook.md"), "utf8");
});
after(() => stage?.close());

for (const { name, guarantee, run } of modes) {
  test(`${name}: ${guarantee}`, { timeout: 120_000 }, async () => {
    const before = stage.product.logs.length;
    await run(stage);
    const section = page.split(/^## /m).find((part) => part.startsWith(`${name}\n`));
    assert.ok(section, "docs/playbook.md has a section of it");
    assert.ok(section.includes(`make playbook ONLY=${name}`));
    const [, logged] = section.match(/^- In the log: (.*)$/m);
    const seen = new Set(stage.product.logs.slice(before).map((line) => eventOf(line.message)));
    for (const [, event] of logged.matchAll(/`([a-z_.]+)`/g)) assert.ok(seen.has(event), `${event} is not in the log, but ${[...seen].join(" ")}`);
  });
}

test("nothing was doubled, lost, out of order or over a limit", () => {
  assert.deepEqual(faultsOf(account(stage)), []);
});

test("what the agent was told is as docs/events.md says", async () => {
  const counts = await holdsNotices(stage.agent.arrivals);
  for (const type of ["webhook.missed", "connection.needs_reauth", "upstream.drift"]) assert.ok(counts[`hookweir.${type}`] > 0, JSON.stringify(counts));
});

// The table of docs/deploying.md is held to the code by docs_severity_test.go.
test("every line of the log says how grave it is", () => {
  const levels = new Map();
  for (const { message } of stage.product.logs) {
    const event = eventOf(message);
    if (event !== undefined) levels.set(event, JSON.parse(message).level);
  }
  const grave = ["vault.connection_needs_reauth", "breaker_opened", "upstream.drift", "webhook.refused"];
  for (const [event, level] of levels) assert.ok(grave.includes(event) ? level === "warn" : ["info", "warn"].includes(level), `${event}: ${level}`);
  for (const event of ["vault.connection_needs_reauth", "upstream.drift", "webhook.refused", "poll.ran"]) assert.ok(levels.has(event), event);
});

test("an event of no message, a forgery's, is one too many", () => {
  const { slack } = stage;
  const without = { ...stage, slack: { ...slack, messages: slack.messages.slice(1) } };
  assert.deepEqual(faultsOf(account(without)), ["Slack messages → agent: doubled 1"]);
});

// The table would show it: one write again, as if the product had sent it
// twice, and another that never comes, in the same row.
test("one write doubled and another lost do not make up for each other", async () => {
  const { actor, salesforce } = stage;
  const { record, step } = actor.writes.at(-1);
  const { json: { access_token, instance_url } } = await must(stage.admin("POST", "/connections/salesforce/token"));
  const again = await stage.outside(`${instance_url}/services/data/v62.0/sobjects/Case/External_Id__c/${record}`, {
    method: "PATCH", headers: { authorization: `Bearer ${access_token}` }, body: JSON.stringify({ Step__c: step }),
  });
  assert.equal(again.status, 200);
  actor.writes.push({ record: "case-lost", step: 1 });
  assert.deepEqual(faultsOf(account(stage)), ["writes → Salesforce: doubled 1", "writes → Salesforce: lost 1"]);
  assert.equal(salesforce.disorder, 0);
});

function eventOf(message) {
  try {
    return JSON.parse(message).event;
  } catch {
    return undefined;
  }
}
