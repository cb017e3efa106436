// `make send`: one delivery as a provider would send it, signed with SECRET, to
// the webhook URL TO. KIND is one of providers.mjs. Prints what is answered.
import { kinds, make } from "./providers.mjs";

const { KIND: kind, SECRET: secret, TO: to } = process.env;
if (!Object.hasOwn(kinds, kind ?? "") || !secret || !URL.canParse(to)) {
  console.error(`KIND='…' SECRET='…' TO=https://…/webhooks/{tenant}/{source}; a KIND is one of: ${Object.keys(kinds).join(", ")}`);
  process.exit(2);
}
const delivery = await make(kind, { secret });
const response = await fetch(to, { method: "POST", redirect: "manual", headers: delivery.headers, body: delivery.body });
console.log(`${response.status} ${await response.text()}`);
process.exitCode = response.ok ? 0 : 1;
