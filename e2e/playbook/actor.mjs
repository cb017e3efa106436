// What the agent does with its events, all of it through Hookweir: for each
// message about a record it looks up in the knowledge base whose case it is,
// has the desk's tool route it, and hands over one write, the next step of
// that record.
import { call, until } from "../harness.mjs";
import { dataOf } from "../agent.mjs";
import { dataOf as resultOf, eras } from "../mcp.mjs";

/** How long a write is offered again before the playbook is over, in ms. */
const patience = 60_000;

/**
 * Starts acting on what reaches the agent; `key` is the tenant's API key.
 *
 * The result: {writes, routed, offer(body), tool(name, args), idle(), stop()}.
 * A write is {id, event, record, step}, in the order in which Hookweir accepted
 * them; `routed` are the arguments of the desk's tool in each call that was answered.
 */
export async function startActor(stage, key) {
  const mcp = await eras["2026-07-28 (client 2)"](`${stage.product.url}/mcp/${stage.tenant}`, key);
  const tool = (name, args) => mcp.callTool({ name, arguments: args });
  const steps = new Map(); // record → the last step
  const seen = new Set(); // webhook-ids: the agent's idempotency
  const writes = [];
  const actor = { writes, tool, routed: [], waiting: 0 };
  let last = Promise.resolve();

  stage.agent.behave = (arrival) => {
    const record = arrival.verified && recordOf(arrival);
    if (record && !seen.has(arrival.id)) {
      seen.add(arrival.id);
      actor.waiting++;
      last = last.then(() => write(arrival.id, record)).finally(() => actor.waiting--);
      last.catch((error) => stage.say("agent", `GIVES UP: ${error.message}`));
    }
    return {};
  };

  async function write(event, record) {
    const step = (steps.get(record) ?? 0) + 1;
    steps.set(record, step);
    const prefix = record.split("-")[0];
    const { rows: [[team]] } = resultOf(await tool("query_knowledge", { sql: "SELECT team FROM teams WHERE prefix = ?", params: [prefix] }));
    const routed = await tool("desk__route_case", { case: record, team });
    if (routed.isError) throw new Error(routed.content[0].text);
    actor.routed.push({ case: record, team });
    const answer = await until(`the write of ${event} to be accepted`, async () => {
      const got = await offer({
        method: "PATCH", path: `/services/data/v62.0/sobjects/Case/External_Id__c/${record}`,
        body: { Step__c: step, Team__c: team }, partition_key: record, idempotency_key: event,
      });
      return got.status === 202 && got;
    }, patience);
    writes.push({ id: answer.json.id, event, record, step });
  }

  const offer = (body) => call(`${stage.product.url}/v1/tenants/${stage.tenant}/destinations/salesforce/writes`, "POST", body, { authorization: `Bearer ${key}` });

  return Object.assign(actor, { offer, idle: () => actor.waiting === 0, stop: () => mcp.leave() });
}

/** The record that a Slack message is about: `case-1: …`; found by webhook or poll. */
function recordOf(arrival) {
  if (!arrival.event.type.startsWith("com.slack.")) return undefined;
  const data = JSON.parse(dataOf(arrival));
  return (data.event ?? data).text?.match(/^([\w-]+): /)?.[1];
}
