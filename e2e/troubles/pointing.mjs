// docs/pointing.md: what providers' consoles show and our log says, with
// deliveries as the providers sign them. Each row has a source of its own.
import assert from "node:assert/strict";
import { startAPIs } from "../apis.mjs";
import { answerOf, until } from "../harness.mjs";
import { make, send } from "../providers.mjs";
import { arrived, must, setUp } from "../scene.mjs";

/** Until every edge has read a source's configuration again, in seconds. */
const spread = 90;

const rows = {
  GitHub: {
    async "401 `bad_signature`"(stage) {
      const source = await stage.source("github", "the secret in Hookweir");
      const atGitHub = () => source.deliver("github push", { secret: "the secret at GitHub" });
      await refused(atGitHub(), "bad_signature");
      await source.rotate("the secret at GitHub", "24h");
      await accepted(atGitHub());
      await accepted(source.deliver("github push")); // and the other one, for a while
    },

    async "401 `missing_signature`"(stage) {
      const source = await stage.source("github", "It is a Secret to Everybody");
      const change = ({ headers: { "x-hub-signature-256": _, ...headers }, ...d }) => ({ ...d, headers });
      await refused(source.deliver("github push", { change }), "missing_signature");
      await accepted(source.deliver("github push"));
    },

    async "401 `bad_signature`, sometimes"(stage) {
      const source = await stage.source("github", "It is a Secret to Everybody");
      const change = (d) => ({ ...d, body: JSON.stringify(JSON.parse(d.body)) });
      await accepted(source.deliver("github push", { body: '{"zen":"alike"}', change }));
      const body = '{"zen":"sp\\u0061ced", "hook_id": 1}';
      await refused(source.deliver("github push", { body, change }), "bad_signature");
      await accepted(source.deliver("github push", { body }));
    },

    async "202, and the event has `data_base64` in place of `data`"(stage) {
      const source = await stage.source("github", "It is a Secret to Everybody");
      const body = `payload=${encodeURIComponent('{"zen":"in a form"}')}`;
      const change = (d) => ({ ...d, headers: { ...d.headers, "content-type": "application/x-www-form-urlencoded" } });
      const form = await stage.arrived(await accepted(source.deliver("github push", { body, change })));
      assert.equal(Buffer.from(form.event.data_base64, "base64").toString(), body);
      const json = await stage.arrived(await accepted(source.deliver("github push", { body: '{"zen":"as JSON"}' })));
      assert.deepEqual(json.event.data, { zen: "as JSON" });
    },
  },

  Stripe: {
    async "401 `bad_signature` on all"(stage) {
      const source = await stage.source("stripe", "whsec_of_the_cli_listener_0000000000");
      const paid = () => source.deliver("stripe invoice.paid", { secret: "whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e" });
      await refused(paid(), "bad_signature");
      await source.put("whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e");
      await accepted(paid());
    },

    async "401 `stale_timestamp`"(stage) {
      const source = await stage.source("stripe", "whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e");
      await refused(source.deliver("stripe invoice.paid", { id: "evt_late", later: -301 }), "stale_timestamp");
      await accepted(source.deliver("stripe invoice.paid", { id: "evt_late" }));
    },

    async "after rolling the secret, 401"(stage) {
      const [old, rolled] = ["whsec_the_one_before_0000000000000000", "whsec_the_one_rolled_0000000000000000"];
      const source = await stage.source("stripe", old);
      const paid = (change) => source.deliver("stripe invoice.paid", { secret: rolled, change });
      const byBoth = async (d) => { // for as long as both live
        const { headers } = await make(d.name, { ...d, secret: old });
        return { ...d, headers: { ...headers, "stripe-signature": `${headers["stripe-signature"]},${d.headers["stripe-signature"].split(",").at(-1)}` } };
      };
      await accepted(paid(byBoth));
      await refused(paid(), "bad_signature");
      await source.rotate(rolled, "24h");
      await accepted(paid(byBoth));
      await accepted(paid());
    },

    async "`hookweirthin: true`"(stage) {
      const source = await stage.source("stripe", "whsec_5f2c9a1e8b7d4c3f6a0e9d8c7b6a5f4e");
      const thin = { body: JSON.stringify({ id: "evt_thin", object: "v2.core.event", type: "v1.billing.meter.error_report_triggered", created: new Date().toISOString(), related_object: { id: "mtr_1" } }) };
      assert.equal((await stage.arrived(await accepted(source.deliver("stripe invoice.paid", thin)))).event.hookweirthin, true);
      assert.equal((await stage.arrived(await accepted(source.deliver("stripe invoice.paid")))).event.hookweirthin, undefined);
    },
  },

  Slack: {
    async "\"Your URL didn't respond with the value of the challenge parameter\""(stage) {
      const secret = "8f742231b10e8888abcd99yyyzzz85a5";
      const source = stage.place("slack");
      const verify = () => source.deliver("slack handshake", { secret });
      const none = await verify();
      assert.deepEqual([none.answer.status, none.answer.json.code], [404, "not_found"]);
      await source.put("another app's signing secret 000");
      await refused(verify(), "bad_signature");
      assert.ok(stage.logged(source, "webhook.refused", "bad_signature"));
      await source.put(secret);
      await challenged(verify());
    },

    async "the same, and the log has `stale_timestamp`"(stage) {
      const source = await stage.source("slack", "8f742231b10e8888abcd99yyyzzz85a5");
      await refused(source.deliver("slack handshake", { later: -301 }), "stale_timestamp");
      assert.ok(stage.logged(source, "webhook.refused", "stale_timestamp"));
      await challenged(source.deliver("slack handshake"));
    },

    async "401 `bad_signature` on all"(stage) {
      const source = await stage.source("slack", "Jhj5dZrVaK7ZwHHjRyZWjbDl");
      const message = () => source.deliver("slack message", { secret: "8f742231b10e8888abcd99yyyzzz85a5" });
      await refused(message(), "bad_signature");
      await source.put("8f742231b10e8888abcd99yyyzzz85a5");
      await accepted(message());
    },
  },

  Shopify: {
    async "401 `bad_signature`"(stage) {
      const [app, store] = ["shpss_0c2b7f0a9d3e4b51a6c8e7f001234567", "5d1fb3c9e4a14a7cb7f0c2d6e8a91b34"];
      const ordered = (source, secret) => source.deliver("shopify orders/create", { secret });
      const source = await stage.source("shopify", "shpat_0c2b7f0a9d3e4b51a6c8e7f001234567"); // the API's token
      await refused(ordered(source, app), "bad_signature");
      await source.put(app);
      await accepted(ordered(source, app));
      await refused(ordered(source, store), "bad_signature");
      await accepted(ordered(await stage.source("shopify", store), store)); // one source for each
    },

    async "401 for up to an hour after a rotation"(stage) {
      const [old, fresh] = ["shpss_old_00000000000000000000000000", "shpss_new_00000000000000000000000000"];
      const ordered = (secret) => source.deliver("shopify orders/create", { secret });
      const source = await stage.source("shopify", old);
      await source.put(fresh);
      await refused(ordered(old), "bad_signature"); // as Shopify still signs
      await source.put(old);
      await source.rotate(fresh, "24h");
      for (const secret of [old, fresh]) await accepted(ordered(secret));
      stage.pass(3600);
      for (const secret of [old, fresh]) await accepted(ordered(secret));
    },

    async "nothing comes any more"(stage) {
      const source = await stage.source("shopify", "shpss_0c2b7f0a9d3e4b51a6c8e7f001234567");
      await must(stage.admin("PUT", "/destinations/shopify", { base_url: `${stage.apis.url}/shopify` }));
      await must(stage.admin("PUT", "/polls/shopify", { preset: "shopify", destination: "shopify" }));
      const [order] = stage.apis.add("shopify");
      await must(stage.admin("POST", "/polls/shopify/run"));
      const found = await until("the order", () => stage.agent.arrivals.find((a) => a.event?.hookweirorigin === "poll" && JSON.stringify(a.event.data).includes(order.id)));
      assert.equal(found.status, 204);
      await accepted(source.deliver("shopify orders/create")); // subscribed again
    },
  },
};

