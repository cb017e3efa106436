// The stage of the playbook: the product on workerd, the outside systems, and
// one tenant that is configured as an operator would, over the public API.
//
//	slack ─ events ─▶ product ─▶ agent ─ writes ─▶ product ─▶ salesforce
//	slack, google ◀─ polls ──┘     └─ queries ─▶ /mcp ─▶ D1, the desk's tools
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startAgent } from "../agent.mjs";
import { answerOf, call, start, until } from "../harness.mjs";
import { must } from "../scene.mjs";
import { startUpstream } from "../upstream.mjs";
import { startActor } from "./actor.mjs";
import { calendarScope, startGoogle } from "./google.mjs";
import { budget, startSalesforce } from "./salesforce.mjs";
import { internet } from "./site.mjs";
import { channel, keyOf, startSlack } from "./slack.mjs";

/** How long anything may take that happens in seconds when all is well, in ms. */
export const patience = 90_000;

/**
 * Opens the stage.
 *
 * @param {object} options
 *   tenant  default "acme"
 *   say     (who, what) => void: a line of the timeline
 *   lives   {slack, google}: how long their access tokens live, in ms
 *   vars    {worker, consumers}: settings over the development ones
 *   measure true makes product.memory() work
 *   wasm    {worker, consumers}: modules in place of those that deploy
 *   behind  how far the clock is behind at first, in ms: stage.pass() makes up for it
 */
export async function openStage({ tenant = "acme", say = () => {}, lives = {}, vars, measure, wasm, behind = 0 } = {}) {
  const closing = [];
  const close = async () => {
    for (const stop of closing.splice(0).reverse()) await stop();
  };
  const opened = async (starting, stop) => {
    const thing = await starting;
    closing.push(() => (stop ? stop(thing) : thing.stop()));
    return thing;
  };
  let ahead = 0;
  const now = () => Date.now() + ahead;
  try {
    const storage = await opened(mkdtemp(path.join(tmpdir(), "hookweir-playbook-")), (dir) => rm(dir, { recursive: true, force: true }));
    const secret = `whsec_${randomBytes(32).toString("base64")}`;
    const agent = await opened(startAgent({ secret }));
    const slack = await opened(startSlack({ life: lives.slack, now }));
    const google = await opened(startGoogle({ life: lives.google, now }));
    const salesforce = await opened(startSalesforce({ now }));
    const desk = await opened(startUpstream([routeCase]));
    const out = internet([slack, google, salesforce, { hosts: [deskHost], origin: new URL(desk.url).origin }]);
    const launch = (vars) => start({
      persist: storage, outbound: out, measure, wasm, d1: { consumers: { KNOWLEDGE: "knowledge" } },
      vars: { worker: vars?.worker, consumers: { KNOWLEDGE_TABLES: "teams", KNOWLEDGE_TENANTS: tenant, ...vars?.consumers } },
    });
    const stage = {
      tenant, say, secret, agent, slack, google, salesforce, desk, storage, close,
      product: await launch(vars),
      /** A request of the operator's. */
      admin: (method, route, body) => stage.product.admin(method, `/tenants/${tenant}${route}`, body),
      get webhook() { return `${stage.product.url}/webhooks/${tenant}/slack`; },
      /** A request to an outside system under its own name. */
      outside: (url, init) => out(new Request(url, init)),
      until,
      /** Moves the clock of the consumers and of the outside systems, in ms; in the test build alone. Alarms go by real time. */
      async pass(ms) {
        await must(call(`${stage.product.url}/healthz`, "GET", undefined, { "x-hookweir-clock": String(ahead + ms) }));
        ahead += ms;
      },
      /** Deploys anew over the same storage, with other settings. */
      async restart(vars) {
        await stage.product.stop();
        stage.product = await launch(vars);
      },
    };
    closing.push(() => stage.product.stop());
    if (behind) await stage.pass(-behind);
    await configure(stage);
    stage.actor = await opened(startActor(stage, (await must(stage.admin("POST", "/keys", { label: "the playbook's agent" }))).json.key));
    return stage;
  } catch (error) {
    await close();
    throw error;
  }
}

/** The desk's MCP server: its host, and the one tool it has. */
const deskHost = "desk.example.com";
const routeCase = {
  name: "route_case", description: "Route a case to a team.", annotations: { readOnlyHint: false, destructiveHint: false },
  inputSchema: { type: "object", properties: { case: { type: "string" }, team: { type: "string" }, customer_email: { type: "string" } }, required: ["case", "team"], additionalProperties: false },
};

/** The knowledge base: whose team a record is. */
const teams = [
  "CREATE TABLE teams (prefix TEXT PRIMARY KEY, team TEXT NOT NULL)",
  "INSERT INTO teams VALUES ('case', 'support'), ('refund', 'billing')",
];

