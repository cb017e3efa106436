// The worker's half of the bridge to Go: see doc.go for the ABI. Glue only:
// it converts, calls and converts; what is accepted and refused is decided in
// Go.
import { createCipheriv, createDecipheriv, createHash, createHmac, createPublicKey, randomBytes, verify, X509Certificate } from "node:crypto";
import { Buffer } from "node:buffer";
import { env } from "cloudflare:workers";

const OK = 0, ABSENT = 1, FAILED = -1, TIMEOUT = -2, TOO_LARGE = -3, MISSING = -4;
const BODY = 1, KV_GET = 2, KV_PUT = 3, QUEUE_SEND = 4, OBJECT_PUT = 5, FORWARD = 6, FETCH = 7, QUEUE_SEND_BATCH = 8;
const HASHES = [, "sha1", "sha256", "sha512", "md5"];

// By alg: type of the key, and the arguments of verify. The DER before an
// Ed25519 key is RFC 8410 §4's.
const VERIFIES = [
  ,
  { type: "ed25519", hash: null, prefix: [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00] },
  { type: "ec", hash: "sha256", dsaEncoding: "der" },
  { type: "ec", hash: "sha256", dsaEncoding: "ieee-p1363" },
  { type: "rsa", hash: "sha256" },
  { type: "rsa", hash: "sha1" },
];
const VERIFIED = 1, NOT_VERIFIED = 0, UNUSABLE_KEY = -1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// A reader of packed fields, see package wire.
class Fields {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  uint32() {
    this.at += 4;
    return this.view.getUint32(this.at - 4, true);
  }
  slice() {
    const n = this.uint32();
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
  text() {
    return decoder.decode(this.slice());
  }
}

// One Go instance. Everything in flight in it is in `requests`.
class Instance {
  constructor(module) {
    this.requests = new Map();
    this.dead = false;
    this.retired = false;
    this.seq = 0;
    const go = new globalThis.Go();
    // The heap may grow to 16 MB between two collections: about 1 MB of it is
    // live, and collecting for every 4 MB of bodies costs more than the memory.
    go.env = { GOGC: "400" };
    go.exit = (code) => {
      go._resolveExitPromise = () => {}; // nobody waits, and it belongs to another request
      this.die(`exit ${code}`);
    };
    const wasm = new WebAssembly.Instance(module, { ...go.importObject, edge: this.imports() });
    this.exports = wasm.exports;
    this.timeouts = go._scheduledTimeouts;
    go.run(wasm).catch((e) => this.die(e)); // main runs until it blocks, before run returns
    if (!this.dead && this.scratch === undefined) this.die("main did not call ready");
  }

  die(why) {
    if (this.dead) return;
    this.dead = true;
    // wasm_exec resumes Go again and again until it has taken a timeout that
    // is due: one that has ended never would.
    this.timeouts?.clear();
    console.error(JSON.stringify({ level: "error", event: "edge.instance_died", why: String(why), in_flight: this.requests.size }));
  }

  memory(ptr, n) {
    return new Uint8Array(this.exports.mem.buffer, ptr, n);
  }

