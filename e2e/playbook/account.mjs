// What came of it all, read off the outside systems' and the agent's own logs.
import { keyOf } from "./slack.mjs";
import { keyOfChange } from "./stage.mjs";

/**
 * The rows of the final table: {what, sent, received, doubled, lost, disorder,
 * refreshes, excess}. A figure that has no meaning in a row is absent.
 */
export function account(stage) {
  const { tenant, agent, slack, google, salesforce, desk, actor } = stage;
  const accepted = agent.arrivals.filter((a) => a.status < 300).map((a) => a.id);
  const came = (source) => accepted.filter((id) => id.startsWith(`${tenant}/${source}/`));
  return [
    { what: "Slack messages → agent", ...tally(slack.messages.map((m) => keyOf(tenant, m)), came("slack")), refreshes: slack.grants.refreshes, excess: slack.limit.excess },
    { what: "appointments → agent", ...tally(google.changes.map((c) => keyOfChange(tenant, c)), came("calendar")), refreshes: google.grants.refreshes, excess: google.limit.excess },
    {
      what: "writes → Salesforce", sent: actor.writes.length, received: salesforce.written,
      doubled: Math.max(salesforce.written - actor.writes.length, 0), lost: Math.max(actor.writes.length - salesforce.written, 0),
      disorder: salesforce.disorder, refreshes: salesforce.grants.refreshes, excess: salesforce.limit.excess,
    },
    { what: "calls → the desk's tool", sent: actor.routed, received: desk.calls.length, doubled: Math.max(desk.calls.length - actor.routed, 0), lost: Math.max(actor.routed - desk.calls.length, 0) },
  ];
}

// tally compares what was sent with what came, by id.
function tally(sent, came) {
  const counts = new Map();
  for (const id of came) counts.set(id, (counts.get(id) ?? 0) + 1);
  const doubled = [...counts.values()].reduce((sum, n) => sum + n - 1, 0);
  return { sent: sent.length, received: counts.size, doubled, lost: sent.filter((id) => !counts.has(id)).length };
}

const columns = ["sent", "received", "doubled", "lost", "disorder", "refreshes", "excess"];
const mustBeZero = ["doubled", "lost", "disorder", "excess"];

/** The rows as print.mjs' table() takes them. */
export const cellsOf = (rows) => [
  ["", "sent", "received", "doubled", "lost", "out of order", "refreshes", "over limit"],
  ...rows.map((row) => [row.what, ...columns.map((column) => row[column] ?? "–")]),
];

/** What is wrong, in words; empty when nothing is. */
export const faultsOf = (rows) => rows.flatMap((row) => mustBeZero.filter((column) => row[column] > 0).map((column) => `${row.what}: ${column} ${row[column]}`));
