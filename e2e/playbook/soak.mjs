// `make soak`: mixed load for MINUTES (30), on one product with everything on.
// Fails when an event was doubled or lost, when the product logged an error
// that was not injected, or when the product's own memory grows: that of its
// Go instances and of its two isolates. The process around them, with
// miniflare's queues, KV and D1 in 20 isolates of their own, is shown, too.
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

/** How often memory is measured, in rounds: about twice a minute. */
const measured = 7;

/** How much more of it the last quarter may take than the second. */
const growth = 1.2;

/**
 * Requests before the first measure. Go's heap grows to its first collection,
 * at 16 MB in the worker, where a request leaves about 3 KB behind; what comes
 * after is what lasts.
 */
const warmUp = 20_000;

const say = timeline();
say("soak", `${minutes} minutes`);
const stage = await openStage({ say, lives: { slack: 60_000, google: 60_000 }, measure: true });
const { product, slack, google, salesforce } = stage;
const samples = []; // product.memory(), over time

// Errors that the injected faults bring about; any other fails the run.
const injected = new Set(["write_retry", "breaker_opened", "webhook.refused"]);
const errors = new Map();
const count = (what) => errors.set(what, (errors.get(what) ?? 0) + 1);

/** Takes the log lines out: an event at level error or warn that nothing injected explains is counted. */
function readLogs() {
  for (const line of product.logs.splice(0)) {
    let parsed = {};
    try {
      parsed = JSON.parse(line.message);
    } catch {}
    const bad = line.level === "error" || parsed.level === "error" || parsed.level === "warn";
    const what = parsed.event ?? line.message.slice(0, 200);
    if (bad && !injected.has(what)) count(what);
  }
}

// Somebody asks for sources that are not there.
async function warm() {
  const body = "x".repeat(1024);
  for (let done = 0; done < warmUp; done += 100) {
    const answers = await Promise.all(Array.from({ length: 100 }, () => fetch(`${product.url}/webhooks/nobody/nothing`, { method: "POST", body })));
    for (const answer of answers) {
      await answer.arrayBuffer();
      if (answer.status !== 404) throw new Error(`a stranger was answered ${answer.status}`);
    }
  }
  product.logs.length = 0;
}

const wrong = [];
await warm();
const began = Date.now(), end = began + minutes * 60_000;
const clock = setInterval(() => product.tick().catch((error) => count(`tick: ${error.message}`)), 15_000);
try {
  const keys = [];
  for (let round = 0; Date.now() < end; round++) {
    const fate = () => (Math.random() < 0.1 ? "drop" : Math.random() < 0.2 ? "double" : "send");
    salesforce.ill = round % 10 === 9 ? (request) => request.at % 2 === 0 : () => false;
    const records = Array.from({ length: 5 }, (_, i) => `case-${(round % 20) * 5 + i}`);
    keys.push(...(await chatter(stage, each, { fate, records })).map((s) => s.key));
    await slack.deliver(stage.webhook, slack.draft("case-1: refund it to me"), { secret: "a stranger's" });
    keys.push(keyOfChange(stage.tenant, google.change(`appointment ${round}`)));
    readLogs();
    if (round % measured === 0) samples.push(await product.memory());
    if (round % 15 === 14) {
      say("soak", `${keys.length} events sent, ${stage.actor.writes.length} writes; process ${mb(samples.at(-1).rss)} MB; refreshes ${slack.grants.refreshes + google.grants.refreshes}`);
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

function mb(bytes) {
  return (bytes / (1 << 20)).toFixed(1);
}

/** What takes memory: a row each, and whether it is the product's own. */
const rows = [
  ...Object.keys(samples[0].parts).flatMap((part) => [
    { what: `${part}: linear memory of its Go instances`, own: true, of: (s) => s.parts[part].linear },
    { what: `${part}: JavaScript heap, live`, own: true, of: (s) => s.parts[part].heap },
  ]),
  { what: "miniflare's own isolates, not collected", of: (s) => s.others },
  { what: "the whole process (RSS)", of: (s) => s.rss },
];

/** The mean of each quarter of the samples. */
function quartersOf(of) {
  return [0, 1, 2, 3].map((i) => {
    const part = samples.slice(Math.floor((i * samples.length) / 4), Math.floor(((i + 1) * samples.length) / 4));
    return part.reduce((sum, sample) => sum + of(sample), 0) / part.length;
  });
}

const outcome = account(stage);
wrong.push(...faultsOf(outcome), ...[...errors].map(([what, n]) => `logged ${n} × ${what}`));
console.log(`\nmake soak MINUTES=${minutes}, ${new Date(began).toISOString().slice(0, 16)}Z, ${samples.length} measures of memory\n`);
table(cellsOf(outcome));
console.log("\n| MB by quarter | 1 | 2 | 3 | 4 |\n|---|---|---|---|---|");
for (const { what, own, of } of rows) {
  const quarters = quartersOf(of);
  console.log(`| ${what} | ${quarters.map(mb).join(" | ")} |`);
  if (own && !(quarters[3] <= quarters[1] * growth)) wrong.push(`${what}: from ${mb(quarters[1])} MB in the second quarter to ${mb(quarters[3])} MB in the last`);
}
console.log(wrong.length ? `\nWRONG\n  ${wrong.join("\n  ")}` : "\nNothing doubled, nothing lost, our own memory flat, no error but the injected ones.");
process.exitCode = wrong.length ? 1 : 0;
await stage.close();
