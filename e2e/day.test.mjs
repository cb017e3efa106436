// The playbook as it is typed, and its day: the compressed run of what
// `make playbook` plays in two and a half minutes. The failure modes are in
// playbook.test.mjs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { readers } from "./pages.mjs";
import { root } from "./harness.mjs";
import { account, cellsOf, faultsOf } from "./playbook/account.mjs";
import { day } from "./playbook/day.mjs";
import { modes } from "./playbook/modes.mjs";
import { table } from "./playbook/print.mjs";
import { openStage } from "./playbook/stage.mjs";
import { testBuild } from "./scene.mjs";

/**
 * How far the clock is behind while the stage is set up and polls for the first
 * time, in ms: nearly the minute until the next poll. What is set by alarms
 * comes after, in real time.
 */
const behind = 57_000;

/** How long an access token lives, in ms: it is refreshed at 80 to 90 % of that, in the first ten seconds of the day. */
const life = 75_000;

/** How long between two ticks, in ms. */
const pause = 1_000;

// compressed lets that minute pass at once.
async function compressed(stage) {
  await stage.pass(behind);
  let going = true;
  const ticking = (async () => {
    while (going) {
      await stage.product.tick();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  })();
  ticking.catch(() => {}); // told when it is stopped
  return () => {
    going = false;
    return ticking;
  };
}

test("a day with everything on", { timeout: 240_000 }, async (t) => {
  const said = [];
  const stage = await openStage({ wasm: testBuild, behind, lives: { slack: life, google: life }, say: (who, what) => said.push(`${who} ${what}`) });
  t.after(() => stage.close());
  await day(stage, { rounds: 2, clock: compressed });

  const rows = account(stage);
  assert.deepEqual(faultsOf(rows), []);
  const zero = { doubled: 0, lost: 0 }, calm = { ...zero, excess: 0 };
  assert.deepEqual(rows.map(({ refreshes, ...row }) => row), [
    { what: "Slack messages → agent", sent: 20, received: 20, ...calm },
    { what: "appointments → agent", sent: 4, received: 4, ...calm },
    { what: "writes → Salesforce", sent: 20, received: 20, ...calm, disorder: 0 },
    { what: "calls → the desk's tool", sent: 20, received: 20, ...zero },
  ]);
  assert.ok(rows[0].refreshes > 0 && rows[1].refreshes > 0, "tokens were refreshed in it");
  assert.ok(stage.google.log.some((line) => line.status === 410), "a sync token had expired");
  assert.ok(stage.salesforce.unavailable > 0, "Salesforce was ill for a moment");
  const polled = stage.agent.arrivals.filter((a) => a.event.hookweirorigin === "poll" && a.event.type.startsWith("com.slack."));
  assert.equal(polled.length, 6, "3 in 10 webhooks were dropped");
  assert.deepEqual(said.filter((line) => line.startsWith("WRONG")), []);
});

/** Runs a command as a reader would: {code, stdout, stderr}. */
const typed = (file, args, env) => new Promise((resolve) => {
  execFile(file, args, { cwd: root, env: { ...readers(), ...env } }, (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }));
});

test("make playbook ONLY=duplicate", { timeout: 120_000 }, async () => {
  const { code, stdout, stderr } = await typed("make", ["playbook", "ONLY=duplicate"]);
  assert.equal(code, 0, stdout + stderr);
  const { name, guarantee } = modes.find((mode) => mode.name === "duplicate");
  for (const mode of modes) assert.equal(stdout.includes(`\n${mode.name}: `), mode.name === name, mode.name);
  assert.ok(stdout.includes(`\n${name}: ${guarantee}\n`));
  assert.match(stdout, /^ +\d+\.\d s {2}slack {5,}sends one message five times at once/m);
  assert.match(stdout, /^ +sent +received +doubled +lost +out of order +refreshes +over limit\n +─/m);
  assert.match(stdout, /^ +Slack messages → agent +1 +1 +0 +0 +– +0 +0$/m);
  assert.match(stdout, /^ +writes → Salesforce +1 +1 +0 +0 +0 +\d+ +0$/m);
  assert.match(stdout, /\nNothing doubled, nothing lost, nothing out of order, no limit exceeded\.\n$/);
});

test("make playbook ONLY= of no mode names those there are", async () => {
  const { code, stdout, stderr } = await typed(process.execPath, ["e2e/playbook/run.mjs"], { ONLY: "x" });
  assert.deepEqual([code, stdout], [2, ""]);
  assert.equal(stderr, `ONLY=x is none of: ${modes.map((mode) => mode.name).join(", ")}\n`);
});

test("a row that has a figure which must be zero is a fault, and is in the table", () => {
  for (const column of ["doubled", "lost", "disorder", "excess"]) {
    const rows = [{ what: "a", sent: 2, received: 2, doubled: 0, lost: 0, disorder: 0, refreshes: 3, excess: 0, [column]: 1 }, { what: "b", sent: 1, received: 1, doubled: 0, lost: 0 }];
    assert.deepEqual(faultsOf(rows), [`a: ${column} 1`]);
    const printed = [];
    table(cellsOf(rows), (line) => printed.push(line));
    assert.equal(printed.length, 4);
    assert.match(printed[3], /^ {2}b +1 +1 +0 +0 +– +– +–$/);
  }
});
