// The private Worker's half of the bridge to Go: see doc.go. Glue only.
import { DurableObject, env, waitUntil } from "cloudflare:workers";
import { Packer, unpack } from "./rows.mjs";

const host = {
  // What Go awaits: settle(true, value) or settle(false, reason).
  start(settle, object, method, ...args) {
    object[method](...args).then(
      (value) => settle(true, value),
      (reason) => settle(false, reason),
    );
  },
  // A handle that Go gives gets abort(), for when nobody wants the answer any
  // more.
  async fetch(method, url, headers, body, ms, maxBody, handle) {
    let signal = AbortSignal.timeout(ms);
    if (handle) {
      const unwanted = new AbortController();
      handle.abort = () => unwanted.abort();
      signal = AbortSignal.any([signal, unwanted.signal]);
    }
    const response = await fetch(url, {
      method,
      headers: pairs(headers),
      body: body ?? undefined,
      redirect: "manual",
      signal,
    });
    const read = maxBody === 0 ? unread(response.body) : await readBody(response.body, maxBody);
    return { status: response.status, headers: flat(response.headers), ...read };
  },
  // The same, but Go reads the answer as it comes: the handle gets read(), and
  // extend(ms), which sets the deadline anew, as well.
  async stream(method, url, headers, body, ms, handle) {
    const unwanted = new AbortController();
    let timer;
    const over = () => clearTimeout(timer);
    handle.abort = () => {
      over();
      unwanted.abort();
    };
    handle.extend = (ms) => {
      over();
      timer = setTimeout(() => unwanted.abort(new DOMException("the deadline passed", "TimeoutError")), ms);
    };
    handle.extend(ms);
    const failed = (e) => {
      over();
      throw e;
    };
    const response = await fetch(url, {
      method,
      headers: pairs(headers),
      body: body ?? undefined,
      redirect: "manual",
      signal: unwanted.signal,
    }).catch(failed);
    const reader = response.body?.getReader();
    handle.read = async () => {
      const { done, value } = (await reader?.read().catch(failed)) ?? { done: true };
      if (!done) return value;
      over();
      return null;
    };
    return { status: response.status, headers: flat(response.headers) };
  },
  invoke(binding, name, method, payload) {
    const namespace = env[binding];
    if (namespace === undefined) return Promise.reject(new Error(`binding ${binding} is not configured`));
    return namespace.get(namespace.idFromName(name)).invoke(method, payload);
  },
  sendBatch(binding, bodies) {
    return env[binding].sendBatch(bodies.map((body) => ({ body, contentType: "bytes" })));
  },
  async objectGet(binding, key) {
    const object = await env[binding].get(key);
    return object === null ? null : new Uint8Array(await object.arrayBuffer());
  },
  // A wait of the event that asks for it.
  sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  },
  // The write is in the object's output gate; nobody waits for the promise.
  setAlarm(storage, at) {
    storage.setAlarm(at);
  },
  // body says whether to commit; a throw is how transactionSync rolls back.
  transaction(storage, body) {
    try {
      storage.transactionSync(() => {
        if (!body()) throw ROLLBACK;
      });
    } catch (e) {
      if (e !== ROLLBACK) throw e;
    }
  },
};

const ROLLBACK = new Error("roll back");

// sqlOf is SQL for one instance: statements by number, values packed in the
// instance's memory.
function sqlOf(instance) {
  let statements = [];
  const packer = new Packer();
  let rest; // rows that did not fit
  const memory = (at, size) => new Uint8Array(instance.memory.buffer, at, size);
  return {
    sqlStatement: (query) => statements.push(query) - 1,
    sqlForget() {
      statements = [];
    },
    sql(sql, statement, args, argsSize, out, room) {
      const rows = packer.pack(sql.exec(statements[statement], ...unpack(memory(args, argsSize))));
      if (rows.length <= room) memory(out, rows.length).set(rows);
      else rest = rows;
      return rows.length;
    },
    sqlRest(out) {
      memory(out, rest.length).set(rest);
      rest = undefined;
    },
  };
}

function flat(headers) {
  const list = [];
  for (const [name, value] of headers) list.push(name, value);
  return list;
}

function pairs(list) {
  const headers = new Headers();
  for (let i = 0; i < list.length; i += 2) headers.append(list[i], list[i + 1]);
  return headers;
}

