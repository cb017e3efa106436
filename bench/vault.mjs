// `node bench/vault.mjs`: how many tokens a warm Vault serves and how many
// refreshes it makes, on this machine's workerd, over HTTP and through both
// Workers. Needs `make build`. Seal and open in Wasm are a Go benchmark,
// shared/seal/bench_test.go, which names its command.
//
//	node bench/vault.mjs [--seconds 4] [--clients 32]
import http from "node:http";
import { parseArgs } from "node:util";
import { browser } from "../e2e/authserver.mjs";
import { start } from "../e2e/harness.mjs";
import { must } from "../e2e/scene.mjs";
import { figure, keep } from "./results.mjs";

const { values: flags } = parseArgs({ options: { seconds: { type: "string", default: "4" }, clients: { type: "string", default: "32" } } });
const seconds = Number(flags.seconds), clients = Number(flags.clients);

// A provider that costs nothing: consent at once, a token for anything.
let life = 3600, refreshes = 0, closed = false, serial = 0;
const provider = http.createServer((request, response) => {
  const url = new URL(request.url, "http://provider");
  if (url.pathname === "/auth") {
    const back = new URL(url.searchParams.get("redirect_uri"));
    back.search = new URLSearchParams({ code: "c", state: url.searchParams.get("state") });
    return response.writeHead(302, { location: back.href }).end();
  }
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    if (body.includes("grant_type=refresh_token")) refreshes++;
    if (closed) return response.writeHead(400, { "content-type": "application/json" }).end('{"error":"invalid_grant"}');
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ access_token: `at-${++serial}`, refresh_token: `rt-${serial}`, expires_in: life }));
  });
});
await new Promise((resolve) => provider.listen(0, "127.0.0.1", resolve));
const at = `http://127.0.0.1:${provider.address().port}`;
const product = await start();
const authorization = { authorization: `Bearer ${product.adminToken}` };

async function connect(name) {
  const route = `/tenants/bench/connections/${name}`;
  await must(product.admin("PUT", route, { provider: "custom", client_id: "c", client_secret: "s", scopes: [], endpoints: { authorize: `${at}/auth`, token: `${at}/token` } }));
  const { response } = await browser().go(`${product.url}/v1${route}/authorize`, { headers: authorization });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
}

async function tokensPerSecond() {
  await connect("warm");
  const url = `${product.url}/v1/tenants/bench/connections/warm/token`;
  const times = [];
  let until = Infinity;
  const client = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      const response = await fetch(url, { method: "POST", headers: authorization });
      if (response.status !== 200) throw new Error(await response.text());
      await response.arrayBuffer();
      times.push(performance.now() - began);
    }
  };
  for (const measured of [false, true]) { // once to warm up
    times.length = 0;
    until = performance.now() + (measured ? seconds : 1) * 1000;
    await Promise.all(Array.from({ length: clients }, client));
  }
  times.sort((a, b) => a - b);
  return { per_s: Math.round(times.length / seconds), p50_ms: +times[times.length >> 1].toFixed(2), p99_ms: +times[Math.floor(times.length * 0.99)].toFixed(2) };
}

// Tokens that end at once keep the alarm refreshing as fast as it can.
async function refreshesPerSecond(connections) {
  life = 0.02;
  closed = false;
  for (let i = 0; i < connections; i++) await connect(`short-${connections}-${i}`);
  const before = refreshes;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const rate = Math.round((refreshes - before) / seconds);
  closed = true;
  life = 3600;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return rate;
}

try {
  const tokens = await tokensPerSecond();
  console.log(`tokens from a warm vault, ${clients} clients: ${tokens.per_s}/s, p50 ${tokens.p50_ms} ms, p99 ${tokens.p99_ms} ms`);
  const rows = Object.entries(tokens).map(([metric, value]) => figure("tokens from a warm vault", metric, value));
  for (const n of [1, 20]) {
    const rate = await refreshesPerSecond(n);
    rows.push(figure(`refreshes, ${n} of one vault`, "per_s", rate));
    console.log(`refreshes, ${n} connection${n > 1 ? "s" : ""} of one vault: ${rate}/s`);
  }
  await keep("vault", rows);
} finally {
  await product.stop();
  provider.closeAllConnections();
  provider.close();
}
