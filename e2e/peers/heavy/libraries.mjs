// Libraries too large to install for every run (460 MB together), as
// libraries.mjs beside this folder. Their verdicts are written down:
// `make peers` installs them, asks them, and writes ../checked.json.
import { createRequire } from "node:module";
import { standard } from "../corpus.mjs";

const require = createRequire(new URL("package.json", import.meta.url));
const passes = async (check) => (await check(), true);

function hubspot(version) {
  return ["@hubspot/api-client", (d) => require("@hubspot/api-client").Signature.isValid({
    method: d.method, signatureVersion: version, clientSecret: d.secret, requestBody: d.text, url: d.url,
    signature: d.headers["x-hubspot-signature-v3"] ?? d.headers["x-hubspot-signature"], timestamp: d.headers["x-hubspot-request-timestamp"],
  })];
}

export const libraries = {
  adyen: ["@adyen/api-library", (d) => {
    const { hmacValidator } = require("@adyen/api-library");
    return JSON.parse(d.text).notificationItems.every((i) => new hmacValidator().validateHMAC(i.NotificationRequestItem, d.secret));
  }],
  box: ["box-node-sdk", (d) => require("box-node-sdk/lib/managers/webhooks").WebhooksManager.validateMessage(d.text, d.headers, d.secret)],
  clerk: ["@clerk/backend", async (d) => {
    const { verifyWebhook } = require("@clerk/backend/webhooks");
    return passes(() => verifyWebhook(new Request(d.url, { method: "POST", headers: d.headers, body: d.body }), { signingSecret: d.secret }));
  }],
  "coinbase-commerce": ["coinbase-commerce-node", (d) => passes(() => require("coinbase-commerce-node").Webhook.verifyEventBody(d.text, d.headers["x-cc-webhook-signature"], d.secret))],
  contentful: ["@contentful/node-apps-toolkit", (d) => {
    const { pathname, search } = new URL(d.url);
    return require("@contentful/node-apps-toolkit").verifyRequest(d.secret, { method: d.method, path: pathname + search, headers: d.headers, body: d.text }, 300);
  }],
  elevenlabs: ["@elevenlabs/elevenlabs-js", (d) => passes(() => new (require("@elevenlabs/elevenlabs-js").ElevenLabsClient)({ apiKey: "x" }).webhooks.constructEvent(d.text, d.headers["elevenlabs-signature"], d.secret))],
  hubspot: hubspot("v3"),
  "hubspot-v1": hubspot("v1"),
  "hubspot-v2": hubspot("v2"),
  line: ["@line/bot-sdk", (d) => require("@line/bot-sdk").validateSignature(d.body, d.secret, d.headers["x-line-signature"])],
  lithic: ["lithic", (d) => passes(() => new (require("lithic"))({ apiKey: "x" }).webhooks.unwrap(d.text, standard(d), d.secret))],
  openai: ["openai", (d) => passes(() => new (require("openai"))({ apiKey: "x" }).webhooks.unwrap(d.text, standard(d), d.secret))],
  paddle: ["@paddle/paddle-node-sdk", (d) => new (require("@paddle/paddle-node-sdk").Paddle)("key").webhooks.isSignatureValid(d.text, d.secret, d.headers["paddle-signature"])],
  polar: ["@polar-sh/sdk", async (d) => {
    const { validateEvent, WebhookVerificationError } = require("@polar-sh/sdk/webhooks");
    try {
      await validateEvent(d.text, d.headers, d.secret);
    } catch (error) {
      return !(error instanceof WebhookVerificationError); // it verifies before it asks for every member of an order
    }
    return true;
  }],
  square: ["square", (d) => require("square").WebhooksHelper.verifySignature({ requestBody: d.text, signatureHeader: d.headers["x-square-hmacsha256-signature"], signatureKey: d.secret, notificationUrl: d.url })],
  telnyx: ["telnyx", (d) => passes(() => new (require("telnyx").default)({ apiKey: "x" }).webhooks.unwrap(d.text, { headers: d.headers, key: d.secret }))],
  twilio: ["twilio", (d) => require("twilio").validateRequest(d.secret, d.headers["x-twilio-signature"], d.url, Object.fromEntries(new URLSearchParams(d.text)))],
  webflow: ["webflow-api", (d) => {
    const { WebflowClient } = require("webflow-api");
    return new WebflowClient({ accessToken: "x" }).webhooks.verifySignature({ headers: d.headers, body: d.text, secret: d.secret });
  }],
};
