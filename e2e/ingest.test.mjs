// The public edge over HTTP: what is accepted, recognised, refused, and what
// happens while a store is down.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { dataOf } from "./agent.mjs";
import { answerOf } from "./harness.mjs";
import { check, forge, kinds, make } from "./providers.mjs";
import { chunks, head, raw } from "./raw.mjs";
import { arrived, must, setUp } from "./scene.mjs";

const maxBody = 25 << 20;
const overInline = 110 << 10; // past event.InlineLimit: goes to the payload bucket

/** A problem of RFC 9457: status, media type and a stable code. */
function isProblem(answer, status, code) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  assert.equal(answer.json.status, status);
  assert.match(answer.json.code, code);
  assert.match(answer.json.type, /^https:\/\//);
}

describe("edge", () => {
  let scene;
  before(async () => (scene = await setUp()));
  after(() => scene?.stop());

  describe("every kind of delivery", { concurrency: true }, () => {
    for (const name of Object.keys(kinds).filter((n) => n !== "slack handshake")) {
      test(`${name}: taken, then recognised; forgeries 401; the agent has it once`, async () => {
        const delivery = await make(name);
        await check(delivery);
        for (const forged of await forge(delivery)) isProblem(await scene.send(forged), 401, /^bad_signature$/);
        const [first, again] = [await scene.send(delivery), await scene.send(delivery)];
        let key = `${scene.tenant}/${delivery.source}/${delivery.eventID}`;
        if (delivery.kind.silent) assert.deepEqual([first.status, first.text, again.status, again.text], [200, "", 200, ""]);
        else {
          assert.equal(first.status, 202, first.text);
          assert.equal(again.status, 200, again.text);
          assert.equal(again.json.duplicate, true);
          assert.equal(again.json.id, first.json.id);
          if (delivery.eventID) assert.equal(first.json.id, key);
          key = first.json.id;
        }
        const [arrival] = await arrived(scene, key);
        assert.ok(arrival.verified, arrival.error);
        assert.equal(arrival.event.id, key);
        assert.equal(arrival.event.specversion, "1.0");
        assert.equal(arrival.event.source, `/${scene.tenant}/${delivery.source}`);
        assert.deepEqual(dataOf(arrival), delivery.body);
      });
    }
  });

  test("Slack's handshake is answered and goes no further", async () => {
    const { delivery, answer } = await scene.deliver("slack handshake");
    assert.equal(answer.status, 200);
    assert.ok(answer.text.includes(delivery.id));
    for (const forged of await forge(delivery)) isProblem(await scene.send(forged), 401, /^bad_signature$/);
  });

  test("a retry Slack marks as one is not dropped", async () => {
    const delivery = await make("slack message");
    delivery.headers["x-slack-retry-num"] = "1";
    delivery.headers["x-slack-retry-reason"] = "http_error";
    assert.equal((await scene.send(delivery)).status, 202);
  });

  test("no signature, an empty one, one without its parts: 401", async () => {
    for (const name of ["github push", "stripe invoice.paid", "slack message", "shopify orders/create", "standard webhooks"]) {
      const delivery = await make(name);
      const header = Object.keys(delivery.headers).find((h) => /signature|hmac/.test(h));
      for (const value of [undefined, "", "v1=", "sha256=", "garbage", "t=,v1=", ", ,"]) {
        const headers = { ...delivery.headers, [header]: value };
        if (value === undefined) delete headers[header];
        isProblem(await scene.send({ ...delivery, headers }), 401, /^(missing_signature|malformed_signature|bad_signature|duplicate_header)$/);
      }
    }
  });

  test("a timestamp outside the tolerance, either way: 401", async () => {
    for (const name of ["stripe invoice.paid", "slack message", "standard webhooks", "standard v1a"]) {
      for (const drift of [-400_000, 400_000]) {
        const { answer } = await scene.deliver(name, { at: Date.now() + drift });
        isProblem(answer, 401, /^(stale|future)_timestamp$/);
      }
    }
  });

  test("unknown tenant or source: 404", async () => {
    const delivery = await make("github push");
    isProblem(await scene.send({ ...delivery, source: "nobody" }), 404, /^not_found$/);
    const response = await fetch(`${scene.url}/webhooks/nobody/github`, { method: "POST", headers: delivery.headers, body: delivery.body });
    isProblem(await answerOf(response), 404, /^not_found$/);
  });

  test("a secret of another source does not open this one", async () => {
    const { source } = await make("standard webhooks");
    const other = await make("standard by svix");
    isProblem(await scene.send({ ...other, source }), 401, /_signature$/);
  });

  test("other methods: 405 and what is allowed", async () => {
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const answer = await answerOf(await fetch(`${scene.url}/webhooks/${scene.tenant}/github`, { method }));
      isProblem(answer, 405, /^method_not_allowed$/);
      assert.match(answer.headers.get("allow"), /\bPOST\b/);
    }
  });

  test("GET where the provider has no GET: 405", async () => {
    const answer = await answerOf(await fetch(`${scene.url}/webhooks/${scene.tenant}/github`));
    isProblem(answer, 405, /^method_not_allowed$/);
    assert.equal(answer.headers.get("allow"), "POST");
  });

  test("a body of exactly 25 MiB is taken", async () => {
    const body = Buffer.concat([Buffer.from('{"pad":"'), Buffer.alloc(maxBody - 10, "x"), Buffer.from('"}')]);
    const { answer } = await scene.deliver("github push", { body });
    assert.equal(answer.status, 202, answer.text);
  });

  test("a byte more, declared: 413 before it is read", async () => {
    const headers = [["content-type", "application/json"], ["content-length", maxBody + 1]];
    const answer = await raw(scene.url, [head(scene.url, "POST", `/webhooks/${scene.tenant}/github`, headers), "{"]);
    assert.equal(answer.status, 413, JSON.stringify(answer));
    assert.equal(JSON.parse(answer.body).code, "body_too_large");
  });

  test("a byte more, chunked: 413", async () => {
    const headers = [["content-type", "application/json"], ["transfer-encoding", "chunked"]];
    const parts = [head(scene.url, "POST", `/webhooks/${scene.tenant}/github`, headers), ...chunks(Buffer.alloc(maxBody + 1, "x"), 1 << 20)];
    const answer = await raw(scene.url, parts);
    assert.equal(answer.status, 413, JSON.stringify(answer));
  });

  test("no log line holds a secret, a signature or a payload", async () => {
    await scene.deliver("github push");
    const secrets = [...Object.values(kinds).map((k) => k.secret), scene.secret, scene.product.adminToken, "Double-entry bookkeeping"];
    for (const line of scene.product.logs) {
      for (const secret of secrets) assert.ok(!line.message.includes(secret), `logged: ${line.message.slice(0, 200)}`);
      assert.doesNotMatch(line.message, /sha256=[0-9a-f]{64}|v0=[0-9a-f]{64}/);
    }
  });
});