  imports() {
    return {
      ready: (ptr, cap) => {
        this.scratch = ptr;
        this.cap = cap;
      },
      respond: (req, ptr, n) => {
        const request = this.requests.get(req);
        if (request === undefined) return;
        const f = new Fields(this.memory(ptr, n));
        const status = f.uint32();
        const headers = headersOf(f.text());
        const body = f.slice();
        request.answer(new Response(body.length ? body.slice() : null, { status, headers }));
      },
      call: (req, call, op, ms, ptr, n) => {
        const request = this.requests.get(req);
        if (request === undefined) return;
        const arg = new Fields(this.memory(ptr, n));
        let work;
        try {
          work = start(request, op, arg);
        } catch (e) {
          work = Promise.reject(e);
        }
        this.settle(request, call, work, ms);
      },
      later: (req, op, ptr, n) => {
        const request = this.requests.get(req);
        if (request === undefined) return;
        try {
          const work = start(request, op, new Fields(this.memory(ptr, n)));
          request.ctx.waitUntil(work.catch((e) => logFailure("edge.later_failed", op, e)));
        } catch (e) {
          logFailure("edge.later_failed", op, e);
        }
      },
      hmac: (alg, key, keyLen, ptr, n, out) => {
        const mac = createHmac(HASHES[alg], this.memory(key, keyLen)).update(this.memory(ptr, n)).digest();
        this.memory(out, mac.length).set(mac);
      },
      digest: (alg, ptr, n, out) => {
        const sum = createHash(HASHES[alg]).update(this.memory(ptr, n)).digest();
        this.memory(out, sum.length).set(sum);
      },
      open: (key, keyLen, box, n, aad, aadLen, out) => {
        const plaintext = openBox(this.memory(key, keyLen), this.memory(box, n), this.memory(aad, aadLen));
        if (plaintext === undefined) return 0;
        this.memory(out, plaintext.length).set(plaintext);
        return 1;
      },
      seal: (key, keyLen, plaintext, n, aad, aadLen, out) => {
        const box = sealBox(this.memory(key, keyLen), this.memory(plaintext, n), this.memory(aad, aadLen));
        if (box === undefined) return 0;
        this.memory(out, box.length).set(box);
        return 1;
      },
      verify: (alg, key, keyLen, ptr, n, sig, sigLen) =>
        verifyPublic(VERIFIES[alg], this.memory(key, keyLen), this.memory(ptr, n), this.memory(sig, sigLen)),
      certificate: (ptr, n, at, out, cap) => {
        const key = certifiedKey(decoder.decode(this.memory(ptr, n)), (at >>> 0) * 1000);
        if (key === undefined || key.length > cap) return -1;
        this.memory(out, key.length).set(key);
        return key.length;
      },
      setting: (ptr, n, out, cap) => {
        const value = env[decoder.decode(this.memory(ptr, n))];
        if (typeof value !== "string") return -1;
        const bytes = encoder.encode(value);
        if (bytes.length <= cap) this.memory(out, bytes.length).set(bytes);
        return bytes.length;
      },
      log: (ptr, n) => console.log(decoder.decode(this.memory(ptr, n))),
      retire: () => {
        this.retired = true;
      },
      forget: (req) => {
        this.requests.delete(req);
      },
    };
  }

  // settle resumes the call's coroutine once its work is done, or late.
  settle(request, call, work, ms) {
    let open = true;
    const end = (status, bytes) => {
      if (!open) return;
      open = false;
      clearTimeout(timer);
      this.complete(request, call, status, bytes);
    };
    const timer = setTimeout(() => end(TIMEOUT), ms);
    work.then(
      (result) => (typeof result === "number" ? end(result) : end(OK, result)),
      (e) => {
        logFailure("edge.call_failed", undefined, e);
        end(FAILED);
      },
    );
  }

  complete(request, call, status, bytes) {
    if (this.dead) return request.answer(null);
    try {
      const n = bytes === undefined ? 0 : bytes.length;
      if (n > 0) {
        const to = n <= this.cap ? this.scratch : this.exports.reserve(call, n);
        this.memory(to, n).set(bytes);
      }
      this.exports.complete(call, status, n);
    } catch (e) {
      this.die(e);
    }
    if (this.dead) request.answer(null);
  }

  // handle answers with a Response, or null when the instance died under it.
  // body is the whole body where it was short enough to be read ahead.
  handle(req, ctx, body) {
    const id = (this.seq = (this.seq + 1) & 0x7fffffff);
    return new Promise((resolve) => {
      const answer = (response) => {
        this.requests.delete(id);
        resolve(response);
      };
      this.requests.set(id, { request: req, ctx, answer });
      try {
        const to = this.memory(this.scratch, this.cap);
        const head = writeHead(req, to.subarray(0, HEAD_MAX));
        if (body !== undefined && head >= 0) to.set(body, head);
        this.exports.handle(id, head, body === undefined ? -1 : body.length);
      } catch (e) {
        this.die(e);
      }
      if (this.dead) answer(null);
    });
  }
}

// A document with certificates and something else is none: what else it is, its
// author may not have meant as a certificate.
const ONLY_CERTIFICATES = /^[ \t\r\n]*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= \t\r\n]+-----END CERTIFICATE-----[ \t\r\n]*){1,4}$/;
const ONE_CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= \t\r\n]+-----END CERTIFICATE-----/g;

