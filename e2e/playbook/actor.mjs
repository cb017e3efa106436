// What the agent does with its events: for each message about a record it
// hands Hookweir one write, the next step of that record, and forgets it.
import { call, until } from "../harness.mjs";
import { dataOf } from "../agent.mjs";

/** How long a write is offered again before the playbook is over, in ms. */
const patience = 60_000;

/**
 * Starts acting on what reaches the agent; `key` is the tenant's API key.
 *
 * The result: {writes, idle()}. A write is {id, event, record, step}, in the
 * order in which Hookweir accepted them.
 */
export function startActor(stage, key) {
  const steps = new Map(); // record → the last step
  const seen = new Set(); // webhook-ids: the agent's idempotency
  const writes = [];
  let waiting = 0;
  let last = Promise.resolve();

  stage.agent.behave = (arrival) => {
    const record = arrival.verified && recordOf(arrival);
    if (record && !seen.has(arrival.id)) {
      seen.add(arrival.id);
      waiting++;
      last = last.then(() => write(arrival.id, record)).finally(() => waiting--);
      last.catch((error) => stage.say("agent", `GIVES UP: ${error.message}`));
    }
    return {};
  };

  async function write(event, record) {
    const step = (steps.get(record) ?? 0) + 1;
    steps.set(record, step);
    const answer = await until(`the write of ${event} to be accepted`, async () => {
      const got = await offer({
        method: "PATCH", path: `/services/data/v62.0/sobjects/Case/External_Id__c/${record}`,
        body: { Step__c: step }, partition_key: record, idempotency_key: event,
      });
      return got.status === 202 && got;
    }, patience);
    writes.push({ id: answer.json.id, event, record, step });
  }

  const offer = (body) => call(`${stage.product.url}/v1/tenants/${stage.tenant}/destinations/salesforce/writes`, "POST", body, { authorization: `Bearer ${key}` });

  return { writes, offer, idle: () => waiting === 0 };
}

/** The record that a Slack message is about: `case-1: …`; found by webhook or poll. */
function recordOf(arrival) {
  if (!arrival.event.type.startsWith("com.slack.")) return undefined;
  const data = JSON.parse(dataOf(arrival));
  return (data.event ?? data).text?.match(/^([\w-]+): /)?.[1];
}
