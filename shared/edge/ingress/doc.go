// Package ingress is the bridge of the public worker: one Go instance per
// isolate, one coroutine per request, and nothing but packed bytes between
// JavaScript and Go.
//
//	JavaScript                          Go
//	fetch(request)
//	  handle(req, …)      ─────────▶    coroutine starts (iter.Pull)
//	                      ◀─────────    call(req, call, op, …) and yields
//	  op's promise settles
//	  complete(call, s, n) ────────▶    exactly that coroutine resumes
//	                      ◀─────────    respond(req, …)
//	Response
//
// # The ABI
//
// Messages are packed by package wire. The host writes into the module's
// scratch buffer; a result that does not fit goes where reserve says. The
// host must read memory.buffer again after every call into Go: it may have
// grown. All parameters are i32.
//
// Imports, module "edge":
//
//	ready(ptr, cap)                   once, before main blocks: the scratch buffer
//	respond(req, ptr, n)              ends the request: uint32 status, bytes header,
//	                                  bytes body; the header is name and value of
//	                                  each field, every one ended by a line feed
//	call(req, call, op, ms, ptr, n)   starts an operation with a deadline of ms
//	                                  milliseconds; answered by complete, once
//	later(req, op, ptr, n)            starts an operation that may outlive the
//	                                  response (waitUntil); never answered
//	hmac(alg, key, keyLen, ptr, n, out)  synchronous native HMAC into out
//	digest(alg, ptr, n, out)          synchronous native hash into out
//	open(key, keyLen, box, n, aad, aadLen, out) result
//	                                  synchronous AES-GCM: box is nonce (12 bytes),
//	                                  ciphertext and tag (16); n-28 bytes into out and
//	                                  1, or 0 when it does not open
//	seal(key, keyLen, plaintext, n, aad, aadLen, out) result
//	                                  the reverse, under a random nonce: n+28 bytes
//	                                  into out and 1, or 0 for a key that is none
//	verify(alg, key, keyLen, ptr, n, sig, sigLen) result
//	                                  synchronous native verification under a public
//	                                  key: 1 verified, 0 not, -1 the key is of no use
//	certificate(ptr, n, at, out, cap) length
//	                                  the public key of the first of a chain in PEM, in
//	                                  DER; at is in Unix seconds; -1 when the chain is
//	                                  not valid then, or the key is over cap
//	setting(ptr, n, out, cap) length  an environment variable; -1 when unset, -2
//	                                  when it is no text but a binding, its length
//	                                  (nothing written) when over cap
//	log(ptr, n)                       one line of structured log (JSON)
//	retire()                          replace this instance before the next request
//	forget(req)                       the request's client is gone, drop what is kept
//
// Exports, beside Go's own run, resume, getsp and mem:
//
//	handle(req, head, body)  scratch[:head] holds the head: method, URL, then
//	                         name and value of each header, every one of them
//	                         ended by a line feed (which none can contain);
//	                         head = -1 when it is over 32 KiB. A body of at most
//	                         32 KiB with a declared length, of a request under
//	                         /webhooks/, follows at scratch[head:head+body];
//	                         body = -1 means that it must be asked for with OpBody
//	reserve(call, n) ptr     a buffer of n bytes for the result of a call
//	complete(call, status, n)  the call's status and result
//
// Header values cross in UTF-8, which is byte for byte what was sent where that
// is UTF-8; workerd shows any other byte as U+FFFD. Nothing splits or joins them.
//
// # Invariants
//
//   - A coroutine only ever waits for a promise of its own request, so workerd
//     never sees a request without pending work, and a callback never runs in
//     another request's context (DESIGN §3 rule 1).
//   - No Go timer and no channel crosses requests. Deadlines are the host's.
//   - A request whose client went away is never completed by workerd; its
//     coroutine is stopped by a later request, see reap.
//   - Bodies of strangers do not exhaust the isolate: what is read and not yet
//     answered is counted, and what is over gets StatusBusy. Memory that has
//     grown for them goes with its instance, which is replaced.
//   - A panic in a handler is a 500 for that request alone and retires the
//     instance; the others in flight finish in it.
//   - An exit or trap fails every request in flight with 503, so the provider
//     sends again, and the next request starts a new instance.
package ingress