async function refused(delivering, code) {
  const { answer } = await delivering;
  assert.deepEqual([answer.status, answer.json?.code], [401, code], answer.text);
}

/** The key of the event that a delivery became. */
async function accepted(delivering) {
  const { answer } = await delivering;
  assert.equal(answer.status, 202, answer.text);
  return answer.json.id;
}

async function challenged(delivering) {
  const { delivery, answer } = await delivering;
  assert.deepEqual([answer.status, answer.text], [200, delivery.id]);
}

export default {
  page: "docs/pointing.md",
  rows,

  async open() {
    const apis = await startAPIs();
    // The worker's test build takes the time from a header.
    const scene = await setUp({ wasm: { worker: "build/test/worker.wasm" } });
    let now = Math.floor(Date.now() / 1000), places = 0;
    const stage = {
      apis, agent: scene.agent, admin: scene.admin,
      pass: (seconds) => (now += seconds),
      arrived: async (key) => (await arrived(scene, key))[0],
      logged: ({ name }, event, code) => scene.product.logs.some(({ message }) => message.includes(`"event":"${event}"`) && message.includes(`"source":"${name}"`) && message.includes(`"code":"${code}"`)),

      /** Where a source may be. Whatever is done to it has reached the edge. */
      place(provider) {
        const name = `${provider}-${++places}`;
        let configured;
        const source = {
          name,
          async put(secret) {
            await must(scene.admin("PUT", `/sources/${name}`, { provider, secrets: [secret] }));
            configured = secret;
            stage.pass(spread);
          },
          async rotate(secret, overlap) {
            await must(scene.admin("POST", `/sources/${name}/rotate`, { secret, overlap }));
            stage.pass(spread);
          },
          /** A delivery, signed so many seconds later than now, and changed on its way. */
          async deliver(kind, { later = 0, body, change = (d) => d, ...options } = {}) {
            const made = await make(kind, { secret: configured, at: (now + later) * 1000, body: body && Buffer.from(body), ...options });
            const delivery = await change({ ...made, source: name });
            delivery.headers["x-hookweir-now"] = String(now);
            return { delivery, answer: await send(scene.url, "acme", delivery).then(answerOf) };
          },
        };
        return source;
      },
      async source(provider, secret) {
        const source = stage.place(provider);
        await source.put(secret);
        return source;
      },
      async close() {
        await scene.stop();
        await apis.stop();
      },
    };
    return stage;
  },
};