describe("edge, with a store down", () => {
  let scene;
  const accepted = [];
  before(async () => (scene = await setUp({ faults: true })));
  after(() => scene?.stop());

  const large = () => ({ body: Buffer.from(JSON.stringify({ pad: randomBytes(overInline / 2).toString("hex") })) });

  function isUnavailable(answer) {
    isProblem(answer, 503, /./);
    assert.ok(Number(answer.headers.get("retry-after")) > 0, "Retry-After");
  }

  for (const [what, modes, options] of [
    ["the queue", { EVENTS: { fail: 1 } }, () => ({})],
    ["the payload bucket", { PAYLOADS: { fail: 1 } }, large],
    ["the queue, after the payload was stored", { EVENTS: { fail: 1 } }, large],
    ["the queue, which took it and could not say so", { EVENTS: { fail: 1, after: true } }, () => ({})],
  ]) {
    test(`${what}: 503, nothing remembered, the provider's retry is fresh`, async () => {
      const delivery = await make("github push", options());
      await scene.product.faults(modes);
      isUnavailable(await scene.send(delivery));
      isUnavailable(await scene.send(delivery));
      const key = `${scene.tenant}/github/${delivery.eventID}`;
      assert.equal(await (await scene.product.kv("IDEMPOTENCY")).get(`evt:${key}`), null);
      await scene.product.faults({});
      const answer = await scene.send(delivery);
      assert.equal(answer.status, 202, answer.text);
      accepted.push(key);
    });
  }

  test("the idempotency store: accepted all the same, the Ledger decides", async () => {
    await scene.product.faults({ IDEMPOTENCY: { fail: 1 } });
    const delivery = await make("github push");
    const answers = [await scene.send(delivery), await scene.send(delivery)];
    assert.deepEqual(answers.map((a) => a.status), [202, 202]);
    accepted.push(answers[0].json.id);
    await scene.product.faults({});
  });

  test("the idempotency store hangs: answered within a provider's patience", async () => {
    await scene.product.faults({ IDEMPOTENCY: { hang: true } });
    const delivery = await make("slack message");
    const answer = await scene.send(delivery, { signal: AbortSignal.timeout(5000) }); // Shopify's; Slack's is 3 s
    assert.equal(answer.status, 202, answer.text);
    accepted.push(answer.json.id);
    await scene.product.faults({});
  });

  test("the configuration store: 503 for a source not yet known, no refusal", async () => {
    await must(scene.product.admin("PUT", `/tenants/${scene.tenant}/sources/late`, { provider: "github", secrets: [kinds["github push"].secret] }));
    await scene.product.faults({ CONFIG: { fail: 1 } });
    const delivery = { ...(await make("github push")), source: "late" };
    isUnavailable(await scene.send(delivery));
    await scene.product.faults({});
    const answer = await scene.send(delivery);
    assert.equal(answer.status, 202);
    accepted.push(answer.json.id);
  });

  test("what was accepted in all of this reached the agent, once", async () => {
    assert.equal(accepted.length, 7);
    for (const key of accepted) await arrived(scene, key);
    await scene.settle();
    for (const key of accepted) assert.equal(scene.agent.by(key).length, 1, key);
  });
});