// certifiedKey gives the public key of the first of one to four certificates,
// when all are valid at the time and each but the last is issued and signed by
// the next.
function certifiedKey(pem, at) {
  try {
    if (!ONLY_CERTIFICATES.test(pem)) return undefined;
    const chain = pem.match(ONE_CERTIFICATE).map((text) => new X509Certificate(text));
    for (let i = 0; i < chain.length; i++) {
      if (!(at >= Date.parse(chain[i].validFrom) && at <= Date.parse(chain[i].validTo))) return undefined;
      const issuer = chain[i + 1];
      if (issuer === undefined) continue;
      if (!issuer.ca || !chain[i].checkIssued(issuer) || !chain[i].verify(issuer.publicKey)) return undefined;
    }
    return chain[0].publicKey.export({ format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

const NONCE_BYTES = 12, TAG_BYTES = 16;

function openBox(key, box, aad) {
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    cipher.setAAD(aad);
    cipher.setAuthTag(box.subarray(-TAG_BYTES));
    const plaintext = cipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([plaintext, cipher.final()]); // final throws when the tag is not right
  } catch {
    return undefined;
  }
}

function sealBox(key, plaintext, aad) {
  try {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(aad);
    return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  } catch {
    return undefined;
  }
}

function verifyPublic(how, key, message, signature) {
  const publicKey = usableKey(how, key);
  if (publicKey === undefined) return UNUSABLE_KEY;
  try {
    return verify(how.hash, message, publicKey, signature) ? VERIFIED : NOT_VERIFIED;
  } catch {
    return NOT_VERIFIED; // not in the signature's form
  }
}

// usableKey gives the key as verify takes it (workerd's does not take a
// KeyObject together with dsaEncoding).
function usableKey(how, key) {
  const input = { key: Buffer.from(how.prefix === undefined ? key : [...how.prefix, ...key]), format: "der", type: "spki" };
  try {
    const parsed = createPublicKey(input);
    const { namedCurve, modulusLength } = parsed.asymmetricKeyDetails ?? {};
    if (parsed.asymmetricKeyType !== how.type) return undefined;
    if (how.type === "ec" && namedCurve !== "prime256v1") return undefined;
    if (how.type === "rsa" && !(modulusLength >= 2048 && modulusLength <= 4096)) return undefined;
  } catch {
    return undefined;
  }
  return how.dsaEncoding === undefined ? input : { ...input, dsaEncoding: how.dsaEncoding };
}

// A body up to this many bytes crosses together with the head: one crossing
// and no wait in Go. Scratch is both.
const AHEAD_MAX = 32 << 10;
const HEAD_MAX = 32 << 10;

// writeHead gives the length of the head, or -1 when it does not fit.
function writeHead(req, to) {
  let head = `${req.method}\n${req.url}\n`;
  req.headers.forEach((value, name) => {
    head += `${name}\n${value}\n`;
  });
  const { read, written } = encoder.encodeInto(head, to);
  if (read < head.length) return -1;
  if (written === head.length) return written;
  // A byte over 0x7f: header values are byte strings, one byte a character.
  for (let i = 0; i < head.length; i++) to[i] = head.charCodeAt(i);
  return head.length;
}

// headersOf gives the header that lines of name and value make. Most answers
// have one of a few headers, and a Headers object copies faster than a list.
const seenHeaders = new Map();
const MAX_SEEN_HEADERS = 64;

function headersOf(lines) {
  let headers = seenHeaders.get(lines);
  if (headers === undefined) {
    headers = new Headers();
    const list = lines.split("\n");
    for (let i = 0; i + 1 < list.length; i += 2) headers.append(list[i], list[i + 1]);
    if (seenHeaders.size >= MAX_SEEN_HEADERS) seenHeaders.clear();
    seenHeaders.set(lines, headers);
  }
  return headers;
}

// start begins an operation. Its promise gives bytes, undefined or a status.
function start(request, op, arg) {
  if (op === BODY) return readBody(request.request, arg.uint32());
  if (op === FETCH) return fetchDocument(arg.uint32(), arg.text());
  const binding = env[arg.text()];
  if (binding === undefined) return Promise.resolve(MISSING);
  switch (op) {
    case KV_GET:
      return binding.get(arg.text(), "arrayBuffer").then((v) => (v === null ? ABSENT : new Uint8Array(v)));
    case KV_PUT:
      return binding.put(arg.text(), arg.text(), { expirationTtl: arg.uint32() });
    case QUEUE_SEND:
      return binding.send(arg.slice().slice(), { contentType: "bytes" });
    case QUEUE_SEND_BATCH: {
      const messages = [];
      for (let n = arg.uint32(); n > 0; n--) messages.push({ body: arg.slice().slice(), contentType: "bytes" });
      return binding.sendBatch(messages).then(() => undefined);
    }
    case OBJECT_PUT:
      return binding.put(arg.text(), arg.slice().slice()).then(() => undefined);
    case FORWARD:
      return binding.fetch(request.request).then((response) => {
        request.answer(response);
      });
  }
  throw new Error(`edge: unknown operation ${op}`);
}

// readAhead reads a short body of a webhook before Go is entered. A client
// that stalls in it holds its own connection and nothing else. Anything that
// is not under /webhooks/ will be forwarded, unread.
function readAhead(request) {
  const { url } = request;
  if (!url.startsWith("/webhooks/", url.indexOf("/", 8))) return undefined;
  // request.body makes a stream object, so it is asked last.
  const declared = request.headers.get("content-length");
  if (declared === null) return request.body === null ? NO_BYTES : undefined;
  if (Number(declared) > AHEAD_MAX) return undefined;
  return request.arrayBuffer().then((b) => new Uint8Array(b));
}

const NO_BYTES = new Uint8Array(0);

// fetchDocument gets the body of a 200, without following a redirect. The
// deadline of the call stops waiting; this one stops the transfer.
async function fetchDocument(limit, url) {
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(FETCH_MS) });
  if (response.status !== 200) {
    await response.body?.cancel();
    return FAILED;
  }
  // Its declared length may be that of compressed bytes: count what comes.
  return response.body === null ? undefined : readStream(response.body, limit);
}

const FETCH_MS = 5000;

async function readBody(request, limit) {
  if (request.body === null) return undefined;
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    if (Number(declared) > limit) return TOO_LARGE;
    return new Uint8Array(await request.arrayBuffer());
  }
  return readStream(request.body, limit);
}

async function readStream(stream, limit) {
  const parts = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > limit) {
      reader.cancel().catch(() => {});
      return TOO_LARGE;
    }
    parts.push(value);
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

function logFailure(event, op, e) {
  console.error(JSON.stringify({ level: "error", event, op, error: String(e?.message ?? e).slice(0, 200) }));
}

function unavailable() {
  const problem = { type: "about:blank", title: "Service Unavailable", status: 503, code: "instance_restarted" };
  return new Response(JSON.stringify(problem), {
    status: 503,
    headers: { "content-type": "application/problem+json", "retry-after": "1" },
  });
}

// createWorker serves every request from one Go instance, replaced as soon as
// it is retired or dead.
export function createWorker(module) {
  let instance;
  return {
    async fetch(request, _env, ctx) {
      let body;
      try {
        body = await readAhead(request);
      } catch {
        return new Response(null, { status: 400 }); // the client broke off: nobody reads this
      }
      if (instance === undefined || instance.dead || instance.retired) instance = new Instance(module);
      const response = instance.dead ? null : await instance.handle(request, ctx, body);
      return response ?? unavailable();
    },
  };
}
