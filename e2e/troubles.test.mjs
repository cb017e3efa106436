// What can go wrong, tried: every row of every page's table of troubles. Its
// function does what the reader did, sees what the first column says, does
// what the last column says, and sees it mended.
//
// A page is a module of e2e/troubles/:
//
//	page    its path
//	rows    {section of the page: {first cell of the row: async (stage) => …}},
//	        run in this order
//	open    async () => stage, what its rows share; close() ends it
//	concurrency  true: its rows do not wait for each other
//	timeout      of a row, in ms; default: two minutes
//
// Two modules may share a page.
//
// A row that has no function here fails the test, and so does a function
// without a row. Rows marked ‡ have none: their page says why.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "./harness.mjs";
import { troubles } from "./pages.mjs";
import agent from "./troubles/agent.mjs";
import configuration from "./troubles/configuration.mjs";
import connecting from "./troubles/connecting-mcp.mjs";
import deploying from "./troubles/deploying.mjs";
import start from "./troubles/getting-started.mjs";
import pointing from "./troubles/pointing.mjs";
import provisioning from "./troubles/provisioning.mjs";

const tried = [provisioning, start, pointing, agent, connecting, configuration, deploying];

/** Every page of ours. */
async function pages() {
  const folders = await Promise.all(["docs", "examples", "wasmtest", "bench", "e2e"].map(async (folder) =>
    (await readdir(path.join(root, folder), { recursive: true })).map((name) => path.join(folder, name))));
  return [...(await readdir(root)), ...folders.flat()].filter((name) => name.endsWith(".md") && !name.includes("node_modules"));
}

test("every row of every page is tried, and nothing else", async () => {
  const name = (section, see) => `${section}: ${see}`;
  const all = await pages();
  for (const { page } of tried) assert.ok(all.includes(page), page);
  for (const page of all) {
    const told = (await troubles(page)).filter((row) => !row.untried).map((row) => name(row.section, row.see));
    const here = tried.filter((module) => module.page === page).flatMap(({ rows }) => Object.entries(rows).flatMap(([section, row]) => Object.keys(row).map((see) => name(section, see))));
    assert.deepEqual(here.sort(), told.sort(), `${page}: the rows tried in e2e/troubles, and those of the page`);
  }
});

describe("troubles", { concurrency: 3 }, () => {
  for (const { page, open, rows, concurrency = 1, timeout = 120_000 } of tried) {
    describe(page, { concurrency }, () => {
      let stage;
      before(async () => (stage = await open?.()));
      after(() => stage?.close());
      for (const [section, row] of Object.entries(rows)) {
        for (const [see, run] of Object.entries(row)) test(`${section}: ${see}`, { timeout }, () => run(stage));
      }
    });
  }
});
