// The private Worker's half of the bridge to Go: see doc.go. Glue only.
import { DurableObject, env, waitUntil } from "cloudflare:workers";
import { pack, Packer, room, unpack } from "./packed.mjs";

// What Go awaits, by name: each is a promise of a list of values.
const operations = {
  async fetch(method, url, body, ms, maxBody, signal, ...headers) {
    const deadline = AbortSignal.timeout(ms);
    const response = await fetch(url, {
      method,
      headers: pairs(headers),
      body: body ?? undefined,
      redirect: "manual",
      signal: signal === null ? deadline : AbortSignal.any([deadline, signal]),
    });
    const read = maxBody === 0 ? unread(response.body) : await readBody(response.body, maxBody);
    return [response.status, read, ...flat(response.headers)];
  },
  async invoke(binding, name, method, payload) {
    const namespace = env[binding];
    if (namespace === undefined) throw new Error(`binding ${binding} is not configured`);
    return [await namespace.get(namespace.idFromName(name)).invoke(method, payload)];
  },
  async sendBatch(binding, ...bodies) {
    await env[binding].sendBatch(bodies.map((body) => ({ body, contentType: "bytes" })));
    return [];
  },
  async objectGet(binding, key) {
    const object = await env[binding].get(key);
    return [object === null ? null : new Uint8Array(await object.arrayBuffer())];
  },
  // A wait of the event that asks for it.
  sleep(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms, []));
  },
};

const ROLLBACK = new Error("roll back");

// Bridge is what crosses between one instance and this isolate.
class Bridge {
  instance; // WebAssembly's, once there is one
  wake; // calls an export of Go's, and has it run until it waits
  state; // of the object whose first event begins
  events = new Map(); // what Go is to answer, by number
  sinks = new Map(); // where it writes its answer to, by the event's number
  #event = 0;
  #unwanted = new Map(); // AbortControllers by ticket
  #answers = new Map(); // what Go reads as it comes, by the ticket it began with
  #inbox; // where in Go's memory it is
  #letters = new Map(); // what had no room there, by number
  #letter = 0;
  #statements = [];
  #packer = new Packer();
  #rows; // that did not fit

