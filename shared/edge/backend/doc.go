// Package backend is the bridge of the private Worker (consumers): one shared
// Go instance per isolate, a goroutine per event, syumai/workers for the
// platform's queues, KV, cron and R2.
//
//	JavaScript (backend.mjs)                Go
//	fetch, queue, scheduled, object call
//	  binding.handle…(settle, …)          ▶ goroutine starts
//	                                        … awaits promises of this event …
//	  settle(true, value)               ◀─  goroutine ends
//
// # Instances
//
// The Go scheduler runs until it is idle before it returns to JavaScript, so
// blocking calls overlap safely (DESIGN §3 rule 3). An instance is retired
// after a number of events, when its memory has grown past a limit, or after
// a panic: new events enter a fresh one and the old one is dropped when its
// last event has ended. An exit or trap rejects every event in flight, so a
// queue redelivers its batch and a caller gets an error, and the next event
// boots a fresh instance.
//
// # What crosses
//
// The host passes plain values: strings, numbers, flat arrays of header names
// and values, and Uint8Arrays. Header values cross in UTF-8, never split or
// joined. Go finds the host's few functions in `globalThis.context.host`:
//
//	start(settle, object, method, ...args)   awaits object[method](...args);
//	    then settle(true, value) or settle(false, reason). The next five are
//	    called through it, and the read of a handle
//	fetch(method, url, headers, body|null, ms, maxBody, handle|null)
//	    → {status, headers, body, tooLarge}; redirects are not followed, the
//	      deadline covers the body too; handle, if given, gets abort()
//	stream(method, url, headers, body|null, ms, handle)
//	    → {status, headers}; the handle gets read() → Uint8Array | null, at the
//	      end, extend(ms), which sets the deadline anew, and abort()
//	invoke(binding, name, method, payload) → Uint8Array   a Durable Object call
//	sendBatch(binding, bodies)   at most 100 messages of bytes to a queue
//	objectGet(binding, key) → Uint8Array | null           an R2 object
//	sleep(ms)                    resolves after so many milliseconds
//	transaction(storage, body)   commits when body() is true, else rolls back
//	setAlarm(storage, ms)        does not wait
//	sqlStatement(query) → its number; sqlForget() drops them all
//	sql(storage.sql, statement, args, argsSize, out, room) → size of the rows
//	sqlRest(out)                 copies rows that had no room
//
// SQL crosses packed, since each JavaScript value costs Go a finalizer: args
// and out are addresses in the instance's memory. A value is a byte for its
// kind and, little-endian: nothing (0, NULL), a float64 (1), or its size as an
// uint32 before UTF-8 (2) or bytes (3). Rows are the number of columns as an
// uint32, each column's name after its size, then every value (packed.go,
// rows.mjs).
//
// and registers, in `globalThis.context.binding`, beside syumai's own
// handleQueueMessageBatch(batch) and runScheduler(event):
//
//	handleFetch(settle, method, url, headers, body)
//	    settle(true, {status, headers, body})
//	handleObject(settle, serial, class, state, method, payload)
//	    settle(true, Uint8Array)
//	handleAlarm(settle, serial, class, state); class and state are null once
//	    a call of that object has succeeded in this instance
//	handleObjectFetch(settle, serial, class, state, sink, method, url, headers, body)
//	    a request to an object; its answer goes to the sink as it is written:
//	    start(status, headers), write(bytes); settle ends it. listen(f) has
//	    f called with 0 when nobody reads any more, with 1 when the instance is
//	    to be replaced, and with 2 after the ms of pulse(ms), whose answer is
//	    the ms until the next time, or 0. keep() ends the answer and not the
//	    event, for what goes on after it
//	each may settle(false, text of an error)
//	route(url) → [binding, name] of the object that answers a request, or null
//	bodyLimit: the largest request body, in bytes, that fetch passes in
//	objectBodyLimit: the same of a request to an object
//	maxEvents, maxMemory: when to replace the instance (count, bytes)
//	goroutines() → how many there are, those apart that wait for the next
//	    event; for tests: the same number whenever no event is in flight
//
// # Invariants
//
//   - No Go timer, and no goroutine waits for another event's (rule 1).
//   - A queue handler never throws after it acknowledged a message: locally
//     that redelivers it (rule 6). It answers by verdicts and this package
//     acknowledges at the end.
//   - An object that is still writing answers stays in the instance that
//     writes them: their state is in its memory. When the instance is to be
//     replaced, those end that would last for ever, and their readers come
//     back; calls are answered first.
//   - A client that has closed its connection is noticed by writing to it, or
//     by the request's signal, which takes the flag enable_request_signal and
//     more than a FIN: a half-closed connection may still be read.
//   - Go values of a Durable Object are kept by the serial number of its
//     JavaScript object, so an evicted object's storage is never touched.
package backend