// configure is what an operator does on the first day.
async function configure(stage) {
  const { admin, agent, slack, product } = stage;
  const db = await product.d1("KNOWLEDGE");
  for (const statement of teams) await db.exec(statement);
  await must(admin("PUT", "/agent", { url: agent.url, secret: stage.secret }));
  await must(admin("PUT", "/sources/slack", { provider: "slack", secrets: [slack.signingSecret] }));
  for (const name of Object.keys(connections)) await connect(stage, name);
  await must(admin("PUT", "/destinations/salesforce", {
    base_url: await instanceOf(stage), connection: "salesforce",
    rate: { requests: budget.requests, per: `${budget.per / 1000}s`, burst: budget.burst },
    retry: { base: "500ms", cap: "4s" },
  }));
  await must(admin("PUT", "/destinations/slack", { base_url: "https://slack.com", connection: "slack", rate: { requests: 50, per: "1m", burst: 10 } }));
  await must(admin("PUT", "/destinations/google", { base_url: "https://www.googleapis.com", connection: "google", rate: { requests: 600, per: "1m", burst: 10 } }));
  await must(admin("PUT", "/polls/slack", { preset: "slack", params: { channel }, destination: "slack", source: "slack", grace: "2s" }));
  await must(admin("PUT", "/polls/calendar", { preset: "google-calendar", destination: "google" }));
  await must(admin("PUT", "/upstreams/desk", { url: `https://${deskHost}/mcp` }));
  const { json } = await must(admin("GET", "/upstreams/desk/drift"));
  await must(admin("POST", "/upstreams/desk/approve", { report: json.report }));
}

/** What the operator asks for, and no more. */
export const connections = {
  slack: { provider: "slack", scopes: ["channels:history"] },
  google: { provider: "google", scopes: [calendarScope] },
  salesforce: { provider: "salesforce", scopes: ["api", "refresh_token"] },
};

/** Makes a connection and walks a browser through its authorization. */
export async function connect(stage, name, as = name) {
  const { client } = stage[name];
  const settings = connections[name];
  await must(stage.admin("PUT", `/connections/${as}`, { ...settings, client_id: client.id, client_secret: client.secret }));
  await authorize(stage, as);
}

/** A person agrees, in a browser that keeps its cookie. */
export async function authorize(stage, connection) {
  await consent(stage, await stage.admin("GET", `/connections/${connection}/authorize`));
}

/** The rest of an authorization: from the answer that sends the browser to the provider. */
export async function consent(stage, begun) {
  if (begun.status !== 302) throw new Error(`authorize answered ${begun.status}: ${begun.text}`);
  const cookie = begun.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const agreed = await stage.outside(begun.headers.get("location"));
  if (agreed.status !== 302) throw new Error(`the provider answered ${agreed.status}: ${await agreed.text()}`);
  await must(fetch(agreed.headers.get("location"), { headers: { cookie }, redirect: "manual" }).then(answerOf));
}

// Where Salesforce's API is, the token answer says.
const instanceOf = async (stage) => (await must(stage.admin("POST", "/connections/salesforce/token"))).json.instance_url;

/**
 * Somebody writes so many messages in Slack, about records in turn; `fate` =>
 * (i) => "send", "drop" or "double" says what becomes of each one's webhook.
 * Resolves to the messages with the answers to their webhooks.
 */
export async function chatter(stage, count, { fate = () => "send", records = ["case-1", "case-2", "case-3"], about = "" } = {}) {
  const all = [];
  for (let i = 0; i < count; i++) {
    const message = stage.slack.post(`${records[i % records.length]}: ${about || "message"} ${i + 1}`);
    const sent = { message, key: keyOf(stage.tenant, message), fate: fate(i), answers: [] };
    const times = { send: 1, drop: 0, double: 2 }[sent.fate];
    for (let n = 0; n < times; n++) sent.answers.push(await stage.slack.deliver(stage.webhook, message).then(answerOf));
    all.push(sent);
  }
  return all;
}

/** Waits until the agent has accepted every one of the keys. */
export async function received(stage, keys, deadline = patience) {
  await until(`${keys.length} events to reach the agent`, () => {
    const ids = new Set(stage.agent.ids());
    return keys.every((key) => ids.has(key));
  }, deadline);
}

/** The key of one state of an appointment. */
export const keyOfChange = (tenant, change) => `${tenant}/calendar/${change.id}:${change.updated}`;

/** Waits until every write that the agent handed over has taken effect, and the product has nothing more to send. */
export async function written(stage, deadline = patience) {
  const { actor, salesforce } = stage;
  await until("the agent to have acted", () => actor.idle(), deadline);
  await until("every write to have taken effect", () => actor.writes.every(({ record, step }) => salesforce.records.get(record)?.includes(step)), deadline);
  await until("no write to wait", async () => (await must(stage.admin("GET", "/destinations/salesforce"))).json.queue.depth === 0, deadline);
}

/** Runs a poll until what it is to find is there. */
export async function runPoll(stage, poll, found) {
  await until(`poll ${poll} to find what it should`, async () => {
    await must(stage.admin("POST", `/polls/${poll}/run`));
    return until("the events of that run", found, 2_000).catch(() => false);
  }, patience);
}
