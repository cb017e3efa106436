// Requests no provider sends: each gets a clear 4xx (or is taken, if it is
// odd but right), never a 5xx, never a hang, and the edge works on.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import net from "node:net";
import { gzipSync } from "node:zlib";
import { after, before, beforeEach, test } from "node:test";
import { dataOf } from "./agent.mjs";
import { kinds, make } from "./providers.mjs";
import { chunks, head, raw } from "./raw.mjs";
import { arrived, setUp } from "./scene.mjs";

let scene;
before(async () => (scene = await setUp()));
after(() => scene?.stop());

const routeOf = (d) => `/webhooks/${scene.tenant}/${d.source}`;
const lines = (d) => Object.entries(d.headers);

/** Sends a delivery by hand: its headers and more, its body as it is. */
function byHand(d, more = [], path = routeOf(d)) {
  const headers = [...lines(d), ["content-length", d.body.length], ...more];
  return raw(scene.url, [head(scene.url, "POST", path, headers), d.body.toString("latin1")]);
}

function refused(answer, what) {
  assert.ok(answer.status >= 400 && answer.status < 500, `${what}: ${JSON.stringify(answer).slice(0, 300)}`);
}

const signGitHub = (body) => `sha256=${createHmac("sha256", kinds["github push"].secret).update(body).digest("hex")}`;

/** A GitHub delivery over any bytes (its library signs text only). */
async function github(body, headers = {}) {
  const d = await make("github push");
  return { ...d, body, headers: { ...d.headers, "x-hub-signature-256": signGitHub(body), ...headers } };
}

// Whatever the last request was, the next good one is served.
beforeEach(async () => {
  const { answer } = await scene.deliver("github push");
  assert.equal(answer.status, 202, answer.text);
});

test("differing duplicates of a signature header are refused, in either order", async () => {
  for (const name of Object.keys(kinds)) {
    const d = await make(name);
    const [header, value] = lines(d).find(([h]) => /signature|hmac/.test(h));
    const other = (await make(name)).headers[header];
    const rest = lines(d).filter(([h]) => h !== header);
    for (const pair of [[value, other], [other, value], [value, ""], ["", value]]) {
      const headers = [...rest, ...pair.map((v) => [header, v]), ["content-length", d.body.length]];
      const answer = await raw(scene.url, [head(scene.url, "POST", routeOf(d), headers), d.body.toString("latin1")]);
      assert.equal(answer.status, 401, `${name} ${JSON.stringify(pair)}: ${answer.status} ${answer.body}`);
    }
  }
});

test("differing duplicates of a signed id or timestamp are refused", async () => {
  for (const name of ["slack message", "standard webhooks", "standard v1a"]) {
    const d = await make(name);
    for (const [header, value] of lines(d).filter(([h]) => /timestamp|webhook-id/.test(h))) {
      const rest = lines(d).filter(([h]) => h !== header);
      const headers = [...rest, [header, value], [header, `${value}1`], ["content-length", d.body.length]];
      const answer = await raw(scene.url, [head(scene.url, "POST", routeOf(d), headers), d.body.toString("latin1")]);
      assert.equal(answer.status, 401, `${name} ${header}: ${answer.status} ${answer.body}`);
    }
  }
});

test("header floods: many, long, and both", async () => {
  const d = await make("github push");
  const flood = (n, size) => Array.from({ length: n }, (_, i) => [`x-flood-${i}`, "f".repeat(size)]);
  for (const [what, more] of [
    ["20,000 short headers", flood(20_000, 1)],
    ["one header of 256 KB", flood(1, 256 << 10)],
    ["300 headers of 1 KB", flood(300, 1 << 10)],
    ["1,000 signatures", Array.from({ length: 1000 }, () => ["x-hub-signature-256", `sha256=${"0".repeat(64)}`])],
  ]) refused(await byHand(d, more), what);
});

test("a signature header with a thousand candidates is refused, quickly", async () => {
  const stripe = await make("stripe invoice.paid");
  stripe.headers["stripe-signature"] = `t=${Math.floor(Date.now() / 1000)},${Array(1000).fill(`v1=${"0".repeat(64)}`).join(",")}`;
  refused(await byHand(stripe), "stripe");
  const standard = await make("standard webhooks");
  standard.headers["webhook-signature"] = Array(1000).fill(`v1,${"A".repeat(43)}=`).join(" ");
  refused(await byHand(standard), "standard");
});

test("a body in chunks of one byte is read whole", async () => {
  const d = await make("github push");
  const headers = [...lines(d), ["transfer-encoding", "chunked"]];
  const answer = await raw(scene.url, [head(scene.url, "POST", routeOf(d), headers), ...chunks(d.body, 1)]);
  assert.equal(answer.status, 202, JSON.stringify(answer));
  const [arrival] = await arrived(scene, JSON.parse(answer.body).id);
  assert.deepEqual(dataOf(arrival), d.body);
});

