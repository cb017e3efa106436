// The providers' own npm libraries, as judges of the corpus. A row:
//
//	provider: [package, (delivery) => whether the library accepts it, forgeries]
//
// A library that throws refuses. forgeries are the cases it must refuse, where
// it does not know of every one (judge.mjs). What is judged is in corpus.mjs; the clock is
// the delivery's (peers.test.mjs). The packages are in package.json beside
// this file, apart from the root's so that `make setup` stays quick.
import { createRequire } from "node:module";
import https from "node:https";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { shopify, slackVerifies } from "../providers.mjs";
import { standard } from "./corpus.mjs";

const require = createRequire(new URL("package.json", import.meta.url));
const seconds = (d) => Math.floor(d.at / 1000);
// The file alone: the package's index wants a package it does not depend on.
const sinch = fileURLToPath(new URL("node_modules/@sinch/sdk-client/dist/utils/authorization.helper.js", import.meta.url));
/** The answer of a check that throws when it refuses. */
const passes = async (check) => (await check(), true);

export const libraries = {
  // In the root's package.json.
  github: ["@octokit/webhooks-methods", async (d) => (await import("@octokit/webhooks-methods")).verify(d.secret, d.text, d.headers["x-hub-signature-256"])],
  stripe: ["stripe", async (d) => passes(async () => (await import("stripe")).default.webhooks.constructEvent(d.body, d.headers["stripe-signature"], d.secret, 300, undefined, seconds(d)))],
  slack: ["@slack/bolt", (d) => passes(() => slackVerifies(d.secret, d.text, d.headers, d.at))],
  shopify: ["@shopify/shopify-api", async (d) => {
    const unsigned = { "x-shopify-shop-domain": "example.myshopify.com", "x-shopify-api-version": "2026-10" }; // the library wants them to be there
    return (await shopify(d.secret).webhooks.validate({ rawBody: d.text, rawRequest: { method: "POST", url: "/", headers: { ...d.headers, ...unsigned } } })).valid;
  }],
  "standard-webhooks": ["standardwebhooks", async (d) => passes(async () => new (await import("standardwebhooks")).Webhook(d.secret).verify(d.text, standard(d)))],
  resend: ["resend", (d) => {
    const { Resend } = require("resend");
    const [id, timestamp, signature] = ["svix-id", "svix-timestamp", "svix-signature"].map((n) => d.headers[n]);
    return passes(() => new Resend("re_key").webhooks.verify({ payload: d.text, headers: { id, timestamp, signature }, webhookSecret: d.secret }));
  }],

  // In the one beside this file.
  "aws-sns": ["sns-validator", (d) => new Promise((resolve) => {
    const Validator = require("sns-validator");
    const get = https.get; // its certificate, without the network
    https.get = (url, done) => {
      const response = Object.assign(new PassThrough(), { statusCode: d.documents[url] === undefined ? 404 : 200 });
      done(response);
      response.end(d.documents[url]);
      return response;
    };
    new Validator().validate(d.text, (error) => {
      https.get = get;
      resolve(!error);
    });
  }), ["tampered-body", "tampered-signature"]], // it does not ask whose topic it is
  crisp: ["crisp-api", (d) => new (require("crisp-api").Crisp)().verifyWidget(d.secret, JSON.parse(d.text), d.headers["x-crisp-request-timestamp"], d.headers["x-crisp-signature"])],
  discord: ["discord-interactions", (d) => require("discord-interactions").verifyKey(d.body, d.headers["x-signature-ed25519"], d.headers["x-signature-timestamp"], d.secret)],
  easypost: ["@easypost/api", (d) => passes(() => new (require("@easypost/api"))("key").Utils.validateWebhook(d.body, d.headers, d.secret))],
  finch: ["@tryfinch/finch-api", (d) => passes(() => new (require("@tryfinch/finch-api"))({ accessToken: "x" }).webhooks.unwrap(d.text, d.headers, d.secret))],
  getstream: ["stream-chat", (d) => new (require("stream-chat").StreamChat)("key", d.secret).verifyWebhook(d.body, d.headers["x-signature"])],
  gocardless: ["gocardless-nodejs", (d) => passes(async () => (await import(require.resolve("gocardless-nodejs/webhooks"))).parse(d.text, d.secret, d.headers["webhook-signature"]))],
  "google-pubsub": ["google-auth-library", async (d) => {
    const { OAuth2Client } = require("google-auth-library");
    const { createPublicKey } = await import("node:crypto");
    const [set] = Object.values(d.documents);
    const keys = Object.fromEntries(JSON.parse(set).keys.map((key) => [key.kid, createPublicKey({ key, format: "jwk" }).export({ type: "spki", format: "pem" })]));
    const ticket = await new OAuth2Client().verifySignedJwtWithCertsAsync(d.headers.authorization.replace("Bearer ", ""), keys, d.url, ["https://accounts.google.com"]);
    const { email, email_verified: verified } = ticket.getPayload();
    return verified === true && email === d.secret;
  }],
  "jira-connect": ["atlassian-jwt", (d) => {
    const jwt = require("atlassian-jwt");
    const claims = jwt.decodeSymmetric(d.headers.authorization.replace("JWT ", ""), d.secret, "HS256");
    return claims.qsh === jwt.createQueryStringHash(jwt.fromMethodAndUrl(d.method, d.url), false);
  }],
  linear: ["@linear/sdk", async (d) => {
    const { LinearWebhookClient } = await import(require.resolve("@linear/sdk/webhooks"));
    return new LinearWebhookClient(d.secret).verify(d.body, d.headers["linear-signature"], JSON.parse(d.text).webhookTimestamp);
  }],
  liveblocks: ["@liveblocks/node", (d) => passes(() => new (require("@liveblocks/node").WebhookHandler)(d.secret).verifyRequest({ headers: standard(d), rawBody: d.text }))],
  "modern-treasury": ["modern-treasury", (d) => new (require("modern-treasury"))({ apiKey: "x", organizationID: "x" }).webhooks.validateSignature(d.text, d.headers, { key: d.secret })],
  mux: ["@mux/mux-node", (d) => passes(() => new (require("@mux/mux-node"))({ tokenId: "x", tokenSecret: "x" }).webhooks.unwrap(d.text, d.headers, d.secret))],
  nango: ["@nangohq/node", (d) => new (require("@nangohq/node").Nango)({ apiKey: "x", webhookSigningKey: d.secret }).verifyIncomingWebhookRequest(d.text, d.headers)],
  notion: ["@notionhq/client", (d) => require("@notionhq/client").verifyWebhookSignature({ body: d.body, signature: d.headers["x-notion-signature"], verificationToken: d.secret })],
  onfido: ["@onfido/api", (d) => passes(() => new (require("@onfido/api").WebhookEventVerifier)(d.secret).readPayload(d.body, d.headers["x-sha2-signature"]))],
  pusher: ["pusher", (d) => {
    const Pusher = require("pusher");
    return new Pusher({ appId: "1", key: d.headers["x-pusher-key"], secret: d.secret, cluster: "eu" }).webhook({ headers: d.headers, rawBody: d.text }).isValid();
  }],
  razorpay: ["razorpay", (d) => require("razorpay").validateWebhookSignature(d.text, d.headers["x-razorpay-signature"], d.secret)],
  replicate: ["replicate", (d) => {
    const [id, timestamp, signature] = Object.values(standard(d));
    return require("replicate").validateWebhook({ id, timestamp, signature, body: d.text, secret: d.secret });
  }],
  retell: ["retell-sdk", (d) => require("retell-sdk").Retell.verify(d.text, d.secret, d.headers["x-retell-signature"])],
  sendgrid: ["@sendgrid/eventwebhook", (d) => {
    const hook = new (require("@sendgrid/eventwebhook").EventWebhook)();
    return hook.verifySignature(hook.convertPublicKeyToECDSA(d.secret), d.body, d.headers["x-twilio-email-event-webhook-signature"], d.headers["x-twilio-email-event-webhook-timestamp"]);
  }],
  sinch: ["@sinch/sdk-client", (d) => require(sinch).validateWebhookSignature(d.secret, d.headers, d.text)],
  sanity: ["@sanity/webhook", (d) => require("@sanity/webhook").isValidSignature(d.text, d.headers["sanity-webhook-signature"], d.secret)],
  smartcar: ["smartcar", (d) => require("smartcar").verifyPayload(d.secret, d.headers["sc-signature"], JSON.parse(d.text))],
};
