// Signed deliveries, as the providers make them: by their own library where
// it can sign, else by node:crypto and then accepted by their own library.
//
//	provider   signed by                                checked by
//	github     @octokit/webhooks-methods                the same
//	stripe     stripe webhooks.generateTestHeaderString  the same
//	standard   standardwebhooks                         the same
//	svix       svix                                     the same
//	slack      node:crypto                              @slack/bolt
//	shopify    node:crypto                              @shopify/shopify-api
//	v1a        node:crypto (Ed25519)                    node:crypto
import { createHmac, createPrivateKey, createPublicKey, randomBytes, randomUUID, sign, verify } from "node:crypto";
import { createRequire } from "node:module";
import * as octokit from "@octokit/webhooks-methods";
import "@shopify/shopify-api/adapters/node";
import { ApiVersion, shopifyApi } from "@shopify/shopify-api";
import * as standardwebhooks from "standardwebhooks";
import Stripe from "stripe";
import * as svix from "svix";
import * as payloads from "./payloads.mjs";

const require = createRequire(import.meta.url);
const { verifySlackRequest } = require("@slack/bolt/dist/receivers/verify-request.js"); // the package's index starts a whole server framework

const JSON_TYPE = "application/json";
const hmac = (secret, encoding, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac("sha256", secret)).digest(encoding);
const seconds = (at) => Math.floor(at / 1000);

// RFC 8410: a fixed prefix and the 32-byte seed are the PKCS #8 key.
const ed25519Key = (seed) => createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.alloc(32, seed)]),
  format: "der",
  type: "pkcs8",
});
const v1aKey = ed25519Key(7);
const v1aForgersKey = ed25519Key(8);
const v1aPublic = createPublicKey(v1aKey).export({ format: "der", type: "spki" }).subarray(-32);

/**
 * Every kind of delivery there is. A row:
 *   provider  the catalogue's name
 *   source    the source it is sent to; kinds of one source share its secret
 *   secret    what the operator configures
 *   newID     a fresh id as the provider makes them
 *   body      (id, at) => Buffer
 *   headers   (delivery) => headers but for the signature, optional
 *   sign      (delivery) => headers with the signature
 *   check     (delivery) => throws unless the provider's own code accepts it
 *   idOf      the event id, where the body or headers carry it as sent
 *   silent    the answer to an event is an empty 200
 *   forgersSecret  a secret of the same form that is not the configured one
 */