test("a gzip body: refused unsigned, never unpacked", async () => {
  const packed = gzipSync((await make("github push")).body);
  const forged = await github(packed, { "content-encoding": "gzip", "x-hub-signature-256": signGitHub("other") });
  refused(await byHand(forged), "forged");
  const inner = await github(packed, { "content-encoding": "gzip", "x-hub-signature-256": signGitHub((await make("github push")).body) });
  refused(await byHand(inner), "signed over the unpacked bytes");
  const bomb = await github(gzipSync(Buffer.alloc(30 << 20)), { "content-encoding": "gzip", "x-hub-signature-256": signGitHub("other") });
  refused(await byHand(bomb), "bomb");
  const outer = await byHand(await github(packed, { "content-encoding": "gzip" }));
  assert.ok(outer.status === 202 || outer.status === 415, `signed over the packed bytes: ${outer.status} ${outer.body}`);
});

test("a body that is not UTF-8 keeps its bytes, or is refused", async () => {
  const body = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]);
  const answer = await byHand(await github(body));
  if (answer.status !== 202) return refused(answer, "not UTF-8");
  const [arrival] = await arrived(scene, JSON.parse(answer.body).id);
  assert.ok(arrival.verified, arrival.error);
  assert.deepEqual(dataOf(arrival), body);
});

test("header bytes over 0x7f and control bytes do not break the edge", async () => {
  const d = await make("github push");
  for (const value of ["\xff\xfe", "\xc3\x28", "caf\xe9", "\xc4\x8a", "\x01", "a\x7fb"]) {
    const answer = await byHand(d, [["x-odd", value]]);
    assert.ok(answer.status < 500 || answer.closed, `${JSON.stringify(value)}: ${JSON.stringify(answer)}`);
    refused(await byHand({ ...d, headers: { ...d.headers, "x-hub-signature-256": `sha256=${value}` } }), JSON.stringify(value));
  }
});

test("no header hides in another's value: U+010A is a letter, though its low byte is a line feed", async () => {
  const d = await make("github push");
  const { "x-hub-signature-256": signature, ...rest } = d.headers;
  const hidden = ["x-odd", `1\xc4\x8ax-hub-signature-256\xc4\x8a${signature}`];
  const answer = await byHand({ ...d, headers: rest }, [hidden]);
  assert.equal(answer.status, 401, JSON.stringify(answer));
  assert.equal(JSON.parse(answer.body).code, "missing_signature");
  assert.equal((await byHand(d, [["x-odd", "1\xc4\x8ax-hub-signature-256\xc4\x8asha256=00"]])).status, 202, "nor a second one");
});

test("paths that are not exactly two names: 404", async () => {
  const d = await make("github push");
  const t = scene.tenant;
  for (const path of [
    `/webhooks/${t}%2Fgithub`, `/webhooks/${t}/github%2F`, `/webhooks/${t}/github/`, `/webhooks//${t}/github`, `/webhooks/${t}//github`,
    `/webhooks/${t}/`, `/webhooks/${t}`, "/webhooks/", "/webhooks", "/webhooks//", "/webhooks///", `/webhooks/${t}/github/extra`,
    `/webhooks/${t}/git%68ub`, `/webhooks/${t.toUpperCase()}/github`, `/webhooks/${t}/github%00`, `/webhooks/${t}/github%20`, `/webhooks/${t}/..%2f${t}/github`,
    `/webhooks/${t}/%2e%2e/github`, `/webhooks/${t}/github;a=b`, `/webhooks/-${t}/github`, `/webhooks/${"a".repeat(64)}/github`,
    "/.well-known/fastly/logging/challenge", // nobody has said whose logs to take
  ]) {
    const answer = await byHand(d, [], path);
    assert.equal(answer.status, 404, `${path}: ${answer.status} ${answer.body}`);
  }
  refused(await byHand(d, [], `/webhooks/${t}/\xe4`), "a byte that is no URL's"); // by workerd itself
});

test("a URL that cannot be unescaped: 400, and no log line holds it", async () => {
  const answer = await raw(scene.url, ["GET /v1/%zz?code=canary-4711 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"]);
  assert.equal(answer.status, 400, answer.body);
  assert.equal(JSON.parse(answer.body).code, "bad_request");
  assert.ok(!scene.product.logs.some((line) => line.message.includes("canary-4711")));
});

test("dot segments reach what they resolve to and nothing else", async () => {
  const forged = await github(Buffer.from("{}"), { "x-hub-signature-256": signGitHub("other") });
  for (const path of [`/webhooks/${scene.tenant}/../${scene.tenant}/github`, `/v1/../webhooks/${scene.tenant}/./github`, `/webhooks/../../../../etc/passwd`, `/webhooks/${scene.tenant}/../../v1/tenants`]) {
    refused(await byHand(forged, [], path), path);
  }
});

test("a query does not change the source", async () => {
  const d = await make("github push");
  assert.equal((await byHand(d, [], `${routeOf(d)}?a=/webhooks/x/y#z`)).status, 202);
});