// unread gives up a body that nobody reads: who sent the head has answered,
// whatever it does with its connection then.
function unread(stream) {
  stream?.cancel().catch(() => {});
  return { body: new Uint8Array(0), tooLarge: false };
}

async function readBody(stream, max) {
  const parts = [];
  let size = 0;
  if (stream !== null) {
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > max) {
        reader.cancel().catch(() => {});
        return { body: new Uint8Array(0), tooLarge: true };
      }
      parts.push(value);
    }
  }
  if (parts.length === 1) return { body: parts[0], tooLarge: false };
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return { body, tooLarge: false };
}

// One Go instance and the events in flight in it.
class Instance {
  constructor(module) {
    this.flight = new Set();
    this.events = 0;
    this.dead = false;
    this.retired = false;
    this.binding = {};
    this.objects = new Set(); // serials of those that Go knows
    // syumai's packages read this while main starts; it is the same for all.
    globalThis.context = { env, ctx: { waitUntil }, binding: this.binding, host: { ...host, ...sqlOf(this) }, retire: () => (this.retired = true) };
    const go = new globalThis.Go();
    go.exit = (code) => {
      go._resolveExitPromise = () => {}; // nobody waits, and it belongs to another request
      this.die(`exit ${code}`);
    };
    let ready = false;
    const wasm = new WebAssembly.Instance(module, {
      ...go.importObject,
      workers: { ready: () => (ready = true) },
    });
    this.memory = wasm.exports.mem;
    this.timeouts = go._scheduledTimeouts;
    go.run(wasm).catch((e) => this.die(e)); // main runs until it blocks, before run returns
    const resume = go._resume.bind(go);
    go._resume = () => {
      // A callback into an instance that has ended has nobody to tell.
      if (this.dead) return;
      try {
        resume();
      } catch (e) {
        this.die(e);
      }
    };
    if (!ready) this.die("main did not call ready");
  }

  // full says that new events need a fresh instance.
  full() {
    if (this.dead || this.retired) return true;
    const memory = this.memory.buffer.byteLength;
    if (this.events < this.binding.maxEvents && memory < this.binding.maxMemory) return false;
    this.retired = true;
    console.log(JSON.stringify({ level: "info", event: "backend.instance_recycled", events: this.events, memory, in_flight: this.flight.size }));
    return true;
  }

  die(why) {
    if (this.dead) return;
    this.dead = true;
    // wasm_exec resumes Go again and again until it has taken a timeout that
    // is due: one that has ended never would.
    this.timeouts?.clear();
    console.error(JSON.stringify({ level: "error", event: "backend.instance_died", why: String(why), in_flight: this.flight.size }));
    for (const event of this.flight) event(new Error("the instance ended before this event"));
    this.flight.clear();
  }

  // run enters Go with settle(ok, value or text of the error) and gives what
  // Go answers.
  run(enter) {
    this.events++;
    return new Promise((resolve, reject) => {
      const end = (settle) => (value) => {
        this.flight.delete(fail);
        settle(value);
      };
      const fail = end(reject);
      if (this.dead) return fail(new Error("the instance did not start"));
      this.flight.add(fail);
      try {
        const answer = end(resolve);
        enter(this.binding, (ok, value) => (ok ? answer(value) : fail(new Error(value))));
      } catch (e) {
        this.die(e);
        fail(e);
      }
    });
  }
}

// over settles by syumai's promise.
function over(promise, settle) {
  promise.then(
    () => settle(true),
    (e) => settle(false, String(e?.message ?? e)),
  );
}

