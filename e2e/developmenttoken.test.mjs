// The token of development is taken by a name of this machine only: what comes
// through a tunnel to `make dev`, and a page whose name was rebound to it, has
// a name of its own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { raw } from "./raw.mjs";
import { start } from "./harness.mjs";

let product;
before(async () => (product = await start()));
after(() => product?.stop());

test("development's token, by the name that Hookweir is asked by", async () => {
  const { port } = new URL(product.url);
  const ask = async (host, token) =>
    (await raw(product.url, [`GET /v1/tenants/acme/sources HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\nconnection: close\r\n\r\n`])).status;
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) assert.equal(await ask(host, "dev-admin-token"), 200, host);
  for (const host of ["abc.trycloudflare.com", `rebound.example:${port}`, "hooks.example.com"]) assert.equal(await ask(host, "dev-admin-token"), 401, host);
});