test("an absurdly long URL: 4xx", async () => {
  const d = await make("github push");
  refused(await byHand(d, [], `${routeOf(d)}?${"q".repeat(100 << 10)}`), "query of 100 KB");
  refused(await byHand(d, [], `/webhooks/${"a/".repeat(20_000)}`), "20,000 segments");
});

test("10 MB of nested JSON: forged 401, signed an answer below 500", async () => {
  const nested = Buffer.concat([Buffer.alloc(5 << 20, "["), Buffer.alloc(5 << 20, "]")]);
  const objects = Buffer.from(`${'{"a":'.repeat(1_600_000)}1${"}".repeat(1_600_000)}`);
  for (const [body, names] of [[nested, ["stripe invoice.paid", "slack message"]], [objects, ["stripe invoice.paid", "github push"]]]) {
    for (const name of names) {
      const d = await make(name, { body });
      const answer = await scene.send(d);
      assert.ok(answer.status < 500, `${name}: ${answer.status} ${answer.text.slice(0, 200)}`);
      d.body = Buffer.from(body);
      d.body[7] ^= 1;
      assert.equal((await scene.send(d)).status, 401, name);
    }
  }
});

test("signed bodies that are no event of the provider: below 500", async () => {
  for (const name of Object.keys(kinds)) {
    for (const text of ["", "null", "[]", "0", '"', "{", '{"id":1}', '{"id":null,"type":{}}', '{"id":"\\ud800"}', '{"id":""}', `{"id":"${"x".repeat(5000)}"}`, "\u0000", "%%%=%"]) {
      const body = Buffer.from(text);
      const answer = await scene.send(name === "github push" ? await github(body) : await make(name, { body }));
      assert.ok(answer.status < 500, `${name} ${JSON.stringify(text.slice(0, 40))}: ${answer.status} ${answer.text}`);
    }
  }
});

test("large bodies of strangers at once: over 32 MB 503 and nothing worse", async () => {
  const size = 25 << 20, most = 24 << 20;
  const text = "x".repeat(1 << 20);
  const forged = await github(Buffer.from("{}"), { "x-hub-signature-256": signGitHub("other") });
  let finish;
  const held = new Promise((resolve) => (finish = resolve));
  const parts = (framing, chunk) => (async function* () {
    yield head(scene.url, "POST", routeOf(forged), [...lines(forged), framing]);
    for (let sent = 0; sent < most; sent += text.length) yield chunk;
    await held;
    for (let sent = most; sent < size; sent += text.length) yield chunk;
    yield "0\r\n\r\n";
  })();
  // Two of them are more than the edge holds: the one that crosses the line is refused.
  const declared = raw(scene.url, parts(["content-length", size], text));
  const chunked = raw(scene.url, parts(["transfer-encoding", "chunked"], `${text.length.toString(16)}\r\n${text}\r\n`));
  const first = await Promise.race([declared, chunked]);
  assert.equal(first.status, 503, JSON.stringify(first));
  assert.equal(JSON.parse(first.body).code, "overloaded");
  assert.ok(Number(first.headers.get("retry-after")) > 0);
  assert.equal((await scene.deliver("github push")).answer.status, 202, "a small one passes");
  finish();
  const both = await Promise.all([declared, chunked]);
  assert.deepEqual(both.map((answer) => answer.status).sort(), [401, 503]);
  const whole = await github(Buffer.from(JSON.stringify({ pad: "x".repeat(size - 100) })));
  assert.equal((await scene.send(whole)).status, 202, "nothing is held any more");
});

test("broken HTTP: refused or hung up on", async () => {
  const d = await make("github push");
  const path = routeOf(d);
  const texts = [
    "GARBAGE\r\n\r\n", `POST ${path} HTTP/9.9\r\n\r\n`, `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n`,
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd`,
    `POST ${path} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n`,
    `POST ${path} HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
  ];
  await Promise.all(texts.map(async (text) => {
    const answer = await raw(scene.url, [text]);
    assert.ok(answer.closed || answer.status < 500, `${JSON.stringify(text)}: ${JSON.stringify(answer)}`);
  }));
});

test("clients that break off anywhere do not disturb the next", async () => {
  const d = await make("github push");
  const whole = head(scene.url, "POST", routeOf(d), [...lines(d), ["content-length", d.body.length]]) + d.body.toString("latin1");
  for (let cut = 1; cut < whole.length; cut += 173) await breakOff(whole.slice(0, cut));
  const { answer } = await scene.deliver("stripe invoice.paid");
  assert.equal(answer.status, 202);
});

function breakOff(part) {
  const { hostname, port } = new URL(scene.url);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(part, "latin1", () => socket.destroy()));
    socket.on("error", () => {});
    socket.on("close", resolve);
  });
}

test("nothing above reached the agent unverified, nothing crashed", async () => {
  await scene.settle();
  for (const arrival of scene.agent.arrivals) assert.ok(arrival.verified, `${arrival.id}: ${arrival.error}`);
  const bad = scene.product.logs.filter((line) => /panic|instance_died|fatal error|unreachable/.test(line.message));
  assert.deepEqual(bad, []);
});
