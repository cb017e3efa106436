// Stands between the public Worker and its stores when a test asks for it
// and fails, delays or hangs what it is told to.
//
//	worker ──RPC──▶ faults ──▶ KV, R2, queue
//	                  ▲ PUT {"EVENTS": {"fail": 1}}
//	                 test
//
// A mode: {fail: probability, marker: text, after: bool, delay: ms, hang: bool}
//   fail    how likely a call throws, 0 to 1
//   marker  only calls whose key or message contains this text fail
//   after   the call goes through first, then throws: done, but not known
//   delay   each call first waits a random time up to this many milliseconds
//   hang    calls never settle
import { WorkerEntrypoint } from "cloudflare:workers";
import { Buffer } from "node:buffer";

const modes = new Map();

async function through(binding, subject, work) {
  const mode = modes.get(binding);
  if (mode === undefined) return work();
  if (mode.hang) await new Promise((resolve) => setTimeout(resolve, 120_000));
  if (mode.delay) await new Promise((resolve) => setTimeout(resolve, Math.random() * mode.delay));
  const hit = mode.marker === undefined || Buffer.from(subject).includes(mode.marker);
  const fails = hit && Math.random() < (mode.fail ?? 0);
  if (fails && !mode.after) throw new Error(`fault: ${binding} is down`);
  const result = await work();
  if (fails) throw new Error(`fault: ${binding} lost its answer`);
  return result;
}

class Store extends WorkerEntrypoint {
  do(subject, work) {
    const { binding } = this.ctx.props;
    return through(binding, subject, () => work(this.env[binding]));
  }
}

export class KV extends Store {
  get(key, options) {
    return this.do(key, (kv) => kv.get(key, options));
  }
  put(key, value, options) {
    return this.do(key, (kv) => kv.put(key, value, options));
  }
  delete(key) {
    return this.do(key, (kv) => kv.delete(key));
  }
}

export class Queue extends Store {
  send(message, options) {
    return this.do(message, async (queue) => void (await queue.send(message, options)));
  }
}

export class Bucket extends Store {
  put(key, content) {
    return this.do(key, async (bucket) => void (await bucket.put(key, content)));
  }
  delete(key) {
    return this.do(key, (bucket) => bucket.delete(key));
  }
}

export default {
  async fetch(request) {
    modes.clear();
    for (const [binding, mode] of Object.entries(await request.json())) modes.set(binding, mode);
    return new Response(null, { status: 204 });
  },
};
