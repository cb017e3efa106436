// The deliveries the other tests send are what the providers' own code takes
// for genuine, and the forgeries are what it refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, forge, kinds, make } from "./providers.mjs";

for (const name of Object.keys(kinds)) {
  test(`${name}: its own library accepts it and refuses forgeries`, async () => {
    const delivery = await make(name);
    await check(delivery);
    const forgeries = await forge(delivery);
    assert.equal(forgeries.length, 2);
    for (const forged of forgeries) {
      await assert.rejects(async () => check({ ...forged, secret: delivery.secret }));
      assert.deepEqual(Object.keys(forged.headers), Object.keys(delivery.headers));
    }
  });
}

test("a GitHub push has the size of a real one", async () => {
  const { body } = await make("github push");
  assert.ok(body.length > 6000 && body.length < 9000, `${body.length} bytes`);
});
