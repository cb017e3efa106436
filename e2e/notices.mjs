// What docs/events.md says that notices hold, against those that reached an agent.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { root } from "./harness.mjs";

const ofConnection = ["connection", "provider", "state"], ofPoll = ["poll", "source", "destination"];
const common = [[/^hookweir\.connection\./, ofConnection], [/^hookweir\.(poll|webhook|cron)\./, ofPoll]];

/** The members of each notice's data, as the page has them: a Map from type to a Set. */
async function page() {
  const text = await readFile(path.join(root, "docs/events.md"), "utf8");
  const [, table] = text.split("\nMembers of `data`;");
  const told = new Map();
  for (const [, types, members] of table.matchAll(/^\| (`hookweir.*?) \| (.*) \|$/gm)) {
    for (const [, type] of types.matchAll(/`([a-z_.]+)`/g)) {
      const always = common.find(([pattern]) => pattern.test(type))?.[1] ?? [];
      told.set(type, new Set([...always, ...[...members.matchAll(/`([a-z_]+)`/g)].map((m) => m[1])]));
    }
  }
  const [, example] = /^```json\n(.*?)^```/ms.exec(text);
  return { told, example: JSON.parse(example) };
}

/** Holds every notice among an agent's arrivals to the page: how many there were of each type. */
export async function holdsNotices(arrivals) {
  const { told, example } = await page();
  const counts = {};
  for (const event of [example, ...arrivals.map((a) => a.event)]) {
    if (!event?.type.startsWith("hookweir.")) continue;
    const members = told.get(event.type);
    assert.ok(members, `docs/events.md does not say what ${event.type} holds`);
    for (const name of Object.keys(event.data)) assert.ok(members.has(name), `docs/events.md does not say that ${event.type} has ${name}`);
    if (event === example) continue;
    for (const name of Object.keys(example)) if (name !== "data") assert.ok(name in event, `${event.type} has no ${name}`);
    assert.deepEqual(Object.keys(event).filter((name) => !(name in example)), [], event.type);
    counts[event.type] = (counts[event.type] ?? 0) + 1;
  }
  return counts;
}
