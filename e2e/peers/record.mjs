// Asks the libraries that are too large for every run, and writes their
// verdicts to checked.json: `make peers`. A verdict is about the exact bytes
// of the cases it names; peers.test.mjs fails when they change.
import { readFileSync, writeFileSync } from "node:fs";
import { forged, hashesOf, judge } from "./judge.mjs";
import { libraries } from "./heavy/libraries.mjs";

const { dependencies } = JSON.parse(readFileSync(new URL("heavy/package.json", import.meta.url)));
const checked = {};
for (const [provider, [library, check, forgeries]] of Object.entries(libraries).sort()) {
  await judge(provider, check, forgeries);
  checked[provider] = { library: `${library}@${dependencies[library]}`, cases: hashesOf(provider, forged(provider, forgeries)) };
  console.log(`${provider}: ${checked[provider].library} accepts and refuses as the corpus does`);
}
writeFileSync(new URL("checked.json", import.meta.url), JSON.stringify(checked, null, 2) + "\n");
