package queue

import (
	"iter"
	"time"
)

// Limits of Cloudflare Queues, where KB is 1,000 bytes
// (https://developers.cloudflare.com/queues/platform/limits/, read 2026-11).
const (
	MaxMessageBytes = 127_000 // 128 KB, of which about 100 bytes are the platform's metadata
	MaxBatch        = 100     // messages in one sendBatch
	MaxBatchBytes   = 250_000 // 256 KB in one sendBatch, metadata included
	// MaxDelay is the longest delay of a message or a retry.
	MaxDelay = 24 * time.Hour

	// overhead is what the platform adds to a message, in bytes.
	overhead = 100
)

// Message is one message of a batch.
type Message struct {
	ID       string
	Attempts int // the queue's count, from 1
	Body     []byte
}

// Verdict is what the queue shall do with a message. Its zero value has it
// come back at once.
type Verdict struct {
	Ack   bool
	Delay time.Duration // before the retry, in whole seconds; when !Ack
}

// Chunks cuts messages, in order, into runs that one sendBatch takes. A
// message over MaxMessageBytes stands alone, and the platform refuses it.
func Chunks(messages [][]byte) iter.Seq[[][]byte] {
	return func(yield func([][]byte) bool) {
		for len(messages) > 0 {
			n, size := 0, 0
			for n < len(messages) && n < MaxBatch {
				size += len(messages[n]) + overhead
				if n > 0 && size > MaxBatchBytes {
					break
				}
				n++
			}
			if !yield(messages[:n]) {
				return
			}
			messages = messages[n:]
		}
	}
}
