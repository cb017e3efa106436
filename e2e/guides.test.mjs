// The pages that a newcomer follows: getting started, pointing a provider at
// Hookweir, deploying. What they show is done here; what they say can go wrong,
// by troubles.test.mjs.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";
import { startAgent } from "./agent.mjs";
import { freePort, root, start, until } from "./harness.mjs";
import { eras } from "./mcp.mjs";
import { commands, shell } from "./pages.mjs";
import { make, send } from "./providers.mjs";

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

      const ping = await make("github push", { secret: "It is a Secret to Everybody", body: Buffer.from('{"zen":"x","hook_id":1}') });
      ping.headers["x-github-event"] = "ping";
      const { id } = await send(product.url, "acme", ping).then((answer) => answer.json());
      await until("GitHub's ping", () => agent.by(id).some((a) => a.event.type === "com.github.ping"));
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
      const printed = await shell((await commands(page)).join("\n"), { url: product.url, cwd: folder });
      assert.match(printed, /"structuredContent":\{"events":\[\]/);
      const { key } = JSON.parse(await readFile(path.join(folder, "key.json"), "utf8"));

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
    } finally {
      await product.stop();
      await rm(folder, { recursive: true, force: true });
    }
  });

  // Nothing here has an account: the commands are held to what wrangler and
  // make know; troubles.test.mjs runs the script and tries the states.
  test("docs/deploying.md", { timeout: 300_000 }, async () => {
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
