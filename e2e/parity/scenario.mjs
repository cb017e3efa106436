// One scenario of wasmtest/testdata/scenarios on a running product. The format
// is described in wasmtest/README.md; parity_test.go there is its other runner.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { dataOf, startAgent } from "../agent.mjs";
import { browser } from "../authserver.mjs";
import { answerOf, call } from "../harness.mjs";
import { make } from "../providers.mjs";
import { head, raw } from "../raw.mjs";
import { startServer } from "./server.mjs";

/** Kind of delivery and signature header by scheme. */
const schemes = {
  github: ["github push", "x-hub-signature-256"],
  stripe: ["stripe invoice.paid", "stripe-signature"],
  slack: ["slack message", "x-slack-signature"],
  shopify: ["shopify orders/create", "x-shopify-hmac-sha256"],
  "standard-webhooks": ["standard webhooks", "webhook-signature"],
};

/** The product's limit of a body, in bytes. */
const sendable = 25 << 20;

const look = 100; // ms between two looks of a wait

const patience = 60_000; // ms of a wait that names no other: one batch at a time here, and one agent is silent

const nearby = 86_400; // s from a scenario's beginning within which a number counts as a time

let lastSet = Promise.resolve(); // of the product's faults

const seconds = { h: 3600, s: 1 };
/** "400s", "-400s" or "200h" in milliseconds. */
function duration(text, otherwise) {
  if (text === undefined) return otherwise;
  const [, n, unit] = /^(-?\d+)([hs])$/.exec(text);
  return Number(n) * seconds[unit] * 1000;
}

export class Scenario {
  #product;
  #name;
  #agents = new Map(); // by tenant
  #sent = new Map(); // bodies by event key, as first sent
  #servers = new Map(); // by name
  #start = Math.floor(Date.now() / 1000); // s
  #elsewhere;
  #outages;

  /** outages, by binding, is shared by all scenarios on the product. */
  constructor(product, name, outages) {
    this.#product = product;
    this.#name = `p-${name}`;
    this.#outages = outages;
  }

  /** Starts the scenario's outside servers. */
  async serve(servers = {}) {
    for (const [name, routes] of Object.entries(servers)) this.#servers.set(name, await startServer(routes, (text) => this.#fill(text)));
  }

