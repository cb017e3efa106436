// npm's server-everything as an upstream: all it has is discovered, approved,
// pinned and passed on as it is; and hours pass on workerd's own alarm.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { until } from "./harness.mjs";
import { endpoint, eras } from "./mcp.mjs";
import { must, setUp } from "./scene.mjs";
import { startEverything, startUpstream } from "./upstream.mjs";

const URI = "hookweir://upstreams/everything/";
let scene, key, everything;
before(async () => {
  everything = await startEverything();
  scene = await setUp({ testBuild: true });
  key = (await must(scene.admin("POST", "/keys", { label: "agent" }))).json.key;
});
after(async () => {
  await scene?.stop();
  await everything?.stop();
});

/** What a client is offered, each item without its name. */
async function offer(client) {
  const { tools } = await client.listTools();
  const { resources } = await client.listResources();
  const { resourceTemplates } = await client.listResourceTemplates();
  const { prompts } = await client.listPrompts();
  return { tools, resources, resourceTemplates, prompts };
}
const kinds = { tools: "name", resources: "uri", resourceTemplates: "uriTemplate", prompts: "name" };

test("what it offers is what a client of its own sees, and all of it works", { timeout: 120_000 }, async () => {
  // As Hookweir says of itself: this server shows more tools to whom it can ask.
  const direct = new Client({ name: "direct", version: "1" }, { capabilities: { elicitation: {} } });
  const transport = new StreamableHTTPClientTransport(new URL(everything.url));
  await direct.connect(transport);
  const own = await offer(direct);
  assert.ok(own.tools.length > 5 && own.resources.length > 1 && own.resourceTemplates.length > 1 && own.prompts.length > 2);

  const drift = async () => (await must(scene.admin("GET", "/upstreams/everything/drift"))).json;
  const put = async (settings) => (await must(scene.admin("PUT", "/upstreams/everything", { url: everything.url, ...settings }))).json;
  assert.equal((await put()).state, "ready");
  const report = await drift();
  const count = Object.values(own).flat().length;
  assert.equal(report.items.length, count);
  assert.ok(report.items.every((i) => i.class === "added" && i.action === "block"), JSON.stringify(report.items.map((i) => [i.name, i.class, i.reason])));
  const hidden = await eras["2026-07-28 (client 2)"](endpoint(scene), key);
  assert.deepEqual((await hidden.listTools()).tools.filter((t) => t.name.includes("__")), []);
  await assert.rejects(hidden.callTool({ name: "everything__echo", arguments: { message: "x" } }));
  await hidden.leave();
  await must(scene.admin("POST", "/upstreams/everything/approve", { report: report.report }));

  for (const open of Object.values(eras)) {
    const client = await open(endpoint(scene), key);
    const here = await offer(client);
    for (const [kind, name] of Object.entries(kinds)) {
      const prefix = name === "name" ? "everything__" : URI;
      const ours = here[kind].filter((i) => i[name].startsWith(prefix)).map((i) => i[name].slice(prefix.length));
      assert.deepEqual(ours.toSorted(), own[kind].map((i) => i[name]).toSorted(), kind);
    }
    for (const t of own.tools) {
      const ours = here.tools.find((x) => x.name === `everything__${t.name}`);
      for (const member of ["description", "inputSchema", "outputSchema", "annotations"]) assert.deepEqual(ours[member], t[member], `${t.name}: ${member}`);
    }
    const call = (name, args) => client.callTool({ name: `everything__${name}`, arguments: args });
    assert.match((await call("echo", { message: "hello" })).content[0].text, /hello/);
    assert.match((await call("get-sum", { a: 19, b: 23 })).content[0].text, /42/);
    assert.equal(JSON.parse((await call("get-sum", { a: "nineteen", b: 23 })).content[0].text).code, "invalid_request");
    assert.equal(typeof (await call("get-structured-content", { location: "Chicago" })).structuredContent.temperature, "number");
    assert.equal((await call("get-tiny-image", {})).content.find((c) => c.type === "image").mimeType, "image/png");
    const text = async (uri) => (await client.readResource({ uri: URI + uri })).contents[0].text;
    assert.equal(await text(own.resources[0].uri), (await direct.readResource({ uri: own.resources[0].uri })).contents[0].text);
    assert.match(await text("demo://resource/dynamic/text/7"), /^Resource 7:/);
    const prompt = await client.getPrompt({ name: "everything__args-prompt", arguments: { city: "Turku" } });
    assert.match(prompt.messages[0].content.text, /Turku/);
    const { completion } = await client.complete({ ref: { type: "ref/prompt", name: "everything__completable-prompt" }, argument: { name: "department", value: "Eng" } });
    assert.deepEqual(completion.values, ["Engineering"]);
    await client.leave();
  }
  await put({ trust: "first_use" });
  assert.deepEqual((await drift()).items, [], "the same server says the same again");
  await transport.terminateSession();
  await direct.close();
});

test("an hour passes, and the alarm looks at an upstream that nobody calls", { timeout: 60_000 }, async () => {
  const clock = async (ms) => {
    const response = await fetch(`${scene.url}/healthz`, { headers: { "x-hookweir-clock": String(ms) } });
    assert.equal(response.status, 200);
  };
  const look = (description) => ({ name: "look", description, inputSchema: { type: "object" } });
  const up = await startUpstream([look("Look.")]);
  try {
    // Alarms go by real time: it is connected an hour less a few seconds ago.
    await clock(-3_597_000);
    await must(scene.admin("PUT", "/upstreams/quiet", { url: up.url, trust: "first_use" }));
    up.tools = [look("Look, and tell.")];
    const asked = up.requests.length;
    await clock(0);
    const notice = await until("the notice", () => scene.agent.arrivals.find((a) => a.event?.type === "hookweir.upstream.drift" && a.event.data.upstream === "quiet"), 30_000);
    assert.deepEqual(notice.event.data.items.map((i) => [i.name, i.class]), [["look", "description"]]);
    assert.ok(up.requests.length > asked && up.calls.length === 0, "it was asked, and not called");
  } finally {
    await up.stop();
  }
});