// The answers that an object is still writing. While there are any, all its
// events enter the instance that writes them, since that one holds what they
// are about; when it is to be replaced, Go is told and ends those that would
// last, and their readers come back to its successor.
class Streams {
  #open = new Set();
  #instance;
  instance(current) {
    if (this.#open.size > 0 && !this.#instance.dead) {
      if (!this.#instance.full()) return this.#instance;
      for (const sink of this.#open) sink.retire();
    }
    return (this.#instance = current());
  }
  open(instance, signal) {
    const sink = new Sink(signal, () => this.#open.delete(sink));
    this.#open.add(sink);
    return sink;
  }
}

// What a sink tells Go.
const GONE = 0; // at most once: nobody reads any more
const RETIRE = 1; // the instance is to be replaced
const PULSE = 2; // the time that Go asked for has passed

// One answer: response resolves when Go starts it.
class Sink {
  #respond;
  #refuse;
  #controller;
  #tell = () => {};
  #timer;
  #over = false;
  #kept = false;
  #closed;
  constructor(signal, closed) {
    this.response = new Promise((resolve, reject) => {
      this.#respond = resolve;
      this.#refuse = reject;
    });
    this.#closed = closed;
    signal?.addEventListener("abort", () => this.leave());
  }
  listen(tell) {
    this.#tell = tell;
  }
  // pulse tells Go after ms, and again after what it answers, if that is over 0.
  pulse(ms) {
    this.#timer = setTimeout(() => {
      const next = this.#tell(PULSE);
      if (next > 0 && !this.#over) this.pulse(next);
    }, ms);
  }
  start(status, headers) {
    const body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.leave(),
    });
    const empty = status === 204 || status === 304;
    this.#respond(new Response(empty ? null : body, { status, headers: pairs(headers) }));
  }
  write(bytes) {
    if (!this.#over) this.#controller.enqueue(bytes);
  }
  // keep ends the answer and not its event: something that it began goes on.
  keep() {
    this.#kept = true;
    clearTimeout(this.#timer);
    try {
      this.#controller?.close();
    } catch {} // cancelled by its reader
    this.kept?.();
  }
  leave() {
    if (this.#kept) return; // it has all of its answer
    const tell = this.#tell;
    this.#silence();
    tell(GONE);
  }
  retire() {
    this.#tell(RETIRE);
  }
  end() {
    if (!this.#finish()) return;
    try {
      this.#controller?.close();
    } catch {} // cancelled by its reader
  }
  fail(e) {
    if (!this.#finish()) return;
    this.#refuse(e); // without effect once it has started
    this.#controller?.error(e);
  }
  #finish() {
    if (this.#over) return false;
    this.#over = true;
    this.#silence();
    this.#closed();
    return true;
  }
  #silence() {
    this.#tell = () => {};
    clearTimeout(this.#timer);
  }
}

// createBackend serves every event of this isolate from shared Go instances.
export function createBackend(module) {
  let instance;
  let serial = 0;
  const current = () => {
    if (instance === undefined || instance.full()) instance = new Instance(module);
    return instance;
  };

  const handler = {
    async fetch(request) {
      // Go says which requests an object answers; those pass unread.
      const object = current().binding.route?.(request.url) ?? null;
      if (object !== null) {
        const namespace = env[object[0]];
        return namespace.get(namespace.idFromName(object[1])).fetch(request);
      }
      const read = await readBody(request.body, current().binding.bodyLimit ?? 0);
      const answer = await current().run((binding, settle) =>
        binding.handleFetch(settle, request.method, request.url, flat(request.headers), read.tooLarge ? null : read.body),
      );
      return new Response(answer.body.length ? answer.body : null, { status: answer.status, headers: pairs(answer.headers) });
    },
    queue(batch) {
      return current().run((binding, settle) => over(binding.handleQueueMessageBatch(batch), settle));
    },
    scheduled(event) {
      return current().run((binding, settle) => over(binding.runScheduler(event), settle));
    },
  };

  const objectClass = (name) =>
    class extends DurableObject {
      #serial = ++serial;
      #streams = new Streams();
      invoke(method, payload) {
        return this.#enter(this.#streams.instance(current), "handleObject", method, payload);
      }
      alarm() {
        return this.#enter(this.#streams.instance(current), "handleAlarm");
      }
      async fetch(request) {
        const read = await readBody(request.body, current().binding.objectBodyLimit ?? 0);
        const instance = this.#streams.instance(current);
        const sink = this.#streams.open(instance, request.signal);
        const event = this.#enter(instance, "handleObjectFetch", sink, request.method, request.url, flat(request.headers), read.tooLarge ? null : read.body).then(
          () => sink.end(),
          (e) => sink.fail(e),
        );
        sink.kept = () => this.ctx.waitUntil(event);
        return sink.response;
      }
      // Class and state cross until a call has succeeded: then Go knows them.
      async #enter(instance, handler, ...args) {
        const known = instance.objects.has(this.#serial);
        const value = await instance.run((binding, settle) =>
          binding[handler](settle, this.#serial, known ? null : name, known ? null : this.ctx, ...args),
        );
        instance.objects.add(this.#serial);
        return value;
      }
    };

  return { handler, objectClass };
}
