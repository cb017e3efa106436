// `make demo`: real deliveries, made by the providers' own libraries, through
// the product on workerd to an agent. Each is sent three times and forged
// twice; the agent must see it once, signed, with its bytes unchanged.
import { dataOf } from "./agent.mjs";
import { until } from "./harness.mjs";
import { check, forge, kinds, make } from "./providers.mjs";
import { rugPull } from "./rugpull.mjs";
import { keyOf, setUp } from "./scene.mjs";

const copies = 3;
const handshake = "slack handshake";

async function perform(scene, name) {
  const delivery = await make(name);
  await check(delivery);
  const answers = [];
  for (let i = 0; i < copies; i++) answers.push(await scene.send(delivery));
  const forgeries = [];
  for (const forged of await forge(delivery)) forgeries.push(await scene.send(forged));
  const keys = delivery.kind.silent ? [keyOf(scene, delivery)] : [...new Set(answers.map((a) => a.json?.id).filter(Boolean))];
  return { name, delivery, answers, forgeries, keys };
}

// What the row shows, and what is wrong with it.
function judge(row, agent) {
  const count = (status) => row.answers.filter((a) => a.status === status).length;
  const arrivals = row.keys.flatMap((key) => agent.by(key));
  const refused = row.forgeries.filter((a) => a.status === 401).length;
  const intact = arrivals.filter((a) => a.verified && dataOf(a).equals(row.delivery.body)).length;
  const wrong = [];
  if (refused !== row.forgeries.length) wrong.push("a forgery was not refused with 401");
  if (row.name === handshake) {
    if (!row.answers.every((a) => a.status === 200 && a.text.includes(row.delivery.id))) wrong.push("the challenge was not answered");
    if (arrivals.length) wrong.push("a handshake reached the agent");
  } else {
    if (row.delivery.kind.silent ? count(200) !== copies : count(202) < 1 || count(202) + count(200) !== copies) wrong.push("not accepted, then recognised");
    if (row.keys.length !== 1) wrong.push("copies were given different keys");
    if (arrivals.length !== 1) wrong.push(`the agent got it ${arrivals.length} times`);
    if (intact !== arrivals.length) wrong.push("the agent got other bytes, or a bad signature");
  }
  return {
    wrong,
    cells: [row.name, row.answers.length + row.forgeries.length, count(202), count(200), refused, arrivals.length, intact, arrivals[0]?.event?.type ?? (row.name === handshake ? "(answered at the edge)" : "–")],
  };
}

function print(rows) {
  const table = [["delivery", "sent", "202 new", "200 seen", "401 forged", "agent got", "verified", "CloudEvent type"], ...rows.map((r) => r.cells)];
  const widths = table[0].map((_, i) => Math.max(...table.map((cells) => String(cells[i]).length)));
  for (const cells of table) {
    console.log("  " + cells.map((cell, i) => (typeof cell === "number" ? String(cell).padStart(widths[i]) : String(cell).padEnd(widths[i]))).join("  ").trimEnd());
    if (cells === table[0]) console.log("  " + widths.map((w) => "─".repeat(w)).join("  "));
  }
}

const began = Date.now();
const scene = await setUp();
try {
  console.log(`\nHookweir on workerd at ${scene.url}, agent at ${scene.agent.url}`);
  console.log(`Each delivery is sent ${copies} times, and twice more forged: signed by somebody else, and altered.\n`);
  const rows = [];
  for (const name of Object.keys(kinds)) rows.push(await perform(scene, name));
  const keys = rows.flatMap((row) => row.keys);
  const late = (error) => console.error(error.message);
  await until("the agent to have every event", () => keys.every((key) => scene.agent.ids().includes(key)), 60_000).catch(late);
  await scene.settle().catch(late); // whatever would come twice has come by now
  const judged = rows.map((row) => judge(row, scene.agent));
  print(judged);
  const pull = await rugPull(scene);
  console.log(`\nAn upstream MCP server changes a tool under the agent:\n  ${pull.lines.join("\n  ")}`);
  const wrong = judged.flatMap((j) => j.wrong.map((w) => `${j.cells[0]}: ${w}`)).concat(pull.wrong);
  console.log(wrong.length ? `\nWRONG\n  ${wrong.join("\n  ")}` : `\nEvery event reached the agent once, signed (verified with standardwebhooks), its bytes unchanged. ${((Date.now() - began) / 1000).toFixed(1)} s.`);
  if (wrong.length) for (const line of scene.product.logs.slice(-40)) console.error(`  ${line.message}`);
  process.exitCode = wrong.length ? 1 : 0;
} finally {
  await scene.stop();
}
