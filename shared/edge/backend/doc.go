// Package backend is the bridge of the private Worker (consumers): one shared
// Go instance per isolate, a goroutine per event, syumai/workers for the
// platform's queues, KV, cron and R2.
//
//	JavaScript (backend.mjs)                Go
//	fetch, queue, scheduled, object call
//	  enter(kind, event, mail, serial)    ▶ goroutine starts
//	    host.invoke(ticket, at, size)   ◀─  … awaits what the host does
//	  settle(ticket, ok, mail)            ▶ … for this event …
//	    host.answer(event, at, size)    ◀─  goroutine ends
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
// A JavaScript value costs Go a finalizer, and finding its place in the list of
// them. So what crosses is numbers: an event, or something that Go awaits (its
// ticket), by its number, and values packed in this instance's memory. A value
// is a byte for its kind and, little-endian: nothing (0, null), a float64 (1),
// or its size as an uint32 before UTF-8 (2) or bytes (3). From Go only: the
// address and the size, as uint32s, of bytes that lie elsewhere (4). The host
// copies what Go sends before its call returns. Header values cross in UTF-8,
// never split or joined, each after its name.
//
// What the host sends lies in the inbox, which Go has once told the host of; its
// first byte is 1 until Go has taken what is there. mail is its size, or, where
// there is no room or something else still lies there, minus the number of a
// letter that Go asks for. Go finds the host in `globalThis.context.host`:
//
//	inbox(at, size); letterSize(number) → at most so many bytes
//	letter(number, at, size) → how many it was
//
//	each with a ticket and a message (at, size), settled with values:
//	invoke   binding, name, method, payload → payload   a Durable Object call
//	sendBatch binding, bodies…   at most 100 messages of bytes to a queue
//	objectGet binding, key → bytes or null               an R2 object
//	sleep    ms                  settled after so many milliseconds
//	fetch    method, url, body or null, ms, maxBody, abortable (0, 1), headers…
//	    → status, body (null: over maxBody), headers…; redirects are not
//	      followed, the deadline covers the body too; abort(ticket) ends it
//	stream   method, url, body or null, ms, headers… → status, headers…: an
//	      answer that is read as it comes, known by the ticket it began with
//	streamRead stream → the next piece, or null at the end
//
//	streamExtend(stream, ms) sets the deadline anew; streamClose(stream)
//
//	answer(event, at, size), refuse(event, at, size): values; text of an error
//	sinkStart(event, at, size): status, headers…; sinkWrite(event, at, size):
//	    bytes; sinkPulse(event, ms); sinkKeep(event) ends the answer and not the
//	    event, for what goes on after it
//	transaction(storage, body)   commits when body() is true, else rolls back
//	setAlarm(storage, ms)        does not wait
//	sqlStatement(query) → its number; sqlForget() drops them all
//	sql(storage.sql, statement, at, size, out, room) → size of the rows: the
//	    number of columns as an uint32, each column's name after its size, then
//	    every value
//	sqlRest(out)                 copies rows that had no room
//
//	state() → the state of the object whose first event begins
//
// What the host calls are exports of the module, all of numbers, and then it
// resumes Go, which runs until nothing in it can go on:
//
//	enter(kind, event, mail, serial): an event begins. The kinds, and the values:
//	    0 fetch: method, url, body (null: over the limit), headers…
//	        answered with status, body, headers…
//	    1 object: class, method, payload; answered with a payload. class is null
//	        once a call of the object has succeeded in this instance
//	    2 alarm: class
//	    3 request to an object: class, method, url, body, headers…; its answer
//	        goes to the event's sink as it is written
//	settle(ticket, ok, mail)     ok 0: an exception's name and text
//	tell(event, what): 0, nobody reads the answer any more; 1, the instance is to
//	    be replaced; 2, the ms of sinkPulse have passed → the ms until the next
//	    time, or 0
//	goroutines() → how many there are, those apart that wait for the next
//	    event; for tests: the same number whenever no event is in flight
//
// and in `globalThis.context.binding`, beside syumai's own
// handleQueueMessageBatch(batch) and runScheduler(event):
//
//	route(mail): url → [binding, name] of the object that answers it, or null
//	bodyLimit: the largest request body, in bytes, that fetch passes in
//	objectBodyLimit: the same of a request to an object
//	maxEvents, maxMemory: when to replace the instance (count, bytes)
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
