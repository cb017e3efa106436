// docs/playbook.md, "The same for your agent": its commands, in the order of
// the page, against the playbook's outside systems; then everything works.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answerOf } from "./harness.mjs";
import { post } from "./mcp.mjs";
import { commands, shell } from "./pages.mjs";
import { consent, keyOfChange, openStage, received } from "./playbook/stage.mjs";
import { channel, keyOf } from "./playbook/slack.mjs";
import { must } from "./scene.mjs";

const page = "docs/playbook.md", section = "The same for your agent", tenant = "mine";

let stage;
before(async () => {
  stage = await openStage();
  delete stage.agent.behave; // the stage's own actor, of another tenant
});
after(() => stage?.close());

test("the commands configure an agent with everything on", { timeout: 120_000 }, async () => {
  const { slack, google, salesforce, desk } = stage;
  const [vars, endpoints, accounts, ...rest] = (await commands(page, section)).map((block) => {
    let mine = block.replaceAll("/tenants/acme", `/tenants/${tenant}`).replace("acme/slack/", `${tenant}/slack/`)
      .replace(/whsec_\w+/, stage.secret).replace(/"secrets":\["\w+"\]/, `"secrets":["${slack.signingSecret}"]`);
    for (const site of [slack, google, salesforce]) mine = mine.replace(`${site.name}-client-id`, site.client.id).replace(`${site.name}-client-secret`, site.client.secret);
    return mine;
  });
  const run = async (block) => (await shell(`${vars}\n${block}`, { url: stage.product.url, agent: stage.agent.url })).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  await run(endpoints);
  const links = (await run(accounts)).map((answer) => answer.url).filter(Boolean);
  assert.equal(links.length, 3);
  for (const link of links) await consent(stage, await answerOf(await fetch(link, { redirect: "manual" })));
  for (const block of rest) await run(block);

  const admin = (method, route, body) => must(stage.product.admin(method, `/tenants/${tenant}${route}`, body));
  for (const name of ["slack", "google", "salesforce"]) {
    const { json } = await admin("GET", `/connections/${name}`);
    assert.deepEqual([json.state, json.granted_scopes], ["active", json.requested_scopes], name);
  }

  // A message by webhook, an appointment by poll, the write, the desk's tool.
  const message = slack.post("case-1: hello");
  assert.equal((await slack.deliver(`${stage.product.url}/webhooks/${tenant}/slack`, message)).status, 202);
  const change = google.change("appointment");
  for (const poll of ["slack", "calendar"]) {
    await stage.until(`poll ${poll} to run`, async () => (await admin("POST", `/polls/${poll}/run`)).json.outcome === "ok");
    const { json } = await admin("GET", `/polls/${poll}`);
    assert.deepEqual([json.state, json.definition.params?.channel], ["ok", poll === "slack" ? channel : undefined]);
  }
  await received(stage, [keyOf(tenant, message), keyOfChange(tenant, change)]);
  await stage.until("the write to arrive", () => salesforce.records.get("case-1")?.length === 1);
  const { json: { key } } = await admin("POST", "/keys", { label: "agent" });
  const calls = desk.calls.length;
  const answer = await post(`${stage.product.url}/mcp/${tenant}`, key, "tools/call", { name: "desk__route_case", arguments: { case: "case-1", team: "support" } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(desk.calls.length, calls + 1);
});
