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
      what: "writes → Salesforce", ...tally(actor.writes.map(nameOfWrite), salesforce.took().map(nameOfWrite)),
      disorder: salesforce.disorder, refreshes: salesforce.grants.refreshes, excess: salesforce.limit.excess,
    },
    { what: "calls → the desk's tool", ...tally(actor.routed.map(nameOfCall), desk.calls.map((call) => nameOfCall(call.arguments))) },
  ];
}

const nameOfWrite = ({ record, step }) => `${record} ${step}`;
const nameOfCall = (args) => JSON.stringify(args);

// tally compares what was sent with what came, each by its own name: one too
// many of this does not make up for one too few of that. No lost answer is
// injected anywhere, so whatever came more often than it was sent is doubled,
// be it an upsert that changed nothing.
function tally(sent, came) {
  const counts = new Map();
  for (const name of came) counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const name of sent) counts.set(name, (counts.get(name) ?? 0) - 1);
  const sum = (list) => list.reduce((total, n) => total + Math.max(n, 0), 0);
  return { sent: sent.length, received: came.length, doubled: sum([...counts.values()]), lost: sum([...counts.values()].map((n) => -n)) };
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
