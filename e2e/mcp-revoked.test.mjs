// Who has lost the right to listen hears no more, however long ago they began.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { until } from "./harness.mjs";
import { endpoint, eras, post } from "./mcp.mjs";
import { arrived, keyOf, must, setUp } from "./scene.mjs";

let scene;
before(async () => (scene = await setUp()));
after(() => scene?.stop());

test("a deleted key's streams end, another's go on", { timeout: 120_000 }, async () => {
  const keys = async () => (await must(scene.admin("POST", "/keys", {}))).json;
  const [gone, stays] = [await keys(), await keys()];
  const heard = {};
  const clients = [];
  for (const [era, connect] of Object.entries(eras)) {
    for (const key of [gone, stays]) {
      const list = (heard[`${era} ${key === gone ? "gone" : "stays"}`] = []);
      const client = await connect(endpoint(scene), key.key, { onUpdated: (uri) => list.push(uri) });
      await client.watch(["hookweir://events"]);
      clients.push(client);
    }
  }
  const event = async () => {
    const { delivery } = await scene.deliver("standard webhooks");
    await arrived(scene, keyOf(scene, delivery));
  };
  await event();
  await until("all to hear", () => Object.values(heard).every((list) => list.length > 0));

  await must(scene.admin("DELETE", `/keys/${gone.id}`));
  assert.equal((await post(endpoint(scene), gone.key, "tools/list")).status, 401);
  for (const list of Object.values(heard)) list.length = 0;
  await event();
  await until("those who may to hear", () => Object.entries(heard).every(([who, list]) => who.endsWith("gone") || list.length > 0));
  for (const [who, list] of Object.entries(heard)) if (who.endsWith("gone")) assert.deepEqual(list, [], who);
  await Promise.all(clients.map((client) => client.leave().catch(() => {})));
  const failed = scene.product.logs.filter((line) => /instance_died|panic|different Durable Object/.test(line.message));
  assert.deepEqual(failed, []);
});
