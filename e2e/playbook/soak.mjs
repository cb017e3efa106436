// `make soak`: mixed load for MINUTES (30), on one product with everything on.
// Fails when an event was doubled or lost, when the product logged an error
// that was not injected, or when workerd's memory grows.
import { readFile } from "node:fs/promises";
import { account, cellsOf, faultsOf } from "./account.mjs";
import { table, timeline } from "./print.mjs";
import { chatter, keyOfChange, openStage, received, written } from "./stage.mjs";

const minutes = Number(process.env.MINUTES || 30);
if (!(minutes > 0)) {
  console.error("MINUTES must be a number over 0");
  process.exit(2);
}

/** Messages a round, and the pause between rounds in ms: about two messages a second. */
const each = 10, pause = 4_000;

/** How much more memory the last quarter may take than the second: an isolate grows until it is recycled. */
const growth = 1.2;

const say = timeline();
say("soak", `${minutes} minutes`);
const stage = await openStage({ say, lives: { slack: 60_000, google: 60_000 } });
const { product, slack, google, salesforce } = stage;
const rss = []; // {at, mb}, once a round

// Errors that the injected faults bring about; any other fails the run.
const injected = new Set(["write_retry", "breaker_opened", "webhook.refused"]);
const errors = new Map();
let read = 0;

/** Reads new log lines: an event at level error or warn that nothing injected explains. */
function readLogs() {
  // The harness drops old lines when there are many: read from the end.
  const lines = product.logs.slice(Math.min(read, product.logs.length));
  read = product.logs.length;
  for (const line of lines) {
    let parsed = {};
    try {
      parsed = JSON.parse(line.message);
    } catch {}
    const bad = line.level === "error" || parsed.level === "error" || parsed.level === "warn";
    const what = parsed.event ?? line.message.slice(0, 200);
    if (bad && !injected.has(what)) errors.set(what, (errors.get(what) ?? 0) + 1);
  }
  // A ring that is full no longer grows: empty it, so that nothing is missed.
  product.logs.length = read = 0;
}

async function memory() {
  let kb = 0;
  for (const pid of await product.pids()) kb += Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  return kb / 1024;
}

const end = Date.now() + minutes * 60_000;
const clock = setInterval(() => product.tick().catch((error) => errors.set(`tick: ${error.message}`, 1)), 15_000);
let wrong = [];
try {
  const keys = [];
  for (let round = 0; Date.now() < end; round++) {
    const fate = () => (Math.random() < 0.1 ? "drop" : Math.random() < 0.2 ? "double" : "send");
    salesforce.ill = round % 10 === 9 ? (request) => request.at % 2 === 0 : () => false;
    const records = Array.from({ length: 5 }, (_, i) => `case-${(round % 20) * 5 + i}`);
    keys.push(...(await chatter(stage, each, { fate, records })).map((s) => s.key));
    await slack.deliver(stage.webhook, slack.messages.at(-1), { secret: "a stranger's" });
    keys.push(keyOfChange(stage.tenant, google.change(`appointment ${round}`)));
    rss.push({ at: Date.now(), mb: await memory() });
    readLogs();
    if (round % 15 === 14) {
      say("soak", `${keys.length} events sent, ${stage.actor.writes.length} writes; workerd ${rss.at(-1).mb.toFixed(0)} MB; refreshes ${slack.grants.refreshes + google.grants.refreshes}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  salesforce.ill = () => false;
  say("soak", "ends; what is under way may come to rest");
  await received(stage, keys, 180_000);
  await written(stage, 180_000);
  readLogs();
} catch (error) {
  wrong.push(error.message);
} finally {
  clearInterval(clock);
}
const rows = account(stage);
table(cellsOf(rows));
wrong.push(...faultsOf(rows), ...[...errors].map(([what, n]) => `logged ${n} × ${what}`));
const quarters = [0, 1, 2, 3].map((i) => {
  const part = rss.slice(Math.floor((i * rss.length) / 4), Math.floor(((i + 1) * rss.length) / 4));
  return part.reduce((sum, sample) => sum + sample.mb, 0) / part.length;
});
console.log(`\nworkerd's memory by quarter, MB: ${quarters.map((mb) => mb.toFixed(0)).join(" ")}`);
// The first quarter warms up; what grows is still growing in the last.
if (quarters[3] > quarters[1] * growth) wrong.push(`memory grew from ${quarters[1].toFixed(0)} MB in the second quarter to ${quarters[3].toFixed(0)} MB in the last`);
console.log(wrong.length ? `\nWRONG\n  ${wrong.join("\n  ")}` : "\nNothing doubled, nothing lost, memory flat, no error but the injected ones.");
process.exitCode = wrong.length ? 1 : 0;
await stage.close();