export const kinds = {
  "github push": {
    provider: "github", source: "github", secret: "It's a Secret to Everybody",
    newID: randomUUID,
    body: (id, at) => payloads.githubPush(at),
    headers: (d) => ({ "content-type": JSON_TYPE, "user-agent": "GitHub-Hookshot/044aadd", "x-github-event": "push", "x-github-delivery": d.id, "x-github-hook-id": "292430182" }),
    sign: async (d) => ({ "x-hub-signature-256": await octokit.sign(d.secret, d.body.toString()) }),
    check: async (d) => ok(await octokit.verify(d.secret, d.body.toString(), d.headers["x-hub-signature-256"])),
    idOf: (d) => d.id,
  },
  "stripe invoice.paid": {
    provider: "stripe", source: "stripe", secret: "whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e",
    newID: () => `evt_1Q${randomBytes(11).toString("hex")}`,
    body: payloads.stripeInvoicePaid,
    headers: () => ({ "content-type": `${JSON_TYPE}; charset=utf-8`, "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)" }),
    sign: (d) => ({ "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload: d.body.toString(), secret: d.secret, timestamp: seconds(d.at) }) }),
    check: (d) => Stripe.webhooks.constructEvent(d.body, d.headers["stripe-signature"], d.secret, 300, undefined, seconds(d.at)),
    idOf: (d) => d.id,
  },
  "slack message": {
    ...slack(),
    newID: () => `Ev${randomBytes(5).toString("hex").toUpperCase()}`,
    body: payloads.slackMessage,
    headers: () => ({ "content-type": JSON_TYPE }),
  },
  "slack command": {
    ...slack(),
    newID: () => `13345224609.${randomBytes(8).toString("hex")}`,
    body: payloads.slackCommand,
    headers: () => ({ "content-type": "application/x-www-form-urlencoded" }),
    idOf: (d) => d.id,
    silent: true,
  },
  "slack handshake": {
    ...slack(),
    newID: () => randomBytes(24).toString("base64url"),
    body: payloads.slackHandshake,
    headers: () => ({ "content-type": JSON_TYPE }),
  },
  "shopify orders/create": {
    provider: "shopify", source: "shopify", secret: "shpss_0c2b7f0a9d3e4b51a6c8e7f001234567",
    newID: randomUUID,
    body: (id, at) => payloads.shopifyOrder(at),
    headers: (d) => ({
      "content-type": JSON_TYPE, "x-shopify-topic": "orders/create", "x-shopify-shop-domain": "example.myshopify.com", "x-shopify-api-version": "2026-10",
      "x-shopify-webhook-id": d.id, "x-shopify-event-id": randomUUID(), "x-shopify-triggered-at": new Date(d.at).toISOString(),
    }),
    sign: (d) => ({ "x-shopify-hmac-sha256": hmac(d.secret, "base64", d.body) }),
    check: async (d) => ok((await shopify(d.secret).webhooks.validate({ rawBody: d.body.toString(), rawRequest: { method: "POST", url: "/", headers: d.headers } })).valid),
    idOf: (d) => d.id,
  },
  "standard webhooks": {
    ...standard(standardwebhooks.Webhook, "webhook"), source: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  },
  "standard by svix": {
    ...standard(svix.Webhook, "svix"), source: "svix", secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
  },
  "standard v1a": {
    ...standard(undefined, "webhook"), source: "standard-v1a", secret: `whpk_${v1aPublic.toString("base64")}`,
    sign: (d) => {
      const content = standardContent(d);
      const signature = sign(null, content, d.secret === d.kind.secret ? v1aKey : v1aForgersKey);
      return { "webhook-id": d.id, "webhook-timestamp": String(seconds(d.at)), "webhook-signature": `v1a,${signature.toString("base64")}` };
    },
    check: (d) => ok(verify(null, standardContent(d), createPublicKey(v1aKey), Buffer.from(d.headers["webhook-signature"].slice(4), "base64"))),
  },
};

function slack() {
  return {
    provider: "slack", source: "slack", secret: "8f742231b10e8888abcd99yyyzzz85a5",
    sign: (d) => ({
      "x-slack-request-timestamp": String(seconds(d.at)),
      "x-slack-signature": `v0=${hmac(d.secret, "hex", `v0:${seconds(d.at)}:`, d.body)}`,
    }),
    check: (d) => slackVerifies(d.secret, d.body.toString(), d.headers, d.at),
  };
}

/** Throws unless Slack's library accepts the request at that time (ms). */
export const slackVerifies = (signingSecret, body, headers, at) => verifySlackRequest({
  signingSecret, body, nowMilliseconds: at,
  headers: { "x-slack-signature": headers["x-slack-signature"], "x-slack-request-timestamp": Number(headers["x-slack-request-timestamp"]) },
});

function standard(Webhook, prefix) {
  return {
    provider: "standard-webhooks", forgersSecret: "whsec_bm90IHRoZSBzZWNyZXQgdGhhdCBpcyBjb25maWd1cmVk",
    newID: () => `msg_${randomBytes(12).toString("hex")}`,
    body: (id, at) => payloads.standardEvent(at),
    headers: () => ({ "content-type": JSON_TYPE }),
    sign: (d) => ({
      [`${prefix}-id`]: d.id, [`${prefix}-timestamp`]: String(seconds(d.at)),
      [`${prefix}-signature`]: new Webhook(d.secret).sign(d.id, new Date(d.at), d.body.toString()),
    }),
    check: (d) => new Webhook(d.secret).verify(d.body.toString(), d.headers),
    idOf: (d) => d.id,
  };
}

const standardContent = (d) => Buffer.concat([Buffer.from(`${d.id}.${seconds(d.at)}.`), d.body]);

/** Shopify's library with an app's secret. */
export function shopify(apiSecretKey) {
  return shopifyApi({
    apiKey: "key", apiSecretKey, apiVersion: Object.values(ApiVersion)[0], hostName: "example.com",
    isEmbeddedApp: false, scopes: [], logger: { level: 0 },
  });
}

function ok(accepted) {
  if (!accepted) throw new Error("the provider's own library refuses this signature");
}

/** One delivery of a kind; what is not given is made. Signed over exactly these bytes. */
export async function make(name, { id, at = Date.now(), body, secret } = {}) {
  const kind = kinds[name];
  if (kind === undefined) throw new Error(`no kind of delivery is called ${name}`);
  const d = { name, kind, provider: kind.provider, source: kind.source, id: id ?? kind.newID(), at, secret: secret ?? kind.secret };
  d.body = body ?? kind.body(d.id, at);
  d.eventID = kind.idOf?.(d);
  d.headers = { ...kind.headers?.(d), ...(await kind.sign(d)) };
  return d;
}

/** Throws unless the provider's own code accepts the delivery. */
export const check = async (d) => void (await d.kind.check(d));

/** Two forgeries of a delivery: signed with the forger's own secret, and altered after it was signed. */
export async function forge(d) {
  const own = await make(d.name, { id: d.id, at: d.at, body: d.body, secret: d.kind.forgersSecret ?? `not ${d.secret}` });
  const body = Buffer.from(d.body);
  const at = body.findLastIndex((byte) => /[0-8a-y]/.test(String.fromCharCode(byte)));
  body[at] += 1; // the next digit or letter
  return [own, { ...d, body }];
}

/** Sends a delivery; resolves to the Response. */
export function send(url, tenant, d, init = {}) {
  return fetch(`${url}/webhooks/${tenant}/${d.source}`, { method: "POST", redirect: "manual", headers: d.headers, body: d.body, ...init });
}

/** The sources that receive every kind: [{source, provider, secret}]. */
export const sources = [...new Map(Object.values(kinds).map((k) => [k.source, { source: k.source, provider: k.provider, secret: k.secret }])).values()];
