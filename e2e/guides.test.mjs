// The pages that a newcomer follows: getting started, pointing a provider at
// Hookweir, deploying. What they show is done here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac, randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { startAgent } from "./agent.mjs";
import { answerOf, freePort, root, start, until } from "./harness.mjs";
import { eras, post } from "./mcp.mjs";
import { commands, shell } from "./pages.mjs";

const run = promisify(execFile);
const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");

describe("guides", { concurrency: true }, () => {
  test("docs/getting-started.md", { timeout: 120_000 }, async () => {
    const blocks = await commands("docs/getting-started.md");
    const folder = await mkdtemp(path.join(tmpdir(), "hookweir-start-"));
    const inbox = path.join(folder, "inbox");
    const product = await start();
    const port = await freePort();
    const here = { url: product.url, cwd: root, env: { INBOX: inbox, PORT: String(port) } };
    try {
      // One shell from the first block to the last, and the agent with it.
      const script = blocks.slice(0, 3).join("\n").replace("INBOX=inbox", `INBOX=${inbox}`).replace("127.0.0.1:9000", `127.0.0.1:${port}`);
      const printed = await shell(`trap 'kill $!' EXIT\n${script}\nuntil ls ${inbox} | grep -q json$; do sleep 0.1; done\n${blocks[3]}`, here);
      assert.match(printed, /"webhook_url":"http:\/\/127\.0\.0\.1:\d+\/webhooks\/acme\/github"/);
      assert.match(printed, /202 \{"accepted":true,"id":"acme\/github\//);
      assert.match(printed, /401 .*"code":"bad_signature".*\nrefused/);
      assert.match(printed, /"events":\[\{/);
      const kept = (await readdir(inbox)).filter((name) => name.endsWith(".json"));
      assert.equal(kept.length, 1);
      assert.equal(JSON.parse(await readFile(path.join(inbox, kept[0]), "utf8")).type, "com.github.push");
    } finally {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("docs/pointing.md", { timeout: 120_000 }, async () => {
    const [vars, ...blocks] = await commands("docs/pointing.md");
    const agent = await startAgent({ secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    const product = await start();
    try {
      await product.admin("PUT", "/tenants/acme/agent", { url: agent.url, secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
      const printed = await shell([vars, ...blocks].join("\n"), { url: product.url, cwd: root });
      for (const source of ["github", "stripe", "slack", "shopify"]) {
        assert.match(printed, new RegExp(`"webhook_url":"http://127\\.0\\.0\\.1:\\d+/webhooks/acme/${source}"`));
        assert.match(printed, new RegExp(`202 .*"id":"acme/${source}/`));
        await until(`the event of ${source}`, () => agent.ids().some((id) => id.startsWith(`acme/${source}/`)));
      }
      assert.match(printed, /^200 [\w-]{20,}$/m, "Slack's challenge, given back");

      // What the pages say goes wrong.
      const at = Math.floor(Date.now() / 1000);
      const post = (source, headers, body) => fetch(`${product.url}/webhooks/acme/${source}`, { method: "POST", headers, body }).then(answerOf);
      const mac = (secret, text, encoding = "hex") => createHmac("sha256", secret).update(text).digest(encoding);
      const github = (body, secret = "It is a Secret to Everybody", event = "push") => ({ "content-type": "application/json", "x-github-event": event, "x-github-delivery": randomUUID(), "x-hub-signature-256": `sha256=${mac(secret, body)}` });
      const challenge = JSON.stringify({ type: "url_verification", challenge: "c1" });
      const slack = (secret, when = at) => ({ "content-type": "application/json", "x-slack-request-timestamp": String(when), "x-slack-signature": `v0=${mac(secret, `v0:${when}:${challenge}`)}` });
      const stripe = (when) => ({ "content-type": "application/json", "stripe-signature": `t=${when},v1=${mac("whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e", `${when}.{"id":"evt_1"}`)}` });
      const ping = await post("github", github('{"zen":"x","hook_id":1}', undefined, "ping"), '{"zen":"x","hook_id":1}');
      assert.equal(ping.status, 202, ping.text);
      await until("GitHub's ping", () => agent.by(ping.json.id).some((a) => a.event.type === "com.github.ping"));
      for (const [why, answer, code, status = 401] of [
        ["another secret", post("github", github("{}", "another"), "{}"), "bad_signature"],
        ["no secret at GitHub", post("github", { ...github("{}"), "x-hub-signature-256": "" }, "{}"), "missing_signature"],
        ["a body that was printed anew", post("github", github('{"a":1}'), '{"a": 1}'), "bad_signature"],
        ["the deprecated token as Slack's secret", post("slack", slack("Jhj5dZrVaK7ZwHHjRyZWjbDl"), challenge), "bad_signature"],
        ["an old challenge", post("slack", slack("8f742231b10e8888abcd99yyyzzz85a5", at - 400), challenge), "stale_timestamp"],
        ["a recorded delivery", post("stripe", stripe(at - 400), '{"id":"evt_1"}'), "stale_timestamp"],
        ["Shopify's access token", post("shopify", { "content-type": "application/json", "x-shopify-hmac-sha256": mac("shpat_0", "{}", "base64") }, "{}"), "bad_signature"],
        ["a source that is not there", post("slack-2", slack("x"), challenge), "not_found", 404],
      ]) {
        const { status: got, json } = await answer;
        assert.deepEqual([got, json?.code], [status, code], why);
      }
    } finally {
      await product.stop();
      await agent.stop();
    }
  });

  test("docs/connecting-mcp.md", { timeout: 120_000 }, async () => {
    const page = "docs/connecting-mcp.md";
    const text = await readFile(path.join(root, page), "utf8");
    const folder = await mkdtemp(path.join(tmpdir(), "hookweir-connect-"));
    const product = await start();
    try {
      const [made, byHand] = await commands(page);
      const { key } = JSON.parse(await shell(made, { url: product.url, cwd: folder }));
      const answer = await shell(byHand, { url: product.url, cwd: folder });
      assert.match(answer, /"structuredContent":\{"events":\[\]/);

      // As a client reads the file.
      const file = JSON.parse(/^```json\n(.*?)^```/ms.exec(text)[1].replaceAll("http://127.0.0.1:8787", product.url).replaceAll("${HOOKWEIR_KEY}", key));
      const { type, url, headers } = file.mcpServers.hookweir;
      assert.equal(type, "http");
      for (const connect of Object.values(eras)) {
        const client = await connect(url, headers.Authorization.replace("Bearer ", ""));
        assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name).sort(), ["enqueue_write", "get_event", "get_write", "search_events"]);
        await client.leave();
      }

      const script = path.join(root, "build", "connecting-mcp.ts"); // beside node_modules, which it imports from
      await writeFile(script, /^```ts\n(.*?)^```/ms.exec(text)[1]);
      const { stdout } = await run(process.execPath, [script], { env: { ...process.env, HOOKWEIR_URL: url, HOOKWEIR_KEY: key } });
      assert.match(stdout, /search_events/);
      assert.match(stdout, /events: \[\]/);

      const refused = await post(url, key, "tools/call", { name: "list_polls", arguments: {} });
      assert.deepEqual([refused.status, refused.json.code], [403, "forbidden_tool"]);
      assert.equal((await post(url, "nobody's", "tools/list")).json.code, "unauthenticated");
      assert.equal((await fetch(`${product.url}/v1/tenants/acme/keys`, { headers: { authorization: `Bearer ${key}` } }).then(answerOf)).json.code, "restricted_key");
      assert.equal((await post(url, key, "tools/list", {}, { headers: { origin: "https://evil.example" } })).json.code, "forbidden_origin");
    } finally {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  // Nothing here has an account: the commands are held to what wrangler and
  // make know, provision.test.mjs runs the script, settings.test.mjs the states.
  test("docs/deploying.md", { timeout: 120_000 }, async () => {
    const lines = (await commands("docs/deploying.md")).join("\n").split("\n").map((line) => line.replace(/ +#.*/, "")).filter(Boolean);
    const helps = new Map();
    const help = (command) => {
      if (!helps.has(command)) helps.set(command, run(process.execPath, [wrangler, ...command.split(" "), "--help"], { env: { ...process.env, NO_COLOR: "1", WRANGLER_SEND_METRICS: "false" } }).then(({ stdout }) => stdout));
      return helps.get(command);
    };
    for (const line of lines) {
      const [tool, ...words] = line.replace(/^npx /, "").split(/ +/);
      if (tool === "make") await run("make", ["-n", ...words], { cwd: root });
      if (tool !== "wrangler") {
        assert.ok(["make", "curl", "git"].includes(tool), line);
        continue;
      }
      const known = ["versions list", "rollback", "tail", "delete", "queues delete", "kv namespace delete", "r2 bucket delete", "login"].find((c) => words.join(" ").startsWith(c));
      assert.ok(known, line);
      const text = await help(known);
      assert.ok(text.includes(`wrangler ${known}`), line);
      for (const option of words.filter((w) => w.startsWith("--"))) assert.match(text, new RegExp(`${option}\\b`), line);
    }
    const names = (files) => files.flatMap((file) => {
      const c = readConfig({ config: path.join(root, file) }, { hideWarnings: true });
      return [c.name, ...(c.r2_buckets ?? []).map((b) => b.bucket_name), ...(c.queues.consumers ?? []).map((q) => q.queue)];
    });
    const deleted = lines.filter((line) => /delete/.test(line)).map((line) => line.split(" ").at(-1));
    for (const name of names(["wrangler.toml", "consumers/wrangler.toml"])) assert.ok(deleted.includes(name), `${name} is taken down`);

    // This repository is not provisioned.
    await assert.rejects(run("make", ["provisioned"], { cwd: root }), { stderr: /no id yet: make provision/ });

    // The lines for a domain of one's own, where the page puts them.
    const page = await readFile(path.join(root, "docs/deploying.md"), "utf8");
    const [routes, vars] = [...page.matchAll(/^```toml\n(.*?)^```/gms)].map((m) => m[1]);
    const folder = await mkdtemp(path.join(tmpdir(), "hookweir-domain-"));
    try {
      const file = path.join(folder, "wrangler.toml");
      await writeFile(file, (await readFile(path.join(root, "wrangler.toml"), "utf8")).replace(/^\[/m, `${routes}[`));
      const config = readConfig({ config: file }, { hideWarnings: true });
      assert.deepEqual([config.workers_dev, config.routes.map((r) => ({ ...r }))], [false, [{ pattern: "hooks.example.com", custom_domain: true }]]);
      await writeFile(file, `${await readFile(path.join(root, "consumers/wrangler.toml"), "utf8")}\n${vars}`);
      assert.equal(readConfig({ config: file }, { hideWarnings: true }).vars.PUBLIC_URL, "https://hooks.example.com");
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test("docs/configuration.md's key ring is one", async () => {
    const [block] = await commands("docs/configuration.md");
    const { stdout } = await run("bash", ["-euc", block]);
    assert.match(stdout, /^k1:[A-Za-z0-9+/]{43}=\n$/);
  });
});
