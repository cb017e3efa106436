// Polling on workerd: every preset against its provider's paging, what
// webhooks lose, budgets, outages, and a clock that falls silent. Hours pass
// by moving the test build's clock; ticks are given by hand. Alarms go by real
// time, so the tests that need one come first, at the clock's own time.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { presets, startAPIs } from "./apis.mjs";
import { browser, startAuthServer } from "./authserver.mjs";
import { excess, startDestination } from "./destination.mjs";
import { start, until } from "./harness.mjs";
import { make } from "./providers.mjs";
import { arrived, join, must } from "./scene.mjs";

const patience = 40_000;
const minute = 60_000;

/** The product with APIs beside it, and one clock for both. */
async function setUp() {
  const apis = await startAPIs();
  const product = await start({ wasm: { worker: "build/test/worker.wasm", consumers: "build/test/consumers.wasm" }, queues: { polls: { maxBatchTimeout: 0 }, events: { maxBatchTimeout: 0 } } });
  const world = {
    apis, product,
    async setClock(ms) {
      apis.clock = ms;
      await product.clock(ms);
    },
    pass: (ms) => world.setClock(apis.clock + ms),
    async stop() {
      await product.stop();
      await apis.stop();
    },
  };
  return world;
}

/** A tenant with an agent, and helpers for its polls. */
async function tenant(world, name) {
  const scene = await join(world.product, name, { only: ["github", "stripe"] });
  return Object.assign(scene, {
    polls: [],
    /** Ends its polls: the next test's ticks are not for them. */
    leave: () => Promise.all(scene.polls.splice(0).map((poll) => scene.admin("DELETE", `/polls/${poll}`))),
    async poll(preset, { definition = {}, destination = {} } = {}) {
      await must(scene.admin("PUT", `/destinations/${preset}`, { base_url: `${world.apis.url}/${preset}`, ...destination }));
      scene.polls.push(preset);
      return (await must(scene.admin("PUT", `/polls/${preset}`, { preset, destination: preset, ...presets[preset], ...definition }))).json;
    },
    status: async (poll) => (await must(scene.admin("GET", `/polls/${poll}`))).json,
    /** Waits until a tick's run of a poll is over. */
    ran: (poll, runs) => until(`run ${runs} of ${poll}`, async () => (await scene.status(poll)).totals.runs >= runs && scene.status(poll), patience),
    /** Polls now, as often as there is more to read. */
    async run(poll) {
      for (;;) {
        const { json } = await must(scene.admin("POST", `/polls/${poll}/run`));
        if (!json.more) return json;
      }
    },
    /** Ids of events of a source, in the order in which they first came. */
    ids: (source) => [...new Set(scene.agent.arrivals.filter((a) => a.id.startsWith(`${name}/${source}/`)).map((a) => a.id.slice(name.length + source.length + 2)))],
    notices: (type) => scene.agent.arrivals.filter((a) => JSON.parse(a.body).type === type).map((a) => JSON.parse(a.body).data),
    once(keys) {
      for (const key of keys) assert.equal(scene.agent.by(key).length, 1, key);
    },
  });
}

