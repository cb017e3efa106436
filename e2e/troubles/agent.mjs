// docs/agent.md: what becomes of events when the endpoint does not do its part.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { startAgent } from "../agent.mjs";
import { openDeployed, ring } from "../deployed.mjs";
import { start, until } from "../harness.mjs";
import { arrived, eventOf, join, must } from "../scene.mjs";

const patience = 90_000;

/** Waits for a try at the event that ended for this reason. */
const failed = (scene, key, reason) => until(`${key} to end in ${reason}`, async () => (await eventOf(scene, key))?.tries.some((t) => t.reason === reason), patience);

export default {
  page: "docs/agent.md",
  concurrency: true, // a tenant each

  async open() {
    const product = await start();
    const scenes = [];
    return {
      async tenant(name, options) {
        scenes.push(await join(product, name, { only: ["github"], ...options }));
        return scenes.at(-1);
      },
      async close() {
        await product.stop();
        await Promise.all(scenes.map((scene) => scene.stop()));
      },
    };
  },

  rows: {
    "What can go wrong": {
      async "every event `http_401`"(stage) {
        const verifies = ({ verified }) => ({ status: verified ? 204 : 401 });
        const other = await stage.tenant("another-secret", { behave: verifies });
        await must(other.admin("POST", "/agent/rotate", { overlap: "0s" })); // and nobody told the endpoint
        const parsed = await stage.tenant("parsed-first", {
          behave({ body, headers }) {
            try {
              new Webhook(parsed.secret).verify(JSON.stringify(JSON.parse(body)), headers);
              return { status: 204 };
            } catch {
              return { status: 401 };
            }
          },
        });
        const spaced = Buffer.from('{ "zen": "Keep it logically awesome." }'); // which printing again does not give
        const [one, two] = [(await other.deliver("github push")).answer.json.id, (await parsed.deliver("github push", { body: spaced })).answer.json.id];
        await failed(other, one, "http_401");
        await failed(parsed, two, "http_401");

        const { secret } = (await must(other.admin("POST", "/agent/rotate", { overlap: "1h" }))).json;
        await other.agent.stop();
        other.agent = await startAgent({ secret, port: other.agent.port, behave: verifies });
        parsed.agent.behave = verifies;
        await arrived(other, one, patience);
        await arrived(parsed, two, patience);
      },

      async "`target_refused`"() {
        const keys = ring();
        const vars = (DEVELOPMENT) => ({ worker: { SOURCE_KEYS: keys }, consumers: { SOURCE_KEYS: keys, VAULT_KEYS, ADMIN_TOKEN, DEVELOPMENT } });
        const VAULT_KEYS = ring(), ADMIN_TOKEN = randomBytes(32).toString("hex");
        const posted = [];
        const outbound = ({ url, headers }) => {
          if (url !== "https://agent.example.com/events") return undefined;
          posted.push(headers.get("webhook-id"));
          return new Response(null, { status: 204 });
        };
        // An agent on loopback, as development allows, and then no development.
        const deployed = await openDeployed({ vars: vars("1"), outbound });
        try {
          await deployed.arrives();
          await deployed.deploy({ vars: vars() });
          const { id } = (await deployed.webhook()).answer.json;
          await failed({ admin: deployed.admin }, id, "target_refused");

          const loopback = await deployed.admin("PUT", "/agent", { url: "http://127.0.0.1:9000/events" });
          assert.deepEqual([loopback.status, loopback.json.code], [422, "invalid_target"]);
          await must(deployed.admin("PUT", "/agent", { url: "https://agent.example.com/events" }));
          await until("the event at its new address", () => posted.includes(id), patience);
        } finally {
          await deployed.close();
        }
      },

      async "`agent_stopped`"(stage) {
        let gone = true;
        const scene = await stage.tenant("gone", { behave: () => (gone ? { status: 410 } : {}) });
        const first = (await scene.deliver("github push")).answer.json.id;
        await until("the agent to be stopped", async () => (await must(scene.admin("GET", "/agent"))).json.state === "stopped", patience);
        const second = await scene.deliver("github push");
        assert.equal(second.answer.status, 202, "still accepted");
        const held = second.answer.json.id;
        await failed(scene, held, "agent_stopped");
        assert.equal((await eventOf(scene, held)).state, "dead");
        assert.equal(scene.agent.by(held).length, 0, "nothing is sent to a stopped agent");

        gone = false;
        await must(scene.admin("PUT", "/agent", { url: scene.agent.url, secret: scene.secret }));
        await must(scene.admin("POST", "/events/replay", { state: "dead" }));
        for (const key of [first, held]) await arrived(scene, key, patience);
      },

      async "`timeout`"(stage) {
        const scene = await stage.tenant("slow", { behave: ({ attempt }) => ({ hang: attempt === 1 }) });
        const { id } = (await scene.deliver("github push")).answer.json;
        await failed(scene, id, "timeout");
        // It answers before it acts, now.
        assert.equal((await arrived(scene, id, patience)).length, 2);
      },
    },
  },
};
