// A stage for a test: the product running, one tenant with every source and
// an agent that verifies.
import { randomBytes } from "node:crypto";
import { startAgent } from "./agent.mjs";
import { answerOf, start, until } from "./harness.mjs";
import { make, send, sources } from "./providers.mjs";

/** The modules with the tests' hooks compiled in. */
export const testBuild = { worker: "build/test/worker.wasm", consumers: "build/test/consumers.wasm" };

/**
 * Starts product and agent. Options are those of harness start(), and
 *   tenant     default "acme"
 *   behave     the agent's behaviour
 *   testBuild  true runs the modules with the tests' hooks compiled in
 */
export async function setUp({ tenant = "acme", behave, testBuild: hooks, ...options } = {}) {
  const product = await start({ ...options, ...(hooks && { wasm: testBuild }) });
  try {
    const scene = await join(product, tenant, { behave });
    const stopAgent = scene.stop;
    scene.stop = async () => {
      await product.stop();
      await stopAgent();
    };
    return scene;
  } catch (error) {
    await product.stop();
    throw error;
  }
}

/**
 * Sets up a tenant and its agent on a product that runs, with every source or
 * those of `only`. stop() stops the agent.
 */
export async function join(product, tenant, { behave, only } = {}) {
  const secret = `whsec_${randomBytes(32).toString("base64")}`;
  const scene = {
    product, tenant, secret,
    url: product.url,
    agent: await startAgent({ secret, behave }),
    admin: (method, route, body) => product.admin(method, `/tenants/${tenant}${route}`, body),
    send: (delivery, init) => send(product.url, tenant, delivery, init).then(answerOf),
    /** Makes a delivery of a kind and sends it: {delivery, answer}. */
    async deliver(kind, options, init) {
      const delivery = await make(kind, options);
      return { delivery, answer: await scene.send(delivery, init) };
    },
    settle: () => settle(scene),
    stop: () => scene.agent.stop(),
  };
  try {
    await configure(product, tenant, scene.agent.url, secret, only);
  } catch (error) {
    await scene.stop();
    throw error;
  }
  return scene;
}

/** Gives a tenant its agent and every source, or those of `only`. */
export async function configure(product, tenant, agentURL, secret, only) {
  await must(product.admin("PUT", `/tenants/${tenant}/agent`, { url: agentURL, secret }));
  for (const { source, provider, secret } of sources) {
    if (only && !only.includes(source)) continue;
    await must(product.admin("PUT", `/tenants/${tenant}/sources/${source}`, { provider, secrets: [secret] }));
  }
}

/** The answer, or an error that shows it unless it is 2xx. */
export async function must(answering) {
  const answer = await answering;
  if (answer.status < 200 || answer.status > 299) throw new Error(`answered ${answer.status}: ${answer.text}`);
  return answer;
}

// settle returns when every message that was on the queue before has been
// through the consumer: the queue is first in, first out here and batches run
// one after another, so an event sent after another one arrived is in a later
// batch than everything before that one.
async function settle(scene) {
  for (let i = 0; i < 2; i++) {
    const { delivery, answer } = await scene.deliver("standard webhooks");
    if (answer.status !== 202) throw new Error(`a fence was answered ${answer.status}: ${answer.text}`);
    await arrived(scene, keyOf(scene, delivery));
  }
}

/** The event key of a delivery whose provider sends an id. */
export const keyOf = (scene, delivery) => `${scene.tenant}/${delivery.source}/${delivery.eventID}`;

/** Waits until the agent accepted the event: its arrivals. */
export function arrived(scene, key, deadline) {
  return until(`${key} to reach the agent`, () => scene.agent.ids().includes(key) && scene.agent.by(key), deadline);
}

/** One event as the API shows it, or undefined while it is not in the Ledger. */
export async function eventOf(scene, key) {
  const answer = await scene.admin("GET", `/events/${encodeURIComponent(key)}`);
  return answer.status === 404 ? undefined : (await must(answer)).json;
}
