// What an upstream's tool asks reaches the person at the client that called,
// and the answer the tool: clients and servers of both eras.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { form, startAsking } from "./asking.mjs";
import { until } from "./harness.mjs";
import { endpoint, eras, post } from "./mcp.mjs";
import { must, setUp } from "./scene.mjs";
import { startEverything } from "./upstream.mjs";

let scene, key;
const stops = [];
before(async () => {
  scene = await setUp();
  key = (await must(scene.admin("POST", "/keys", { label: "agent" }))).json.key;
});
after(async () => {
  for (const stop of stops) await stop();
  await scene?.stop();
});

async function connect(name, way) {
  const upstream = await startAsking(way);
  stops.push(upstream.stop);
  const { json } = await must(scene.admin("PUT", `/upstreams/${name}`, { url: upstream.url, trust: "first_use" }));
  assert.equal(json.state, "ready", json.reason);
  return upstream;
}
const textOf = (result) => result.content[0].text;

for (const [era, open] of Object.entries(eras)) {
  for (const way of ["rounds", "within", "aside"]) {
    test(`${era}: asked by a server that asks by ${way}`, { timeout: 60_000 }, async () => {
      const name = `${way}-${era.slice(0, 4)}`;
      const upstream = await connect(name, way);
      const asked = [];
      let answer;
      const client = await open(endpoint(scene), key, { onElicit: (request) => {
        asked.push(request.params);
        return answer;
      } });
      const book = () => client.callTool({ name: `${name}__book`, arguments: { day: "friday" } });
      for (const [given, heard] of [
        [{ action: "accept", content: { window: true, seats: 3 } }, { action: "accept", content: { name: "Ann", seats: 3, window: true } }],
        [{ action: "decline" }, { action: "decline" }],
        [{ action: "cancel" }, { action: "cancel" }],
      ]) {
        answer = given;
        const result = await book();
        assert.ok(!result.isError, textOf(result));
        assert.deepEqual(JSON.parse(textOf(result)), heard);
        assert.deepEqual(upstream.heard.at(-1), heard);
      }
      assert.equal(asked.length, 3);
      assert.equal(asked[0].message, `The MCP server ${name} asks, for its tool book (not Hookweir):\n> Which desk?`);
      assert.deepEqual(asked[0].requestedSchema, form, "defaults and all");
      if (way === "rounds") assert.match(upstream.state, /^state \d+$/, "its own state comes back as it was");

      // Nobody is asked what nobody may be asked, and the server hears of it.
      answer = { action: "accept", content: { window: true } };
      const before = upstream.heard.length;
      upstream.ask = { message: "Which\u202e desk?", requestedSchema: form };
      const refused = await book();
      assert.ok(refused.isError);
      assert.equal(JSON.parse(textOf(refused)).code, "question_refused");
      assert.equal(asked.length, 3);
      if (way !== "rounds") assert.deepEqual(upstream.heard.slice(before), [{ action: "cancel" }]);
      await client.leave();
    });
  }

  test(`${era}: a client that cannot ask`, { timeout: 60_000 }, async () => {
    const name = `mute-${era.slice(0, 4)}`;
    const client = await open(endpoint(scene), key);
    for (const way of ["rounds", "within"]) {
      const upstream = await connect(`${name}-${way}`, way);
      const result = await client.callTool({ name: `${name}-${way}__book`, arguments: {} });
      assert.ok(result.isError);
      assert.equal(JSON.parse(textOf(result)).code, "conflict", way);
      assert.deepEqual(upstream.heard, way === "rounds" ? [] : [{ action: "cancel" }], way);
    }
    await client.leave();
  });

  test(`${era}: npm's server-everything asks`, { timeout: 60_000 }, async () => {
    const everything = await startEverything();
    stops.push(everything.stop);
    const name = `everything-${era.slice(0, 4)}`;
    const { json } = await must(scene.admin("PUT", `/upstreams/${name}`, { url: everything.url, trust: "first_use" }));
    assert.equal(json.state, "ready", json.reason);
    let asked;
    const client = await open(endpoint(scene), key, { onElicit: (request) => {
      asked = request.params;
      return { action: "accept", content: { name: "Ann Other", check: true } };
    } });
    const result = await client.callTool({ name: `${name}__trigger-elicitation-request`, arguments: {} });
    assert.ok(!result.isError, textOf(result));
    assert.match(asked.message, new RegExp(`^The MCP server ${name} asks`));
    assert.match(JSON.stringify(result.content), /Ann Other/);
    await client.leave();
  });
}

test("nobody's words are logged", () => {
  const asked = scene.product.logs.filter((line) => line.message.includes("upstream.asked"));
  assert.ok(asked.length > 0);
  for (const line of scene.product.logs) assert.ok(!/Which desk|Ann/.test(line.message), line.message);
});
