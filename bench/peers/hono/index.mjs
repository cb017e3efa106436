// The peer most people would write: Hono and the provider's own library.
import { verify } from "@octokit/webhooks-methods";
import { Hono } from "hono";

const secret = "It's a Secret to Everybody";
const inlineLimit = 100 << 10;
const retention = 72 * 3600;

const app = new Hono();

// GitHub's library takes the body as text.
async function verified(c, next) {
  const signature = c.req.header("x-hub-signature-256");
  c.set("body", await c.req.text());
  if (!signature || !(await verify(secret, c.var.body, signature))) return c.json({ code: "bad_signature" }, 401);
  c.set("id", `bench/github/${c.req.header("x-github-delivery")}`);
  await next();
}

app.post("/verify", verified, (c) => c.json({ accepted: true, id: c.var.id }, 202));

app.post("/full", verified, async (c) => {
  const { body, id } = c.var;
  if ((await c.env.IDEMPOTENCY.get(`evt:${id}`)) !== null) return c.json({ duplicate: true, id });
  if (body.length > inlineLimit) {
    await c.env.PAYLOADS.put(id, body);
    await c.env.EVENTS.send({ id, claim: id });
  } else {
    await c.env.EVENTS.send(body, { contentType: "text" });
  }
  c.executionCtx.waitUntil(c.env.IDEMPOTENCY.put(`evt:${id}`, String(Date.now()), { expirationTtl: retention }));
  return c.json({ accepted: true, id }, 202);
});

export default app;
