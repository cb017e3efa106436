// Package backend is the bridge of the private Worker (consumers): one shared
// Go instance per isolate, a goroutine per event, syumai/workers for the
// platform's queues, KV, cron and R2.
//
//	JavaScript (backend.mjs)                Go
//	fetch, queue, scheduled, object call
//	  binding.handle…(resolve, reject, …) ▶ goroutine starts
//	                                        … awaits promises of this event …
//	  resolve(value)                    ◀─  goroutine ends
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
// and values, and Uint8Arrays. Headers cross byte for byte, never split or
// joined. Go finds the host's few functions in `globalThis.context.host`:
//
//	fetch(method, url, headers, body|null, ms, maxBody)
//	    → {status, headers, body, tooLarge}; redirects are not followed, the
//	      deadline covers the body too
//	invoke(binding, name, method, payload) → Uint8Array   a Durable Object call
//	sendBatch(binding, bodies)   at most 100 messages of bytes to a queue
//	objectGet(binding, key) → Uint8Array | null           an R2 object
//	sleep(ms)                    resolves after so many milliseconds
//	transaction(storage, body)   commits when body() is true, else rolls back
//
// and registers, in `globalThis.context.binding`, beside syumai's own
// handleQueueMessageBatch(batch) and runScheduler(event):
//
//	handleFetch(resolve, reject, method, url, headers, body)
//	    resolve({status, headers, body})
//	handleObject(resolve, reject, serial, class, state, method, payload)
//	    resolve(Uint8Array)
//	handleAlarm(resolve, reject, serial, class, state)
//	bodyLimit: the largest request body, in bytes, that fetch passes in
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
//   - Go values of a Durable Object are kept by the serial number of its
//     JavaScript object, so an evicted object's storage is never touched.
package backend
