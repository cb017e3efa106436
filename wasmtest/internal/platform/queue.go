package platform

import (
	"fmt"
	"slices"
	"time"
)

// Limits of Queues. https://developers.cloudflare.com/queues/platform/limits/
const (
	MaxMessage      = 128_000 // bytes
	MaxSendBatch    = 100     // messages
	MaxSendBytes    = 256_000 // per sendBatch
	MaxQueueDelay   = 24 * time.Hour
	QueueRetention  = 4 * 24 * time.Hour
	MaxConcurrency  = 10 // batches of one queue at once; production scales to 250
	maxDuplicateLag = 2 * time.Minute
	maxQueueDelay   = 5 * time.Minute // of the fault QueueDelay
)

// Errors of Queues, as the platform words them.
var (
	ErrMessageSize = Wording("Queue send failed: message length exceeds the limit of 128000 bytes")
	ErrBatchSize   = Wording("Queue sendBatch failed: batch is over 100 messages or 256000 bytes")
	ErrDelay       = Wording("Queue send failed: delaySeconds must be between 0 and 86400")
)

// Message is a message in a queue.
type Message struct {
	ID       string
	Type     string // "bytes", "text", "json", "v8"
	Body     []byte
	Sent     time.Time
	Attempts int // deliveries so far
	Visible  time.Time
}

// Consumer is how a queue is consumed: a [[queues.consumers]] of wrangler.toml.
type Consumer struct {
	BatchSize  int
	Timeout    time.Duration // how long a batch waits to fill
	Concurrent int           // batches at once; zero: MaxConcurrency
	Retries    int
	RetryDelay time.Duration
	Dead       string // the dead letter queue's name; empty: dropped
	// Deliver hands a batch over; it calls done once with each message's
	// verdict, in order.
	Deliver func(batch []*Message, done func([]Verdict))
}

// Verdict is what becomes of a delivered message.
type Verdict struct {
	Retry bool
	Delay time.Duration
}

// Queue is a queue.
type Queue struct {
	Name     string
	world    *World
	consumer *Consumer // nil: nobody; messages wait and expire
	dead     func(name string) *Queue
	waiting  []*Message // in the order in which they came
	flying   int        // messages delivered and not settled
	batches  int
	wake     wakeup
	sent     int
}

type wakeup struct {
	cancel func()
	at     time.Time
}

// NewQueue is an empty queue; dead finds the queue that dead letters go to.
func NewQueue(w *World, name string, dead func(string) *Queue) *Queue {
	return &Queue{Name: name, world: w, dead: dead}
}

// Consume attaches a consumer.
func (q *Queue) Consume(c Consumer) {
	if c.Concurrent == 0 {
		c.Concurrent = MaxConcurrency
	}
	q.consumer = &c
}

// CheckSend refuses what Queues refuses.
func CheckSend(bodies [][]byte, delay time.Duration) error {
	if delay < 0 || delay > MaxQueueDelay {
		return ErrDelay
	}
	total := 0
	for _, b := range bodies {
		if len(b) > MaxMessage {
			return ErrMessageSize
		}
		total += len(b)
	}
	if len(bodies) > MaxSendBatch || total > MaxSendBytes {
		return ErrBatchSize
	}
	return nil
}

// Send enqueues a message.
func (q *Queue) Send(kind string, body []byte, delay time.Duration) {
	q.sent++
	q.add(&Message{
		ID: fmt.Sprintf("%s-%06d", q.Name, q.sent), Type: kind, Body: body,
		Sent: q.world.Now(),
	}, delay)
}

func (q *Queue) add(m *Message, delay time.Duration) {
	if r, late := q.world.Hit(QueueDelay); late {
		delay += r.Between(time.Second, maxQueueDelay)
	}
	m.Visible = q.world.Now().Add(delay)
	q.waiting = append(q.waiting, m)
	q.schedule()
}

// visible are the messages that may be delivered now. Those past retention are
// dropped on the way.
func (q *Queue) visible() []*Message {
	now := q.world.Now()
	q.waiting = slices.DeleteFunc(q.waiting, func(m *Message) bool {
		old := now.Sub(m.Sent) >= QueueRetention
		if old {
			q.world.Tracef("queue.expired %s %s", q.Name, m.ID)
		}
		return old
	})
	var ready []*Message
	for _, m := range q.waiting {
		if !m.Visible.After(now) {
			ready = append(ready, m)
		}
	}
	return ready
}

// schedule sets the queue to look again when a batch may be due.
func (q *Queue) schedule() {
	if q.consumer == nil || q.batches >= q.consumer.Concurrent || len(q.waiting) == 0 {
		return
	}
	ready := q.visible()
	var at time.Time
	if len(ready) >= q.consumer.BatchSize {
		at = q.world.Now()
	} else {
		// The oldest visible message waits for company, no longer than Timeout.
		for _, m := range q.waiting {
			if due := m.Visible.Add(q.consumer.Timeout); at.IsZero() || due.Before(at) {
				at = due
			}
		}
	}
	if q.wake.cancel != nil {
		if !at.Before(q.wake.at) {
			return
		}
		q.wake.cancel()
	}
	task := q.world.Loop.At(at, "queue "+q.Name, func() {
		q.wake = wakeup{}
		q.dispatch()
		q.schedule()
	})
	q.wake = wakeup{cancel: func() { q.world.Loop.Cancel(task) }, at: at}
}

// dispatch delivers one batch.
func (q *Queue) dispatch() {
	ready := q.visible()
	if len(ready) == 0 {
		return
	}
	if r, hit := q.world.Hit(QueueReorder); hit {
		r.Shuffle(len(ready), func(i, j int) { ready[i], ready[j] = ready[j], ready[i] })
	}
	batch := ready[:min(len(ready), q.consumer.BatchSize)]
	taken := map[*Message]bool{}
	for _, m := range batch {
		taken[m] = true
		m.Attempts++
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(m *Message) bool { return taken[m] })
	q.batches++
	q.flying += len(batch)
	q.world.Tracef("queue.batch %s %d", q.Name, len(batch))
	q.consumer.Deliver(batch, func(verdicts []Verdict) {
		q.batches--
		q.flying -= len(batch)
		for i, m := range batch {
			q.settle(m, verdicts[i])
		}
		q.schedule()
	})
}

func (q *Queue) settle(m *Message, v Verdict) {
	if !v.Retry {
		q.world.Tracef("queue.ack %s %s", q.Name, m.ID)
		if r, again := q.world.Hit(QueueDuplicate); again {
			copy := *m
			q.add(&copy, r.Between(0, maxDuplicateLag))
		}
		return
	}
	if m.Attempts <= q.consumer.Retries {
		q.world.Tracef("queue.retry %s %s attempt %d in %v", q.Name, m.ID, m.Attempts, v.Delay)
		q.add(m, v.Delay)
		return
	}
	to := q.dead(q.consumer.Dead)
	if to == nil {
		q.world.Tracef("queue.dropped %s %s", q.Name, m.ID)
		return
	}
	q.world.Tracef("queue.dead %s %s", q.Name, m.ID)
	copy := *m
	copy.Attempts = 0
	to.add(&copy, 0)
}

// Waiting are the messages not delivered now, as they came.
func (q *Queue) Waiting() []*Message { return q.waiting }

// Flying is how many messages are with a consumer.
func (q *Queue) Flying() int { return q.flying }