describe("polls", () => {
  let world;
  const scenes = [];
  before(async () => (world = await setUp()));
  after(async () => {
    await world?.stop();
    await Promise.all(scenes.map((scene) => scene.stop()));
  });
  afterEach(() => Promise.all(scenes.map((scene) => scene.leave())));
  const join_ = async (name) => {
    const scene = await tenant(world, name);
    scenes.push(scene);
    return scene;
  };

  test("cron falls silent: the alarm polls at twice the interval, and says so", { timeout: 60_000 }, async () => {
    // Alarms go by real time: the poll is set up two minutes in the past, so
    // that twice its interval, give or take the jitter, is now.
    await world.setClock(-124_000);
    const scene = await join_("silent");
    await scene.poll("airtable", { definition: { at_most: "1m" } });
    await world.product.tick();
    await scene.ran("airtable", 1);
    const [event] = world.apis.add("airtable", 1);
    await world.setClock(0); // no more ticks
    await arrived(scene, `silent/airtable/w:${event.seq}`, patience);
    await until("the notice", () => scene.notices("hookweir.cron.stalled").length === 1, patience);
    assert.equal((await scene.status("airtable")).cron_silent, true);
  });

  test("polls, reads and writes of all destinations of a connection stay within one budget, by the server's clock", { timeout: 60_000 }, async () => {
    const scene = await join_("account");
    const rate = 40, burst = 20, count = 40;
    const server = await startDestination({ behave: (a) => (a.method === "GET" ? { status: 200, body: '{"version":"https://jsonfeed.org/version/1.1","items":[]}' } : undefined) });
    const auth = await startAuthServer({ redirect: `${world.product.url}/oauth/callback` });
    try {
      await must(scene.admin("PUT", "/connections/account", { provider: "issuer", issuer: auth.url, client_id: "hookweir", client_secret: "hookweir-client-secret", scopes: ["read"] }));
      const { json } = await must(scene.admin("POST", "/connections/account/authorize"));
      assert.equal((await browser().go(json.url, { headers: { accept: "text/html" } })).response.status, 200);
      for (const name of ["orders", "files"]) {
        const d = await must(scene.admin("PUT", `/destinations/${name}`, { base_url: server.url, connection: "account", rate: { requests: rate, per: "1s", burst } }));
        assert.equal(d.json.budget, "account", "the connection's");
      }
      await must(scene.admin("PUT", "/polls/feed", { preset: "json-feed", params: { path: "feed.json" }, destination: "files" }));
      scene.polls.push("feed");
      const write = (n, more) => ({ method: "POST", path: "/items", body: { n }, ...more });
      await must(scene.admin("POST", "/destinations/orders/writes", Array.from({ length: count }, (_, i) => write(i, i % 2 ? { partition_key: `k${i % 5}` } : {}))));
      await must(scene.admin("POST", "/destinations/files/writes", Array.from({ length: count }, (_, i) => write(i + count))));
      let reads = 0;
      await until("every write", async () => {
        if ((await scene.admin("POST", "/destinations/orders/reads", { path: "/items" })).status === 200) reads++;
        await scene.run("feed");
        return server.arrivals.filter((a) => a.method === "POST" && a.status === 201).length >= 2 * count;
      }, patience);
      assert.equal(server.effects().size - new Set(server.arrivals.filter((a) => a.method === "GET").map((a) => a.key)).size, 2 * count);
      assert.ok(server.arrivals.some((a) => a.path.endsWith("/feed.json")), "the poll had its share");
      assert.equal(excess(server.arrivals, rate, burst), 0, `${server.arrivals.length} requests, ${reads} of them reads`);
    } finally {
      await auth.stop();
      await server.stop();
    }
  });

  test("every preset finds every event once, over its provider's pages", { timeout: 120_000 }, async () => {
    const scene = await join_("presets");
    const names = Object.keys(presets);
    for (const name of names) await scene.poll(name);
    await world.product.tick();
    for (const name of names) {
      const s = await scene.ran(name, 1);
      assert.equal(s.state, "ok", `${name}: ${JSON.stringify(s)}`);
    }
    await world.pass(2 * minute);
    const count = 7; // three pages
    const before = Object.fromEntries(names.map((name) => [name, world.apis.add(name, count).length]));
    await world.pass(3 * minute); // over Zendesk's minute
    await world.product.tick();
    for (const name of names) {
      const s = await scene.ran(name, 2);
      assert.equal(s.state, "ok", `${name}: ${JSON.stringify(s)}`);
      assert.equal(s.totals.found, before[name], `${name}: ${JSON.stringify(s)}`);
      await until(`${name}'s events`, () => scene.ids(name).length === count, patience).catch((error) => assert.fail(`${error.message}: ${scene.ids(name)}`));
    }
    await world.pass(40 * minute);
    await world.product.tick();
    for (const name of names) {
      const s = await scene.ran(name, 3);
      assert.equal(s.totals.found, before[name], `${name} finds nothing twice`);
      assert.equal(s.state, "ok");
    }
    for (const arrival of scene.agent.arrivals) assert.equal(scene.agent.by(arrival.id).length, 1, arrival.id);
    for (const name of ["feed", "github-deliveries", "github-events"]) {
      assert.ok(world.apis.log.some((l) => l.api === name && l.status === 304), `${name} asks conditionally`);
    }
  });

  test("30 % of the webhooks are dropped: every event reaches the agent once, found within two intervals", { timeout: 120_000 }, async () => {
    const scene = await join_("dropped");
    await scene.poll("github-deliveries", { definition: { source: "github" } });
    await scene.poll("stripe", { definition: { source: "stripe" } });
    await world.product.tick();
    await scene.ran("github-deliveries", 1);
    await scene.ran("stripe", 1);
    const wanted = { github: [], stripe: [] };
    const dropped = { github: 0, stripe: 0 };
    for (let i = 0; i < 30; i++) {
      const drop = Math.random() < 0.3 || i === 7;
      const push = await make("github push");
      wanted.github.push(push.id);
      world.apis.add("github-deliveries", 1, () => ({ guid: push.id, status: drop ? 503 : 200, payload: JSON.parse(push.body) }));
      const paid = await make("stripe invoice.paid");
      wanted.stripe.push(paid.id);
      world.apis.add("stripe", 1, () => ({ id: paid.id, body: { ...JSON.parse(paid.body), created: Math.floor(world.apis.now() / 1000) } }));
      if (drop) dropped.github++, dropped.stripe++;
      else for (const delivery of [push, paid]) assert.equal((await scene.send(delivery)).status, 202);
    }
    for (const [source, ids] of Object.entries(wanted)) {
      await until(`${source}'s webhooks`, () => scene.ids(source).length === ids.length - dropped[source], patience);
    }
    // Two intervals: one tick while everything is younger than the grace, and
    // one after. Webhooks have brought the interval to its floor.
    await world.pass(minute);
    await world.product.tick();
    await world.pass(minute);
    await world.product.tick();
    for (const [source, ids] of Object.entries(wanted)) {
      await until(`${source}'s missed events`, () => scene.ids(source).length === ids.length, patience);
      scene.once(ids.map((id) => `dropped/${source}/${id}`));
    }
    const missed = () => scene.notices("hookweir.webhook.missed");
    const total = (source) => missed().filter((n) => n.source === source).reduce((sum, n) => sum + n.count, 0);
    await until("the notices", () => total("github") === dropped.github && total("stripe") === dropped.stripe, patience).catch(() => assert.fail(`${JSON.stringify(missed())}, dropped ${JSON.stringify(dropped)}`));
    assert.equal((await scene.status("stripe")).totals.missed, dropped.stripe);
    const found = scene.agent.arrivals.find((a) => a.id.startsWith("dropped/github/") && JSON.parse(a.body).hookweirorigin === "poll");
    assert.equal(JSON.parse(found.body).type, "com.github.push", "of the webhook's type");
    assert.equal(JSON.parse(found.body).hookweirauthenticated, "fetched");
  });

  test("an outage of six hours leaves no gap and no duplicate", { timeout: 120_000 }, async () => {
    const scene = await join_("outage");
    await scene.poll("hubspot", { definition: { params: { object: "deals" }, at_most: "1m", start: "now" } });
    await scene.run("hubspot");
    const already = (await scene.status("hubspot")).totals.found;
    world.apis.down = (api) => (api === "hubspot" ? { status: 503, headers: {}, body: "<html>down</html>" } : undefined);
    const events = [];
    for (let i = 0; i < 12; i++) {
      await world.pass(30 * minute);
      events.push(...world.apis.add("hubspot", 5));
      await scene.run("hubspot").catch(() => {});
    }
    const stalled = await scene.status("hubspot");
    assert.equal(stalled.state, "stalled", JSON.stringify(stalled));
    await until("the notice", () => scene.notices("hookweir.poll.stalled").length === 1, patience);
    world.apis.down = () => undefined;
    await until("the outage to be over for the breaker, too", async () => {
      await world.pass(20 * minute);
      await scene.run("hubspot");
      return (await scene.status("hubspot")).state === "ok";
    }, patience);
    await until("everything", () => scene.ids("hubspot").length >= events.length, patience);
    const want = events.map((e) => `${e.seq}:${new Date(e.at).toISOString()}`);
    assert.deepEqual([...scene.ids("hubspot")].sort(), [...want].sort());
    scene.once(want.map((id) => `outage/hubspot/${id}`));
    assert.equal((await scene.status("hubspot")).totals.found - already, want.length);
    await until("the recovery to be told", () => scene.notices("hookweir.poll.recovered").length === 1, patience);
  });

  test("bad answers are reported, and one bad item holds up nothing", { timeout: 60_000 }, async () => {
    const scene = await join_("bad");
    await scene.poll("stripe");
    await scene.run("stripe");
    let answer;
    world.apis.down = (api) => (api === "stripe" ? answer : undefined);
    try {
      for (const [reason, given] of Object.entries({
        not_json: { status: 200, headers: { "content-type": "text/html" }, body: "<h1>maintenance</h1>" },
        no_items: { status: 200, headers: {}, body: '{"error":{"message":"no"}}' },
        http_500: { status: 500, headers: {}, body: "" },
        http_302: { status: 302, headers: { location: "https://evil.example/" }, body: "" },
        page_too_large: { status: 200, headers: {}, body: `{"data":["${"x".repeat(5 << 20)}"]}` },
      })) {
        answer = given;
        let ran = await scene.run("stripe");
        for (let i = 0; i < 8 && ran.reason !== reason; i++) {
          await world.pass(2 * minute); // the breaker opens and asks again
          ran = await scene.run("stripe");
        }
        assert.equal(ran.reason, reason);
      }
      const created = Math.floor(world.apis.now() / 1000);
      answer = { status: 200, headers: {}, body: `{"data":[{"id":"evt_good","type":"a.b","created":${created}},{"created":${created}},"poison"],"has_more":false}` };
      await until("the good one", async () => {
        await world.pass(2 * minute);
        await scene.run("stripe");
        return scene.ids("stripe").includes("evt_good");
      }, patience);
      const dead = (await must(scene.admin("GET", "/events?state=dead"))).json.events;
      assert.deepEqual(dead.map((e) => e.last_error).sort(), ["item_not_an_object", "item_without_id"]);
      assert.equal((await scene.status("stripe")).totals.poisoned, 2);
    } finally {
      world.apis.down = () => undefined;
    }
  });

  test("a connection without a token pauses the poll loudly; it goes on by itself", { timeout: 60_000 }, async () => {
    const scene = await join_("reauth");
    await must(scene.admin("PUT", "/connections/acct", { provider: "linear", client_id: "id", client_secret: "a-client-secret", scopes: ["read"] }));
    await scene.poll("github-events", { destination: { connection: "acct" } });
    await scene.run("github-events");
    assert.equal((await scene.status("github-events")).state, "paused");
    assert.equal((await scene.status("github-events")).reason, "needs_reauth");
    await until("the notice", () => scene.notices("hookweir.poll.paused").length === 1, patience);
    const before = world.apis.log.filter((l) => l.api === "github-events").length;
    await world.pass(6 * minute);
    await scene.run("github-events");
    assert.equal(world.apis.log.filter((l) => l.api === "github-events").length, before, "no request without a token");
    await must(scene.admin("PUT", "/destinations/github-events", { base_url: `${world.apis.url}/github-events`, auth: { type: "bearer", token: "a-token" } }));
    await until("the poll to go on", async () => {
      await world.pass(6 * minute);
      await world.product.tick();
      return (await scene.status("github-events")).state === "ok";
    }, patience);
    await until("the notice", () => scene.notices("hookweir.poll.resumed").length === 1, patience);
    assert.equal(scene.notices("hookweir.poll.paused").length, 1, "told once");
  });

  test("a person takes the consent back: paused loudly, and after a new authorization it goes on by itself, nothing lost", { timeout: 60_000 }, async () => {
    const scene = await join_("consent");
    const server = await startAuthServer({ redirect: `${world.product.url}/oauth/callback` });
    const authorize = async () => {
      const { json } = await must(scene.admin("POST", "/connections/account/authorize"));
      const { response } = await browser().go(json.url, { headers: { accept: "text/html" } });
      assert.equal(response.status, 200);
    };
    const bearers = new Set();
    world.apis.down = async (api, _, { headers }) => {
      if (api !== "stripe") return undefined;
      const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
      if (bearer && (await server.introspect(bearer))) return void bearers.add(bearer);
      return { status: 401, headers: {}, body: '{"error":{"message":"no"}}' };
    };
    try {
      await must(scene.admin("PUT", "/connections/account", { provider: "issuer", issuer: server.url, client_id: "hookweir", client_secret: "hookweir-client-secret", scopes: ["read"] }));
      await scene.poll("stripe", { definition: { at_most: "1m" }, destination: { connection: "account" } });
      await scene.run("stripe");
      assert.equal((await scene.status("stripe")).state, "paused", "not authorized yet");
      await authorize();
      const resumed = async (what) => {
        await until(what, async () => {
          await world.pass(6 * minute);
          await world.product.tick();
          return (await scene.status("stripe")).state === "ok";
        }, patience);
      };
      await resumed("the first authorization to be noticed");
      const events = world.apis.add("stripe", 2);
      await world.pass(2 * minute);
      await world.product.tick();
      await until("its events", () => events.every((e) => scene.ids("stripe").includes(e.id)), patience);

      server.endGrants();
      events.push(...world.apis.add("stripe", 2));
      await until("the poll to be paused", async () => {
        await world.pass(2 * minute);
        await world.product.tick();
        return (await scene.status("stripe")).state === "paused";
      }, patience);
      assert.equal((await scene.status("stripe")).reason, "needs_reauth");
      await until("the agent to hear of it", () => scene.notices("hookweir.poll.paused").length === 2, patience);
      const asked = world.apis.log.filter((l) => l.api === "stripe").length;
      await world.pass(6 * minute);
      await world.product.tick();
      events.push(...world.apis.add("stripe", 2));
      assert.equal(world.apis.log.filter((l) => l.api === "stripe").length, asked, "no request without a token");

      const before = bearers.size;
      await authorize();
      await resumed("the poll to go on by itself");
      await until("everything", () => events.every((e) => scene.ids("stripe").includes(e.id)), patience);
      assert.equal(scene.ids("stripe").length, events.length);
      scene.once(events.map((e) => `consent/stripe/${e.id}`));
      assert.equal(bearers.size, before + 1, "under a token of the new consent");
      await until("the notice", () => scene.notices("hookweir.poll.resumed").length === 2, patience);
    } finally {
      world.apis.down = () => undefined;
      await server.stop();
    }
  });

  test("a server's budget is never exceeded, slows down from 70 %, and a 304 is free", { timeout: 60_000 }, async () => {
    const limit = 20, window = 60 * minute;
    const scene = await join_("budget");
    const nextWindow = async () => {
      const start = Math.ceil(world.apis.now() / window) * window;
      await world.setClock(start - Date.now());
      world.apis.log.length = 0;
      return start;
    };
    world.apis.budget = { limit, window };
    try {
      await nextWindow();
      // Our own rate would not allow half of the polls, were a 304 charged to it.
      await scene.poll("github-events", { definition: { at_most: "1m" }, destination: { rate: { requests: 3, per: "1h", burst: 4 } } });
      await scene.run("github-events");
      for (let i = 0; i < 10; i++) {
        await world.pass(5.5 * minute); // X-Poll-Interval is a floor
        assert.equal((await scene.run("github-events")).outcome, "ok");
      }
      const free = world.apis.log.filter((l) => l.status === 304);
      assert.ok(free.length >= 9);
      assert.equal(Math.max(...world.apis.log.map((l) => l.used)), 1, "only the first was charged");
      assert.equal((await scene.status("github-events")).totals.free, free.length);
      const { queue } = (await must(scene.admin("GET", "/destinations/github-events"))).json;
      assert.ok(queue.rate_used <= 0.5, `${queue.rate_used} of our own rate is used`);
      await scene.leave();

      // Polls that are charged, each at its time, and reads of the same
      // destination beside them.
      const start = await nextWindow();
      await scene.poll("stripe", { definition: { at_most: "1m" } });
      for (let n = 1; ; n++) {
        const { next_at, totals } = await scene.status("stripe");
        await world.setClock(Math.max(Date.parse(next_at), world.apis.now()) - Date.now());
        if (world.apis.now() >= start + window) break;
        world.apis.add("stripe", 1);
        await world.product.tick();
        await scene.ran("stripe", totals.runs + 1);
        if (n % 6 === 0) await scene.admin("POST", "/destinations/stripe/reads", { method: "GET", path: "/v1/events?limit=1" });
      }
      const log = world.apis.log.filter((l) => l.api === "stripe" && l.at < start + window);
      assert.ok(log.length > limit * 0.7, `${log.length} requests`);
      assert.ok(log.every((l) => l.status === 200), "never refused");
      assert.ok(Math.max(...log.map((l) => l.used)) <= limit);
      const gaps = log.slice(1).map((l, i) => ({ used: log[i].used / limit, gap: l.at - log[i].at }));
      const mean = (list) => list.reduce((sum, g) => sum + g.gap, 0) / list.length;
      const early = gaps.filter((g) => g.used < 0.7), late = gaps.filter((g) => g.used >= 0.7);
      assert.ok(late.length > 0 && mean(late) >= 1.9 * mean(early), `gaps before 70 %: ${mean(early)} ms, after: ${mean(late)} ms`);
    } finally {
      world.apis.budget = undefined;
    }
  });
});
