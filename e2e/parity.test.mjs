// The scenarios of wasmtest/testdata/scenarios on real workerd, in real time:
// what each step shows must equal the file's `want`, as it does in wasmtest
// (wasmtest/parity_test.go). Each is a tenant of its own on one product.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { root, start } from "./harness.mjs";
import { Scenario } from "./parity/scenario.mjs";

const folder = path.join(root, "wasmtest/testdata/scenarios");
const scenarios = [];
for (const file of (await readdir(folder)).filter((name) => name.endsWith(".json")).sort()) {
  scenarios.push({ name: path.basename(file, ".json"), ...JSON.parse(await readFile(path.join(folder, file), "utf8")) });
}
assert.ok(scenarios.length >= 12, "scenarios are missing");

describe("parity", { concurrency: true }, () => {
  let product;
  const outages = {};
  before(async () => (product = await start({ faults: true })));
  after(() => product?.stop());

  for (const scenario of scenarios) {
    if (scenario.only) {
      assert.ok(scenario.only === "wasmtest" && scenario.because, `${scenario.name}: \`only\` needs its \`because\``);
      continue;
    }
    test(`${scenario.name}: ${scenario.about}`, async () => {
      const world = new Scenario(product, scenario.name, outages);
      try {
        await world.serve(scenario.servers);
        for (const [i, step] of scenario.steps.entries()) await world.run(i, step);
      } finally {
        await world.stop();
      }
    });
  }
});
