// Package queue holds what every queue consumer and producer is made of,
// without the platform.
//
//	batch ─▶ handler ─▶ a Verdict for each Message ─▶ bridge acknowledges
//	messages ─▶ Chunks ─▶ one sendBatch each
//
// A handler answers with values and never acknowledges by itself: locally an
// error after an explicit acknowledgement redelivers the message (DESIGN §3
// rule 6), and values can be tested on the host.
package queue