  // The host that Go sees; every argument is a number, unless it says otherwise.
  host = {
    inbox: (at, size) => (this.#inbox = { at, size }),
    letterSize: (number) => room(this.#letters.get(number)),
    letter: (number, at, size) => {
      const values = this.#letters.get(number);
      this.#letters.delete(number);
      return pack(values, this.#memory(at, size));
    },

    invoke: (ticket, at, size) => this.#start(operations.invoke, ticket, at, size),
    sendBatch: (ticket, at, size) => this.#start(operations.sendBatch, ticket, at, size),
    objectGet: (ticket, at, size) => this.#start(operations.objectGet, ticket, at, size),
    sleep: (ticket, at, size) => this.#start(operations.sleep, ticket, at, size),
    fetch: (ticket, at, size) => {
      const [method, url, body, ms, maxBody, abortable, ...headers] = this.#unpack(at, size);
      let signal = null;
      if (abortable) {
        const unwanted = new AbortController();
        this.#unwanted.set(ticket, unwanted);
        signal = unwanted.signal;
      }
      this.#await(ticket, operations.fetch(method, url, body, ms, maxBody, signal, ...headers));
    },
    abort: (ticket) => this.#unwanted.get(ticket)?.abort(),
    stream: (ticket, at, size) => {
      const [method, url, body, ms, ...headers] = this.#unpack(at, size);
      const answer = new Answer(ms);
      this.#answers.set(ticket, answer);
      this.#await(ticket, answer.open(method, url, headers, body));
    },
    streamRead: (ticket, at, size) => {
      const [stream] = this.#unpack(at, size);
      this.#await(ticket, this.#answers.get(stream).read());
    },
    streamExtend: (stream, ms) => this.#answers.get(stream)?.extend(ms),
    streamClose: (stream) => {
      this.#answers.get(stream)?.abort();
      this.#answers.delete(stream);
    },

    answer: (event, at, size) => this.events.get(event)?.resolve(this.#unpack(at, size)),
    refuse: (event, at, size) => this.events.get(event)?.reject(new Error(this.#unpack(at, size)[0])),
    sinkStart: (event, at, size) => {
      const [status, ...headers] = this.#unpack(at, size);
      this.sinks.get(event).start(status, headers);
    },
    sinkWrite: (event, at, size) => this.sinks.get(event).write(this.#unpack(at, size)[0]),
    sinkPulse: (event, ms) => this.sinks.get(event).pulse(ms),
    sinkKeep: (event) => this.sinks.get(event).keep(),

    state: () => this.state,
    // storage is an object's; the write is in its output gate, and nobody
    // waits for the promise.
    setAlarm: (storage, at) => {
      storage.setAlarm(at);
    },
    // body says whether to commit; a throw is how transactionSync rolls back.
    transaction: (storage, body) => {
      try {
        storage.transactionSync(() => {
          if (!body()) throw ROLLBACK;
        });
      } catch (e) {
        if (e !== ROLLBACK) throw e;
      }
    },
    // Statements by number; query is a text, sql an object's SqlStorage.
    sqlStatement: (query) => this.#statements.push(query) - 1,
    sqlForget: () => {
      this.#statements = [];
    },
    sql: (sql, statement, args, argsSize, out, room) => {
      const rows = this.#packer.pack(sql.exec(this.#statements[statement], ...this.#unpack(args, argsSize)));
      if (rows.length <= room) this.#memory(out, rows.length).set(rows);
      else this.#rows = rows;
      return rows.length;
    },
    sqlRest: (out) => {
      this.#memory(out, this.#rows.length).set(this.#rows);
      this.#rows = undefined;
    },
  };

  #memory(at, size) {
    return new Uint8Array(this.instance.exports.mem.buffer, at, size);
  }
  #unpack(at, size) {
    return unpack(this.#memory(at, size));
  }

  // post puts values where Go finds them, and gives what says where: their size
  // in the inbox, or minus the number of a letter. Go's first byte there says
  // whether it has taken what was put last.
  post(values) {
    const inbox = this.#memory(this.#inbox.at, this.#inbox.size);
    if (inbox[0] === 0) {
      const size = pack(values, inbox.subarray(1));
      if (size >= 0) {
        inbox[0] = 1;
        return size;
      }
    }
    this.#letters.set(++this.#letter, values);
    return -this.#letter;
  }

  #start(operation, ticket, at, size) {
    this.#await(ticket, operation(...this.#unpack(at, size)));
  }
  #await(ticket, promise) {
    const settle = (ok, values) => {
      this.#unwanted.delete(ticket);
      this.wake("settle", ticket, ok, this.post(values));
    };
    promise.then(
      (values) => settle(1, values),
      (reason) => settle(0, [String(reason?.name ?? ""), String(reason?.message ?? "")]),
    );
  }

  // open has what Go writes to answer an event go to a sink.
  open(event, sink) {
    this.sinks.set(event, sink);
    sink.listen((what) => this.wake("tell", event, what));
  }

  // expect gives the number of an event that Go is to answer, and who waits.
  expect(resolve, reject) {
    this.events.set(++this.#event, { resolve, reject });
    return this.#event;
  }
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

const NOTHING = new Uint8Array(0);

// unread gives up a body that nobody reads: who sent the head has answered,
// whatever it does with its connection then.
function unread(stream) {
  stream?.cancel().catch(() => {});
  return NOTHING;
}

// readBody gives a body whole, or null when it is over max.
async function readBody(stream, max) {
  if (stream === null) return NOTHING;
  const parts = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > max) {
      reader.cancel().catch(() => {});
      return null;
    }
    parts.push(value);
  }
  if (parts.length === 1) return parts[0];
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

// Answer is one that is read as it comes.
class Answer {
  #unwanted = new AbortController();
  #timer;
  #reader;
  constructor(ms) {
    this.extend(ms);
  }
  async open(method, url, headers, body) {
    const response = await this.#over(
      fetch(url, { method, headers: pairs(headers), body: body ?? undefined, redirect: "manual", signal: this.#unwanted.signal }),
    );
    this.#reader = response.body?.getReader();
    return [response.status, ...flat(response.headers)];
  }
  // read gives the next piece, or null at the end.
  async read() {
    const { done, value } = this.#reader === undefined ? { done: true } : await this.#over(this.#reader.read());
    if (!done) return [value];
    clearTimeout(this.#timer);
    return [null];
  }
  // extend sets the deadline to so many milliseconds from now.
  extend(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#unwanted.abort(new DOMException("the deadline passed", "TimeoutError")), ms);
  }
  abort() {
    clearTimeout(this.#timer);
    this.#unwanted.abort();
  }
  #over(promise) {
    return promise.catch((e) => {
      clearTimeout(this.#timer);
      throw e;
    });
  }
}

// One Go instance and the events in flight in it.
class Instance {
  constructor(module) {
    this.bridge = new Bridge();
    this.events = 0;
    this.dead = false;
    this.retired = false;
    this.binding = {};
    this.objects = new Set(); // serials of those that Go knows
    // syumai's packages read this while main starts; it is the same for all.
    globalThis.context = { env, ctx: { waitUntil }, binding: this.binding, host: this.bridge.host, retire: () => (this.retired = true) };
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
    this.bridge.instance = wasm;
    this.memory = wasm.exports.mem;
    this.timeouts = go._scheduledTimeouts;
    go.run(wasm).catch((e) => this.die(e)); // main runs until it blocks, before run returns
    const resume = go._resume.bind(go);
    // What comes for an instance that has ended has nobody to tell.
    const living = (call) => {
      if (this.dead) return;
      try {
        return call();
      } catch (e) {
        this.die(e);
      }
    };
    go._resume = () => living(resume);
    this.bridge.wake = (name, ...numbers) =>
      living(() => {
        const result = wasm.exports[name](...numbers);
        go._resume();
        return result;
      });
    if (!ready) this.die("main did not call ready");
  }

  // full says that new events need a fresh instance.
  full() {
    if (this.dead || this.retired) return true;
    const memory = this.memory.buffer.byteLength;
    if (this.events < this.binding.maxEvents && memory < this.binding.maxMemory) return false;
    this.retired = true;
    console.log(JSON.stringify({ level: "info", event: "backend.instance_recycled", events: this.events, memory, in_flight: this.bridge.events.size }));
    return true;
  }

  die(why) {
    if (this.dead) return;
    this.dead = true;
    // wasm_exec resumes Go again and again until it has taken a timeout that
    // is due: one that has ended never would.
    this.timeouts?.clear();
    const { events } = this.bridge;
    console.error(JSON.stringify({ level: "error", event: "backend.instance_died", why: String(why), in_flight: events.size }));
    for (const event of [...events.values()]) event.reject(new Error("the instance ended before this event"));
  }

  // run has Go handle an event: enter(its number) says what it is. The promise
  // is of the values that Go answers.
  run(enter) {
    this.events++;
    return new Promise((resolve, reject) => {
      if (this.dead) return reject(new Error("the instance did not start"));
      const { events } = this.bridge;
      const end = (settle) => (value) => {
        events.delete(number);
        settle(value);
      };
      const number = this.bridge.expect(end(resolve), end(reject));
      enter(number);
    });
  }

  // call has Go handle an event of a kind, with values, of an object by its
  // serial number; a sink takes its answer.
  async call(kind, values, serial = 0, sink) {
    let event;
    try {
      return await this.run((number) => {
        event = number;
        if (sink !== undefined) this.bridge.open(number, sink);
        this.bridge.wake("enter", kind, number, this.bridge.post(values), serial);
      });
    } finally {
      this.bridge.sinks.delete(event);
    }
  }

  // over has a handler of syumai's handle an event: it gives a promise.
  over(handler, argument) {
    return this.run((number) => {
      const settle = (how) => (value) => this.bridge.events.get(number)?.[how](value);
      try {
        this.binding[handler](argument).then(settle("resolve"), (e) => settle("reject")(new Error(String(e?.message ?? e))));
      } catch (e) {
        this.die(e);
      }
    });
  }
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

// Kinds of events, as in exports_js.go.
const FETCH = 0;
const OBJECT = 1;
const ALARM = 2;
const OBJECT_FETCH = 3;

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
      const { binding, bridge } = current();
      const { route } = binding;
      const object = route?.(bridge.post([request.url])) ?? null;
      if (object !== null) {
        const namespace = env[object[0]];
        return namespace.get(namespace.idFromName(object[1])).fetch(request);
      }
      const body = await readBody(request.body, current().binding.bodyLimit ?? 0);
      const [status, answer, ...headers] = await current().call(FETCH, [request.method, request.url, body, ...flat(request.headers)]);
      return new Response(answer.length ? answer : null, { status, headers: pairs(headers) });
    },
    queue(batch) {
      return current().over("handleQueueMessageBatch", batch);
    },
    scheduled(event) {
      return current().over("runScheduler", event);
    },
  };

  const objectClass = (name) =>
    class extends DurableObject {
      #serial = ++serial;
      #streams = new Streams();
      async invoke(method, payload) {
        const [reply] = await this.#enter(this.#streams.instance(current), OBJECT, [method, payload]);
        return reply;
      }
      async alarm() {
        await this.#enter(this.#streams.instance(current), ALARM, []);
      }
      async fetch(request) {
        const body = await readBody(request.body, current().binding.objectBodyLimit ?? 0);
        const instance = this.#streams.instance(current);
        const sink = this.#streams.open(instance, request.signal);
        const event = this.#enter(instance, OBJECT_FETCH, [request.method, request.url, body, ...flat(request.headers)], sink).then(
          () => sink.end(),
          (e) => sink.fail(e),
        );
        sink.kept = () => this.ctx.waitUntil(event);
        return sink.response;
      }
      // Class and state cross until a call has succeeded: then Go knows them.
      async #enter(instance, kind, values, sink) {
        const known = instance.objects.has(this.#serial);
        instance.bridge.state = known ? undefined : this.ctx;
        const answer = await instance.call(kind, [known ? null : name, ...values], this.#serial, sink);
        instance.objects.add(this.#serial);
        return answer;
      }
    };

  return { handler, objectClass };
}
