// The peer to be level with: what a careful person writes by hand with
// WebCrypto for one GitHub source. It does the same work in the same order as
// the product, without its configuration, providers, logs and answers.
const secret = new TextEncoder().encode("It's a Secret to Everybody");
const inlineLimit = 100 << 10;
const retention = 72 * 3600;

let key;
const importKey = () => (key ??= crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]));

function unhex(text) {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

const answer = (status, body) => new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

export default {
  async fetch(request, env, ctx) {
    if (request.method !== "POST") return answer(405, { code: "method_not_allowed" });
    const header = request.headers.get("x-hub-signature-256") ?? "";
    if (!/^sha256=[0-9a-f]{64}$/.test(header)) return answer(401, { code: "bad_signature" });
    const body = await request.arrayBuffer();
    if (!(await crypto.subtle.verify("HMAC", await importKey(), unhex(header.slice(7)), body))) return answer(401, { code: "bad_signature" });
    const id = `bench/github/${request.headers.get("x-github-delivery")}`;
    if (new URL(request.url).pathname === "/verify") return answer(202, { accepted: true, id });
    if ((await env.IDEMPOTENCY.get(`evt:${id}`)) !== null) return answer(200, { duplicate: true, id });
    if (body.byteLength > inlineLimit) {
      await env.PAYLOADS.put(id, body);
      await env.EVENTS.send({ id, claim: id });
    } else {
      await env.EVENTS.send(new Uint8Array(body), { contentType: "bytes" });
    }
    ctx.waitUntil(env.IDEMPOTENCY.put(`evt:${id}`, String(Date.now()), { expirationTtl: retention }));
    return answer(202, { accepted: true, id });
  },
};