  /** Does a step and compares what it shows with the file's want. */
  async run(i, step) {
    const seen = await this.#do(step);
    const where = `step ${i + 1}: ${step.do}`;
    if (step.want !== undefined) {
      assert.deepEqual(this.#blank(JSON.parse(JSON.stringify(seen))), step.want, where);
    } else if (seen?.status !== undefined) {
      assert.ok(seen.status >= 200 && seen.status <= 299, `${where}: ${JSON.stringify(seen)}`);
    }
  }

  async stop() {
    await Promise.all([...this.#agents.values(), ...this.#servers.values(), this.#elsewhere].map((server) => server?.stop()));
  }

  #tenant(step) {
    return step.tenant ? `${this.#name}-${step.tenant}` : this.#name;
  }

  /**
   * Puts in place of {tenant} the tenant's real name, of {admin} the operator's
   * token, of {edge} and {server:name} an origin, and of {time-90} and {unix-90}
   * the instant so many seconds from the scenario's beginning; a string that is
   * {unix-90} and no more becomes a number.
   */
  #fill(text) {
    let filled = text.replaceAll("{tenant}", this.#name).replaceAll("{admin}", this.#product.adminToken).replaceAll("{edge}", this.#product.url);
    for (const [name, { origin }] of this.#servers) filled = filled.replaceAll(`{server:${name}}`, origin);
    return filled.replace(/"\{unix([+-]\d+)?\}"|\{(unix|time)([+-]\d+)?\}/g, (_, alone, kind, offset) => {
      const seconds = this.#start + Number(alone ?? offset ?? 0);
      return kind === "time" ? timeOf(seconds) : String(seconds);
    });
  }

  #filledJSON(value) {
    return value === undefined ? undefined : JSON.parse(this.#fill(JSON.stringify(value)));
  }

  /**
   * The reverse of fill, in every text of a JSON value: the operator's token
   * apart, and times only those of whole seconds.
   */
  #blank(value) {
    if (Array.isArray(value)) return value.map((v) => this.#blank(v));
    if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([name, v]) => [this.#blank(name), this.#blank(v)]));
    if (typeof value !== "string") return value;
    let text = value.replaceAll(this.#name, "{tenant}").replaceAll(this.#product.url, "{edge}");
    for (const [name, { origin }] of this.#servers) text = text.replaceAll(origin, `{server:${name}}`);
    return text.replace(/\b(\d{10}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\b/g, (found) => {
      const kind = /^\d{10}$/.test(found) ? "unix" : "time";
      const offset = (kind === "unix" ? Number(found) : Date.parse(found) / 1000) - this.#start;
      if (Math.abs(offset) > nearby) return found;
      return offset === 0 ? `{${kind}}` : `{${kind}${offset > 0 ? "+" : ""}${offset}}`;
    });
  }

  #filled(headers = {}) {
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, this.#fill(value)]));
  }

  async #do(step) {
    switch (step.do) {
      case "source":
        return this.#api(step, "PUT", `/sources/${step.source}`, { provider: step.provider, secrets: [step.secret] });
      case "agent": {
        const agent = await this.#agent(step);
        agent.behave = this.#behaviour(step.answers, agent.url);
        return this.#api(step, "PUT", "/agent", { url: agent.url, secret: step.secret });
      }
      case "destination": // the agent's server is where writes go, too
        return this.#api(step, "PUT", "/destinations/shop", { base_url: this.#agents.get(this.#tenant(step)).url });
      case "write":
        return this.#write(step);
      case "outage": // only for this scenario's keys and messages, which name its tenant
        assert.equal(this.#outages[step.binding], undefined, "one scenario a binding");
        this.#outages[step.binding] = { fail: 1, marker: this.#name };
        return this.#setOutages();
      case "recover":
        delete this.#outages[step.binding];
        return this.#setOutages();
      case "deliver":
        return this.#deliver(step);
      case "request":
        return observe(await call(this.#product.url + this.#fill(step.path), step.method, step.body, this.#filled(step.headers)), step.pick);
      case "api":
        return this.#api(step, step.method, this.#fill(step.path), this.#filledJSON(step.json));
      case "until":
        return this.#until(step);
      case "consent":
        return this.#consent(step);
      case "requests":
        return this.#servers.get(step.server).observe(step.pick, step.redact);
      case "wait":
        return this.#wait(step);
      case "rest":
        return void (await sleep(duration(step.for)));
      case "events":
        return this.#events(step);
      case "received":
        return this.#received(step);
    }
    throw new Error(`no step is called ${step.do}`);
  }

  // One after the other: of two at once, the older could arrive last.
  #setOutages() {
    lastSet = lastSet.then(() => this.#product.faults(this.#outages));
    return lastSet;
  }

  async #agent(step) {
    const name = this.#tenant(step);
    if (!this.#agents.has(name)) this.#agents.set(name, await startAgent({ secret: step.secret }));
    this.#elsewhere ??= await startAgent({ secret: `whsec_${randomBytes(24).toString("base64")}` });
    return this.#agents.get(name);
  }

  // The agent's answers, by attempt at one event; the last one stays.
  #behaviour(answers = [{ status: 204 }]) {
    return ({ attempt }) => {
      const { status, retry_after, elsewhere, reset, hang } = answers[Math.min(attempt, answers.length) - 1];
      const headers = { ...(retry_after && { "retry-after": retry_after }), ...(elsewhere && { location: this.#elsewhere.url }) };
      return { status, headers, reset, hang, retryAfter: retry_after };
    };
  }

  #call(step, method, route, body) {
    const headers = { authorization: `Bearer ${step.token ?? this.#product.adminToken}` };
    return call(`${this.#product.url}/v1/tenants/${this.#tenant(step)}${route}`, method, body, headers);
  }

  async #api(step, method, route, body) {
    return observe(await this.#call(step, method, route, body), step.pick);
  }

  async #deliver(step) {
    const tenant = this.#tenant(step);
    const [kind, signature] = schemes[step.scheme];
    const body = bodyOf(step);
    const delivery = await make(kind, { id: step.id, body, secret: step.secret, at: Date.now() + duration(step.drift, 0) });
    const headers = { ...delivery.headers, "content-type": "application/json" };
    let sent = body;
    switch (step.forge) {
      case undefined: break;
      case "altered": sent = Buffer.concat([body.subarray(0, -1), Buffer.from(" "), body.subarray(-1)]); break;
      case "unsigned": delete headers[signature]; break;
      case "garbage": headers[signature] = "garbage"; break;
      case "doubled": headers[signature] += `, ${headers[signature].slice(0, -1)}0`; break;
      default: throw new Error(`no forgery ${step.forge}`);
    }
    const key = `${tenant}/${step.source}/${step.id}`;
    if (!this.#sent.has(key)) this.#sent.set(key, sent);
    const post = async () => observe(await this.#post(`/webhooks/${tenant}/${step.source}`, { ...headers, ...step.headers }, sent), step.pick);
    if (step.times === undefined) return post();
    return together(await Promise.all(Array.from({ length: step.times }, post)));
  }

  // A body that is refused before it was sent breaks a client's connection, with
  // or without an answer: such a one is declared and not sent.
  async #post(path, headers, body) {
    const { url } = this.#product;
    if (body.length <= sendable) return call(url + path, "POST", undefined, headers, { body });
    const declared = [...Object.entries(headers), ["content-length", body.length]];
    const answer = await raw(url, [head(url, "POST", path, declared), "{"]);
    return { status: answer.status, headers: answer.headers, text: answer.body, json: JSON.parse(answer.body) };
  }

  async #wait(step) {
    const end = Date.now() + duration(step.within, patience);
    for (;;) {
      const { json } = await this.#call(step, "GET", `/events/${this.#tenant(step)}/${step.id}`);
      if (json.state === step.state || Date.now() > end) {
        const tries = (json.tries ?? []).map(({ outcome, reason }) => [outcome, reason].filter(Boolean).join(" "));
        return {
          state: json.state ?? "",
          ...(!step.loose && { attempts: json.attempts ?? 0 }),
          tries: tries.filter((t, i) => t !== tries[i - 1]),
        };
      }
      await sleep(look);
    }
  }

  async #write(step) {
    const queued = await this.#call(step, "POST", "/destinations/shop/writes", this.#filledJSON(step.json));
    const end = Date.now() + duration(step.within, patience);
    for (;;) {
      const { json } = await this.#call(step, "GET", `/writes/${encodeURIComponent(queued.json.id)}`);
      if (json.state === step.state || Date.now() > end) return { status: queued.status, state: json.state ?? "", answers: (json.tries ?? []).map((t) => t.status ?? 0) };
      await sleep(look);
    }
  }

  // Looks at an answer of the API until its members are those of json, or the
  // time is over.
  async #until(step) {
    const want = Object.entries(this.#filledJSON(step.json));
    const end = Date.now() + duration(step.within, patience);
    for (;;) {
      const answer = await this.#call(step, "GET", this.#fill(step.path));
      if (want.every(([name, value]) => isDeepStrictEqual(answer.json[name], value)) || Date.now() > end) return observe(answer, step.pick);
      await sleep(look);
    }
  }

  // A person who agrees, in a browser: from the connection's route to the
  // server's page and back. It shows the last answer.
  async #consent(step) {
    const route = `${this.#product.url}/v1/tenants/${this.#tenant(step)}/connections/${step.connection}/authorize`;
    const { response } = await browser().go(route, { headers: { authorization: `Bearer ${this.#product.adminToken}` } });
    return observe(await answerOf(response), step.pick);
  }

  async #events(step) {
    const { json } = await this.#call(step, "GET", `/events${step.query ?? ""}`);
    return json.events.map(({ key, state }) => `${key} ${state}`).sort();
  }

  #received(step) {
    const { arrivals, behave } = this.#agents.get(this.#tenant(step));
    const events = {};
    for (const id of new Set(arrivals.map((a) => a.id))) {
      const posts = arrivals.filter((a) => a.id === id);
      const floors = posts.slice(1).map((p, i) => [posts[i], p]).filter(([before]) => behave(before).retryAfter);
      events[id] = {
        type: posts[0].event?.type,
        posts: posts.map((p) => p.status ?? (behave(p).reset ? "reset" : "hang")),
        signed: posts.every((p) => p.verified),
        signatures: posts.at(-1).headers["webhook-signature"].split(" ").length,
        ...this.#content(id, posts),
        ...(floors.length > 0 && { retry_after_kept: floors.every(([a, b]) => b.at - a.at >= behave(a).retryAfter * 1000) }),
      };
    }
    const elsewhere = this.#elsewhere?.arrivals.length ?? 0;
    return { events, ...(elsewhere > 0 && { elsewhere }) };
  }

  // What is said of an event's data: of a notice's nothing, since it has times in it.
  #content(id, posts) {
    if (posts[0].event?.hookweirorigin === "poll") return { data: dataOf(posts[0]).toString() };
    const sent = this.#sent.get(id);
    return sent ? { bytes_as_sent: posts.every((p) => dataOf(p).equals(sent)) } : {};
  }
}

const timeOf = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

function bodyOf({ size, body }) {
  const [head, tail] = ['{"pad":"', '"}'];
  return Buffer.from(size ? head + "x".repeat(size - head.length - tail.length) + tail : (body ?? ""));
}

// What counts of an answer: the status, the code of a problem, an event's id,
// what may be tried instead, and the members in pick.
function observe({ status, headers, text, json }, pick = []) {
  const isObject = typeof json === "object" && json !== null;
  const members = ["code", "id", "duplicate", ...pick].filter((name) => isObject && Object.hasOwn(json, name)).map((name) => [name, json[name]]);
  const seen = { status, ...Object.fromEntries(members) };
  if (!isObject && text.length > 0) seen.text = text;
  if (headers.has("allow")) seen.allow = headers.get("allow");
  if (headers.has("retry-after")) seen.retry_after = headers.get("retry-after");
  return seen;
}

// What copies sent at once promise: at least one was accepted, the others too
// or known as duplicates, all under one id.
function together(answers) {
  const accepted = answers.some((a) => a.status === 202);
  const distinct = new Map(answers.map((a) => (a.duplicate === true && a.status === 200 ? { status: 202, id: a.id } : a)).map((a) => [JSON.stringify(a), a]));
  return accepted && distinct.size === 1 ? [...distinct.values()][0] : [...distinct.values()];
}
