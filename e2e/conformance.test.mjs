// The official MCP conformance suite against /mcp/{tenant} on workerd: the
// endpoint as it deploys, with the suite's fixtures in place of the tools.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { root, start } from "./harness.mjs";
import { must } from "./scene.mjs";

const suites = {
  "0.1.16, every active scenario": ["mcp-conformance-stable", [], 30],
  "0.2 alpha, requirements of 2025-11-25": ["@modelcontextprotocol/conformance", ["--requirements", "2025-11-25"], 30],
  "0.2 alpha, requirements of 2026-07-28": ["@modelcontextprotocol/conformance", ["--requirements", "2026-07-28"], 37],
};

/** What each suite found, scenario by scenario; kept until the next run. */
const results = path.join(root, "build", "conformance", "results");

let product;
before(async () => {
  await rm(results, { recursive: true, force: true });
  product = await start({ wasm: { consumers: "build/conformance/consumers.wasm" } });
  await must(product.admin("PUT", "/tenants/suite/agent", { url: "http://127.0.0.1:9/", secret: `whsec_${Buffer.alloc(32, 7).toString("base64")}` }));
});
after(() => product?.stop());

for (const [name, [suite, args, scenarios]] of Object.entries(suites)) {
  test(`${name}: ${scenarios} of ${scenarios}`, { timeout: 120_000 }, async (t) => {
    const folder = path.join(results, name.replace(/[^a-z0-9.]+/g, "-"));
    await mkdir(folder, { recursive: true });
    const { code, output } = await run(suite, ["server", "--url", `${product.url.replace("127.0.0.1", "localhost")}/mcp/suite`, ...args, "-o", folder]);
    await writeFile(path.join(folder, "output.txt"), output);
    const { passed, failed } = scored(output);
    t.diagnostic(`conformance ${name}: ${passed.length} of ${scenarios} scenarios, ${failed.length} failed (${path.relative(root, folder)})`);
    assert.equal(code, 0, output.slice(-4000));
    assert.deepEqual(failed, []);
    assert.equal(passed.length, scenarios, passed.join(" "));
  });
}

// Those scenarios for clients that a client without OAuth of its own can have:
// connections hold the tokens here. The client runs natively; it is the one
// that runs in the object.
const scenarios = {
  "mcp-conformance-stable": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry"],
  "@modelcontextprotocol/conformance": ["initialize", "tools_call", "elicitation-sep1034-client-defaults", "sse-retry", "request-metadata", "http-standard-headers", "http-custom-headers", "http-invalid-tool-headers", "json-schema-ref-no-deref", "json-schema-2020-12-preservation", "sep-2322-client-request-state"],
};

test("the upstream client's scenarios", { timeout: 120_000 }, async (t) => {
  const client = path.join(root, "build/upstreamclient");
  await promisify(execFile)("go", ["build", "-o", client, "./e2e/upstreamclient"], { cwd: root });
  for (const [suite, names] of Object.entries(scenarios)) {
    // At once: each has its own server, and some do nothing but wait.
    await Promise.all(names.map(async (name) => {
      const { code, output } = await run(suite, ["client", "--command", client, "--scenario", name]);
      const folder = path.join(results, "client", suite.split("/").at(-1));
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, `${name}.txt`), output);
      assert.equal(code, 0, `${name}: ${output.slice(-2000)}`);
    }));
    t.diagnostic(`conformance client, ${suite}: ${names.length} of ${names.length} scenarios passed`);
  }
});

// scored reads the summary: what counts, without extensions and what is pending.
function scored(output) {
  const [summary, unscored = ""] = output.slice(output.indexOf("=== SUMMARY ===")).split(/^Not scored/m);
  const names = (text, mark) => [...text.matchAll(new RegExp(`^ *${mark} ([\\w-]+)`, "gm"))].map((m) => m[1]);
  const out = new Set([...names(unscored, "✓"), ...names(unscored, "✗")]);
  const only = (list) => list.filter((name) => !out.has(name));
  return { passed: only(names(summary, "✓")), failed: only(names(summary, "✗")) };
}

function run(suite, args) {
  const cli = path.join(root, "node_modules", suite, "dist", "index.js");
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { cwd: root, maxBuffer: 16 << 20 }, (error, stdout, stderr) => {
      resolve({ code: error ? error.code ?? 1 : 0, output: stdout + stderr });
    });
  });
}
