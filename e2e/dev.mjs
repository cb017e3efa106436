// `make dev`: the product on 127.0.0.1:8787 (PORT overrides) until it is
// stopped, state kept under .wrangler/ (STATE overrides), settings from the
// .dev.vars files.
import path from "node:path";
import { readVars, root, start } from "./harness.mjs";

const port = Number(process.env.PORT ?? 8787);

// SIGINT and SIGTERM end it: miniflare then stops its workerd and exits.
const product = await start({
  port: { worker: port },
  persist: process.env.STATE ?? path.join(root, ".wrangler", "state"),
  vars: { worker: await readVars(".dev.vars"), consumers: await readVars("consumers/.dev.vars") },
  verbose: true,
}).catch((error) => {
  if (error.code !== "ERR_ADDRESS_IN_USE") throw error;
  console.error(`127.0.0.1:${port} is in use: PORT=${port + 1} make dev`);
  process.exit(1);
});
// The cron trigger, on the minute: workerd does not fire it.
const tick = () => setTimeout(async () => {
  await product.tick().catch((error) => console.error(`tick: ${error.message}`));
  tick();
}, 60_000 - (Date.now() % 60_000));
tick();
console.log(`Hookweir at ${product.url} — first steps: docs/getting-started.md; Ctrl-C stops it, its state is kept`);
