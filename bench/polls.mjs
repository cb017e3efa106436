// Polls per second through one consumer instance, and CPU per poll: POLLS
// (200) polls of a feed that has not changed (304), all due at each of ROUNDS
// (5) ticks. `make build` and the test build first; see docs/polling.md for
// what a poll costs in operations.
//
//	node bench/polls.mjs
import { readFile } from "node:fs/promises";
import { startAPIs } from "../e2e/apis.mjs";
import { start, until } from "../e2e/harness.mjs";
import { must } from "../e2e/scene.mjs";
import { figure, keep } from "./results.mjs";

const polls = Number(process.env.POLLS ?? 200);
const rounds = Number(process.env.ROUNDS ?? 5);

/** CPU time of the product's workerd so far, in ms. */
async function cpu(product) {
  let ticks = 0;
  for (const pid of await product.pids()) {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1].split(" ");
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * 10; // USER_HZ is 100
}

const apis = await startAPIs();
const product = await start({ wasm: { worker: "build/test/worker.wasm", consumers: "build/test/consumers.wasm" } });
try {
  apis.add("feed", 20);
  const tenants = 4;
  const name = (i) => [`t${i % tenants}`, `p${i}`];
  for (let t = 0; t < tenants; t++) await must(product.admin("PUT", `/tenants/t${t}/destinations/feed`, { base_url: `${apis.url}/feed` }));
  for (let i = 0; i < polls; i++) {
    const [tenant, poll] = name(i);
    await must(product.admin("PUT", `/tenants/${tenant}/polls/${poll}`, { preset: "feed", params: { path: "feed.xml" }, destination: "feed", at_most: "1m" }));
  }
  const settled = async () => {
    for (let t = 0; t < tenants; t++) {
      const { json } = await must(product.admin("GET", `/tenants/t${t}/polls`));
      if (json.polls.some((p) => Date.parse(p.next_at) <= apis.now())) return false;
    }
    return true;
  };
  const asked = () => apis.log.filter((l) => l.api === "feed").length;
  const round = async (n) => {
    apis.clock = n * 120_000;
    await product.clock(apis.clock);
    const before = asked();
    await product.tick();
    await until("every poll", () => asked() >= before + polls, 60_000);
    await until("the schedule to know", settled, 60_000); // else they are not due at the next tick
  };
  await round(0); // the first crawl of each
  await round(1); // and what is compiled by now
  const [from, spent] = [Date.now(), await cpu(product)];
  for (let n = 0; n < rounds; n++) await round(n + 2);
  const ms = Date.now() - from, used = (await cpu(product)) - spent;
  const done = polls * rounds;
  console.log(`${done} polls without news (304), ${polls} due at a tick, one consumer instance with its objects on one isolate`);
  console.log(`  ${Math.round((done * 1000) / ms)} polls per second, ${(used / done).toFixed(1)} ms of CPU per poll (workerd: consumer, Poll, Lane, Schedule)`);
  await keep("polls", [figure("polls without news", "per_s", (done * 1000) / ms), figure("polls without news", "cpu_ms", used / done)]);
} finally {
  await product.stop();
  await apis.stop();
}
