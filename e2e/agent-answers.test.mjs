// Agents that answer what no HTTP server should: each costs its own event a
// try, and nobody else anything.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import net from "node:net";
import { after, before, test } from "node:test";
import { start, until } from "./harness.mjs";
import { make, send } from "./providers.mjs";
import { configure, eventOf, join } from "./scene.mjs";

const head = (...lines) => `${lines.join("\r\n")}\r\n\r\n`;
const ok = head("HTTP/1.1 200 OK", "content-length: 0");

// What the agent writes once it has the request's head, and what is to become
// of the event: [outcome, status, reason] of its first try.
const delivered = ["delivered", 200, undefined];
const broken = ["retry", undefined, "network"];
const answers = {
  "an informational answer, then 200": [head("HTTP/1.1 103 Early Hints", "link: </x>; rel=preload") + ok, delivered],
  "100 Continue, then 200": [head("HTTP/1.1 100 Continue") + ok, delivered],
  "101 without being asked": [head("HTTP/1.1 101 Switching Protocols", "upgrade: websocket", "connection: upgrade"), broken],
  "a status of 999": [head("HTTP/1.1 999 No", "content-length: 0"), broken],
  "a status of 000": [head("HTTP/1.1 000 No", "content-length: 0"), broken],
  "no HTTP": ["220 mail.example.com ESMTP\r\n", broken],
  "nothing": ["", broken],
  "a header of a megabyte": [head("HTTP/1.1 200 OK", `x-long: ${"x".repeat(1 << 20)}`, "content-length: 0"), broken],
  "20,000 headers": [head("HTTP/1.1 200 OK", ...Array.from({ length: 20_000 }, (_, i) => `x-${i}: y`), "content-length: 0"), broken],
  "two lengths": [head("HTTP/1.1 200 OK", "content-length: 0", "content-length: 5"), broken],
  "a negative length": [head("HTTP/1.1 200 OK", "content-length: -1"), broken],
  "chunks that are none": [`${head("HTTP/1.1 200 OK", "transfer-encoding: chunked")}zz\r\n`, delivered],
  "gzip that is none": [`${head("HTTP/1.1 200 OK", "content-encoding: gzip", "content-length: 4")}nope`, delivered],
  "304": [head("HTTP/1.1 304 Not Modified"), ["retry", 304, "redirect"]],
  "a pause of an aeon": [head("HTTP/1.1 503 No", "retry-after: 99999999999999999999999", "content-length: 0"), ["retry", 503, "http_503"]],
  "a pause before the clock": [head("HTTP/1.1 503 No", "retry-after: -99999999999", "content-length: 0"), ["retry", 503, "http_503"]],
  "a pause in bytes": [head("HTTP/1.1 503 No", "retry-after: \xff\xfe\x01", "content-length: 0"), ["retry", 503, "http_503"]],
  "a pause twice": [head("HTTP/1.1 503 No", "retry-after: 1", "retry-after: Fri, 31 Dec 9999 23:59:59 GMT", "content-length: 0"), ["retry", 503, "http_503"]],
};

let product, bystander, server;
before(async () => {
  product = await start();
  bystander = await join(product, "bystander");
  server = net.createServer((socket) => {
    socket.on("error", () => {});
    let got = "";
    socket.on("data", (data) => {
      if (got.includes("\r\n\r\n")) return;
      got += data.toString("latin1");
      if (!got.includes("\r\n\r\n")) return;
      const [answer] = Object.values(answers)[Number(/^POST \/(\d+) /.exec(got)[1])];
      socket.end(Buffer.from(answer, "latin1"));
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  await product?.stop();
  await bystander?.stop();
  server?.close();
});

test("what an agent answers is its own affair", { concurrency: true }, async (t) => {
  await Promise.all(Object.entries(answers).map(([what, [, want]], i) => t.test(what, async () => {
    const tenant = `raw-${i}`;
    await configure(product, tenant, `http://127.0.0.1:${server.address().port}/${i}`, `whsec_${randomBytes(32).toString("base64")}`, ["github"]);
    const delivery = await make("github push");
    const answer = await send(product.url, tenant, delivery);
    assert.equal(answer.status, 202);
    const key = `${tenant}/${delivery.source}/${delivery.eventID}`;
    const scene = { admin: (method, route) => product.admin(method, `/tenants/${tenant}${route}`) };
    const event = await until(`a try of ${what}`, async () => {
      const e = await eventOf(scene, key);
      return e?.tries.length > 0 && e;
    }, 60_000);
    const { outcome, status, reason } = event.tries[0];
    assert.deepEqual([outcome, status, reason], want);
    if (outcome === "retry") assert.ok(new Date(event.next_at) - Date.now() < 86_460_000, event.next_at);
  })));
  const { answer } = await bystander.deliver("github push");
  await until("the bystander", () => bystander.agent.ids().includes(answer.json.id), 60_000);
  const bad = product.logs.filter((line) => /panic|instance_died|fatal error|unreachable/.test(line.message));
  assert.deepEqual(bad, []);
});
