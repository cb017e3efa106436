// A stretch of an ordinary day with everything on: messages whose webhooks are
// dropped, doubled and forged, appointments, refreshes, writes to a Salesforce
// that has bad moments, and the clock's ticks.
import { answerOf } from "../harness.mjs";
import { chatter, received, written } from "./stage.mjs";

/** 30 % of the webhooks never arrive, 20 % come twice. Fixed, so that runs compare. */
const fates = ["send", "drop", "send", "double", "send", "drop", "send", "send", "double", "drop"];

export async function day(stage) {
  const { say, slack, salesforce } = stage;
  const rounds = 4, each = 10;
  const all = [];
  for (let round = 0; round < rounds; round++) {
    say("slack", `${each} messages; of their webhooks 3 are dropped and 2 doubled; a stranger forges 2 more`);
    all.push(...(await chatter(stage, each, { fate: (i) => fates[i] })));
    for (let i = 0; i < 2; i++) {
      const { status } = await slack.deliver(stage.webhook, slack.messages.at(-1 - i), { secret: "a stranger's" }).then(answerOf);
      if (status !== 401) throw new Error(`a forgery was answered ${status}`);
    }
    salesforce.ill = round % 2 === 1 ? (request) => request.at % 3 === 0 : () => false; // one request in three, by the clock
  }
  await received(stage, all.filter((s) => s.fate !== "drop").map((s) => s.key));
  say("agent", `has every message whose webhook arrived, ${all.filter((s) => s.fate !== "drop").length}`);
  await received(stage, all.map((s) => s.key));
  salesforce.ill = () => false;
  await written(stage);
}
