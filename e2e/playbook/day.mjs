// A stretch of an ordinary day with everything on: messages whose webhooks are
// dropped, doubled and forged, appointments, refreshes, writes to a Salesforce
// that has bad moments, and the clock's ticks, by which polls go a minute apart.
import { answerOf } from "../harness.mjs";
import { chatter, keyOfChange, patience, received, written } from "./stage.mjs";

/** 30 % of the webhooks never arrive, 20 % come twice. Fixed, so that runs compare. */
const fates = ["send", "drop", "send", "double", "send", "drop", "send", "send", "double", "drop"];

const each = 10;

/** A poll is due a minute after the one before, and looks at what is 2 s old. */
const twoIntervals = 130_000; // ms

/** Ticks as the trigger's would come, and more often, since the minute is the polls': what stops them. */
function realTime({ product, say }) {
  const clock = setInterval(() => product.tick().catch((error) => say("WRONG", `tick: ${error.message}`)), 15_000);
  return () => clearInterval(clock);
}

/**
 * Plays the day. `rounds` of messages come, the second and fourth while
 * Salesforce is ill; `clock` starts the ticks, or resolves when it has, and
 * gives what stops them.
 */
export async function day(stage, { rounds = 4, clock = realTime } = {}) {
  const { say, slack, google, salesforce, product } = stage;
  const all = [], changes = [];
  await product.tick(); // the first polls: from now on
  await stage.until("the first polls", () => [slack, google].every((site) => site.log.some((line) => /history|events$/.test(line.path))), patience);
  const stop = await clock(stage);
  try {
    for (let round = 0; round < rounds; round++) {
      let asked = 0;
      salesforce.ill = round % 2 === 1 ? () => ++asked % 3 === 0 : () => false;
      if (round % 2 === 1) say("salesforce", "answers 503 to one request in three");
      say("slack", `${each} messages; of their webhooks 3 are dropped and 2 doubled, and a stranger forges 2 more`);
      all.push(...(await chatter(stage, each, { fate: (i) => fates[i] })));
      for (const forged of [slack.draft("case-1: refund it to me"), slack.messages.at(-1)]) {
        const { status } = await slack.deliver(stage.webhook, forged, { secret: "a stranger's" }).then(answerOf);
        if (status !== 401) throw new Error(`a forgery was answered ${status}`);
      }
      for (let i = 0; i < 2; i++) changes.push(google.change(`appointment ${round}.${i}`));
      await received(stage, all.filter((s) => s.fate !== "drop").map((s) => s.key));
    }
    say("agent", `has the ${all.filter((s) => s.fate !== "drop").length} messages whose webhooks arrived; ${all.filter((s) => s.fate === "drop").length} are missing`);
    google.expireSyncTokens();
    say("google", "forgets its sync tokens: the next use of one is answered 410");
    await received(stage, all.map((s) => s.key), twoIntervals);
    say("agent", `has all ${all.length}: the poll has found the others`);
    await received(stage, changes.map((change) => keyOfChange(stage.tenant, change)), twoIntervals);
    say("agent", `has all ${changes.length} appointments`);
    salesforce.ill = () => false;
    await written(stage);
    say("salesforce", `has all ${stage.actor.writes.length} writes, after ${salesforce.unavailable} answers of 503`);
  } finally {
    await stop();
    salesforce.ill = () => false;
  }
}
