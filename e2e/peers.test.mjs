// For whom the corpus speaks with the provider's own voice: each accept case
// that the provider's npm library takes (and whose forgeries it refuses), or
// that the provider published.
//
//	library   run here, at the case's time          e2e/peers/libraries.mjs
//	checked   run once, bound to the case's bytes   e2e/peers/checked.json, `make peers`
//	vector    printed by the provider               published-vector*.txtar, its source in the case
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { libraries as heavy } from "./peers/heavy/libraries.mjs";
import { names, providers, read } from "./peers/corpus.mjs";
import { hashesOf, judge } from "./peers/judge.mjs";
import { libraries } from "./peers/libraries.mjs";

/** The floor. */
const LEAST_PROVIDERS = 40;

const checked = JSON.parse(readFileSync(new URL("peers/checked.json", import.meta.url)));

for (const [provider, [library, check, forgeries]] of Object.entries(libraries)) {
  test(`${provider}: ${library} accepts the corpus's delivery and refuses its forgeries`, () => judge(provider, check, forgeries));
}

for (const [provider, { library, cases }] of Object.entries(checked)) {
  test(`${provider}: the deliveries are the ones that ${library} has judged (make peers)`, () => {
    const { accept, ...others } = cases;
    assert.ok(accept && Object.keys(others).length > 0);
    assert.deepEqual(hashesOf(provider, Object.keys(others)), cases);
  });
}

test("each of these accept cases says which library speaks for it", () => {
  const named = { ...Object.fromEntries(Object.entries(libraries).map(([p, [library]]) => [p, library])), ...Object.fromEntries(Object.entries(heavy).map(([p, [library]]) => [p, library])) };
  for (const [provider, library] of Object.entries(named)) assert.ok(read(provider, "accept").why.includes(`npm ${library} `), `${provider}: ${library}`);
});

test("every library too large to run here has been asked", () => {
  const { dependencies } = JSON.parse(readFileSync(new URL("peers/heavy/package.json", import.meta.url)));
  const asked = Object.fromEntries(Object.entries(checked).map(([provider, c]) => [provider, c.library]));
  const known = Object.fromEntries(Object.entries(heavy).sort().map(([provider, [library]]) => [provider, `${library}@${dependencies[library]}`]));
  assert.deepEqual(asked, known);
});

test(`the accept case of at least ${LEAST_PROVIDERS} providers is the provider's own word`, (t) => {
  const published = providers().filter((p) => names(p).some((n) => n.startsWith("published-vector")));
  for (const p of published) for (const n of names(p).filter((n) => n.startsWith("published-vector"))) {
    const d = read(p, n);
    assert.ok(d.ok, `${p}/${n} is accepted`);
    assert.match(d.why, /https:\/\//, `${p}/${n} says where it was published`);
  }
  const all = new Set([...Object.keys(libraries), ...Object.keys(checked), ...published]);
  t.diagnostic(`${Object.keys(libraries).length} by their library here, ${Object.keys(checked).length} by a recorded verdict, ${published.length} with a published vector: ${all.size} providers`);
  assert.ok(Object.keys(libraries).length >= 30, "most of them live");
  assert.ok(all.size >= LEAST_PROVIDERS, `${all.size} providers`);
});
