// build/bench.json: every bench's rows in one file. A bench that runs again
// replaces its own.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { root } from "../e2e/harness.mjs";

const file = path.join(root, "build", "bench.json");

/** Keeps a bench's rows: each {case, peer, metric, ours, theirs, ratio}. */
export async function keep(bench, rows) {
  let kept = [];
  try {
    kept = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  kept = kept.filter((row) => row.bench !== bench).concat(rows.map((row) => ({ bench, ...row })));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(kept, null, 1)}\n`);
  console.log(`${bench}: ${rows.length} of ${kept.length} rows in build/bench.json`);
}

/** A row against a peer. */
export const versus = (name, peer, metric, ours, theirs) => ({ case: name, peer, metric, ours: short(ours), theirs: short(theirs), ratio: short(ours / theirs) });

/** A row that has no peer: a figure of ours. */
export const figure = (name, metric, ours) => ({ case: name, metric, ours: short(ours) });

const short = (n) => Number(n.toPrecision(4));
