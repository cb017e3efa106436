// What a newcomer types: the commands of the README and of pages, against the
// product.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { startAgent } from "./agent.mjs";
import { startAPIs } from "./apis.mjs";
import { startDestination } from "./destination.mjs";
import { root, start, until } from "./harness.mjs";
import { post } from "./mcp.mjs";
import { commands, shell as inPlace } from "./pages.mjs";
import { make, send } from "./providers.mjs";
import { startUpstream } from "./upstream.mjs";

const run = promisify(execFile);

test("the README's first event, then docs/rotation.md", { timeout: 60_000 }, async () => {
  const blocks = await commands("README.md", "Receive your first event");
  const secret = blocks[0].match(/whsec_[A-Za-z0-9+/=]+/)[0];
  const agent = await startAgent({ secret });
  const product = await start();
  const shell = (script) => inPlace(script, { url: product.url, agent: agent.url });
  try {
    const configured = await shell(blocks[0]);
    assert.match(configured, /"webhook_url":"http:\/\/127\.0\.0\.1:\d+\/webhooks\/acme\/github"/);
    assert.ok(!configured.includes(secret), "an answer never has a secret");

    const delivery = await make("github push", { secret: "It is a Secret to Everybody" });
    delivery.headers["x-github-delivery"] = "72d3162e-cc78-11e3-81ab-4c9367dc0958"; // the README's
    assert.equal((await send(product.url, "acme", delivery)).status, 202);
    const key = "acme/github/72d3162e-cc78-11e3-81ab-4c9367dc0958";
    await until("the event to arrive", () => agent.ids().includes(key));

    const vars = blocks[0].split("\n").filter((line) => /^(API|AUTH)=/.test(line)).join("\n");
    const answer = await until("the event to be recorded", () => shell(`${vars}\n${blocks[1]}`).catch(() => undefined));
    assert.match(answer, /"events":\[/);
    assert.match(answer, /"replayed":1/);
    await until("the replay to arrive", () => agent.by(key).length === 2);
    await shell((await commands("docs/rotation.md")).join("\n"));
    for (const arrival of agent.arrivals) assert.ok(arrival.verified, arrival.error);
  } finally {
    await product.stop();
    await agent.stop();
  }
});

test("docs/schemes.md", { timeout: 120_000 }, async () => {
  for (const block of await commands("docs/schemes.md")) {
    // Once is enough to see that it runs; what `make cost` builds is not built again.
    const once = block.replace(/-benchtime \d+x/, "-benchtime 1x").replace(/^make /, "make -n ");
    assert.notEqual(once, block);
    const { stdout } = await run("bash", ["-euc", once], { cwd: root });
    assert.match(stdout, /Benchmark\w+\/|cost\.mjs/);
  }
});

test("docs/writes.md", { timeout: 60_000 }, async () => {
  const [block] = await commands("docs/writes.md");
  const server = await startDestination();
  const product = await start();
  try {
    const stdout = await inPlace(block.replaceAll("https://api.example.com/v1", server.url), { url: product.url });
    assert.match(stdout, /"id":"shop\./);
    assert.match(stdout, /"status":201/);
    assert.ok(!stdout.includes("the-api-token"), "an answer never has a secret");
    await until("the writes to arrive", () => server.arrivals.length === 4);
    assert.deepEqual(server.arrivals.filter((a) => a.method === "PATCH").map((a) => JSON.parse(a.body).plan), ["pro", "team"]);
    for (const a of server.arrivals) assert.equal(a.headers.authorization, "Bearer the-api-token");
  } finally {
    await product.stop();
    await server.stop();
  }
});

test("docs/mcp.md", { timeout: 60_000 }, async () => {
  const upstream = await startUpstream([{ name: "echo", description: "Echo.", inputSchema: { type: "object" } }]);
  const product = await start();
  const folder = await mkdtemp(path.join(tmpdir(), "hookweir-mcp-"));
  try {
    const script = (await commands("docs/mcp.md")).join("\n").replaceAll("https://mcp.example.com/mcp", upstream.url);
    const stdout = await inPlace(script, { url: product.url, cwd: folder });
    for (const right of ['"name":"search_events"', '"authorization_servers":["https://auth.example.com"]', '"class":"added"', '"items":[]']) assert.ok(stdout.includes(right), `${right} in ${stdout}`);
    const listed = await post(`${product.url}/mcp/acme`, JSON.parse(await readFile(path.join(folder, "key.json"), "utf8")).key, "tools/list");
    assert.deepEqual(listed.json.result.tools.map((t) => t.name), ["get_event", "replay_event", "search_events", "demo__echo"]);
  } finally {
    await product.stop();
    await upstream.stop();
    await rm(folder, { recursive: true, force: true });
  }
});

test("docs/polling.md", { timeout: 60_000 }, async () => {
  const apis = await startAPIs();
  const product = await start();
  const [backed, looked, own] = await commands("docs/polling.md");
  const vars = backed.split("\n").filter((line) => /^(API|AUTH)=/.test(line)).join("\n");
  const call = (script) => inPlace(`${vars}\n${script.replaceAll("http://127.0.0.1:9100", apis.url)}`, { url: product.url });
  try {
    await product.admin("PUT", "/tenants/acme/sources/github", { provider: "github", secrets: ["It is a Secret to Everybody"] });
    assert.match(await call(backed), /"backs_source":true/);
    const status = await call(looked);
    assert.match(status, /"outcome":"ok"/);
    assert.match(status, /"state":"ok"/);
    assert.match(await call(own), /"promise":\{"whole":true/);
  } finally {
    await product.stop();
    await apis.stop();
  }
});
