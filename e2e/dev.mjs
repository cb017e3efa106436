// `make dev`: the product on 127.0.0.1:8787 (PORT overrides) until it is
// stopped, state kept under .wrangler/, settings from the .dev.vars files.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseEnv } from "node:util";
import { root, start } from "./harness.mjs";

const port = Number(process.env.PORT ?? 8787);

async function settings(file) {
  return parseEnv(await readFile(path.join(root, file), "utf8"));
}

const product = await start({
  port: { worker: port },
  persist: path.join(root, ".wrangler", "state"),
  vars: { worker: await settings(".dev.vars"), consumers: await settings("consumers/.dev.vars") },
  verbose: true,
});
console.log(`Hookweir at ${product.url} — Ctrl-C stops it, .wrangler/ keeps its state`);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await product.stop();
    process.exit(0);
  });
}
