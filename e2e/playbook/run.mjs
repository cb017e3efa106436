// `make playbook`: the whole of it in one run on real workerd; ONLY=… runs one
// failure mode. Prints a timeline and a table, and fails when anything was
// doubled, lost, out of order or over a limit.
import { account, cellsOf, faultsOf } from "./account.mjs";
import { day } from "./day.mjs";
import { modes } from "./modes.mjs";
import { table, timeline } from "./print.mjs";
import { openStage } from "./stage.mjs";

const only = process.env.ONLY;
const chosen = only ? modes.filter((mode) => mode.name === only) : modes;
if (chosen.length === 0) {
  console.error(`ONLY=${only} is none of: ${modes.map((mode) => mode.name).join(", ")}`);
  process.exit(2);
}

const say = timeline();
const wrong = [];
const attempt = async (name, run) => {
  try {
    await run();
  } catch (error) {
    wrong.push(`${name}: ${error.message}`);
    say("WRONG", error.message);
  }
};

say("hookweir", "starts on workerd, with Slack, Google, Salesforce and a desk's MCP server on loopback");
// Slack's and Google's access tokens live for hours; here for less than the day, so that they are refreshed in it.
const stage = await openStage({ say, lives: only ? {} : { slack: 45_000, google: 45_000 } });
try {
  say("operator", `has configured tenant ${stage.tenant} over the API, and authorized three connections`);
  if (!only) await attempt("the day", () => day(stage));
  for (const mode of chosen) {
    console.log(`\n${mode.name}: ${mode.guarantee}`);
    await attempt(mode.name, () => mode.run(stage));
  }
  const rows = account(stage);
  console.log();
  table(cellsOf(rows));
  wrong.push(...faultsOf(rows));
  console.log(wrong.length ? `\nWRONG\n  ${wrong.join("\n  ")}` : "\nNothing doubled, nothing lost, nothing out of order, no limit exceeded.");
  if (wrong.length) for (const line of stage.product.logs.slice(-40)) console.error(`  ${line.message}`);
  process.exitCode = wrong.length ? 1 : 0;
} finally {
  await stage.close();
}
