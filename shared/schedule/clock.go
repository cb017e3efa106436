package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/queue"
)

const (
	// perChunk is how many polls one message names. A chunk is run by one
	// consumer, at most parallel at once.
	perChunk = 50
	// parallel is how many polls of a batch run at once: their requests are
	// made by their own objects, so all that waits here is a call each.
	parallel = 20
	// rounds is how often a poll with more to read is run again at once.
	rounds = 5
	// retryAfter is when a poll whose object did not answer is due again.
	retryAfter = time.Minute
	// goneAfter is when a deleted poll is asked for again that is still listed.
	goneAfter = time.Hour
)

// Clock is the tick, and the consumer of the queue `polls`.
type Clock struct {
	Now   func() time.Time
	Shard func(number int) Shard
	// Run runs one poll.
	Run func(ctx context.Context, tenant, poll string, why poll.Why) (poll.Ran, error)
	// Send puts messages on the queue `polls`.
	Send func(messages [][]byte) error
	Log  func(event string, pairs ...string)
}

// chunk is a message of the queue `polls`.
type chunk struct {
	Shard int   `json:"shard"`
	Polls []Due `json:"polls"`
}

// Tick hands out what is due in every shard. It is called once a minute.
func (c *Clock) Tick(ctx context.Context) error {
	due := make([][]Due, Shards)
	errs := make([]error, Shards)
	var group bulkhead.Group
	for n := range Shards {
		group.Go(func() {
			err := c.apart(func() { due[n], errs[n] = c.Shard(n).Due(ctx) })
			errs[n] = errors.Join(errs[n], err)
		})
	}
	group.Wait()
	var messages [][]byte
	for n, list := range due {
		for len(list) > 0 {
			part := list[:min(len(list), perChunk)]
			m, err := json.Marshal(chunk{n, part})
			if err != nil {
				return err
			}
			messages = append(messages, m)
			list = list[len(part):]
		}
	}
	failed := errors.Join(errs...)
	if failed != nil {
		c.Log("polls_shard_unavailable")
	}
	if len(messages) == 0 {
		return failed
	}
	if err := c.Send(messages); err != nil {
		c.Log("polls_queue_unavailable")
		return err // the leases run out, and the polls' own alarms are there
	}
	return failed
}

// Handle runs the polls of a batch. A message is always done with: what was
// not run is due again by its lease.
func (c *Clock) Handle(ctx context.Context, batch []queue.Message) []queue.Verdict {
	verdicts := make([]queue.Verdict, len(batch))
	slots := make(chan struct{}, parallel)
	var group bulkhead.Group
	for i, m := range batch {
		verdicts[i].Ack = true
		var work chunk
		if json.Unmarshal(m.Body, &work) != nil || work.Shard < 0 || work.Shard >= Shards {
			c.Log("polls_message_undecodable", "message", m.ID)
			continue
		}
		group.Go(func() { _ = c.apart(func() { c.chunk(ctx, work, slots) }) })
	}
	group.Wait()
	return verdicts
}

// apart is one goroutine's part of a tick or a batch. If it panics, its polls
// are due again by their lease.
func (c *Clock) apart(part func()) error { return bulkhead.Run(c.Log, "polls_panic", part) }

func (c *Clock) chunk(ctx context.Context, work chunk, slots chan struct{}) {
	settled := make([]Settled, len(work.Polls))
	var group bulkhead.Group
	for i, due := range work.Polls {
		if !name.Valid(due.Tenant) || !name.Valid(due.Poll) {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_ = c.apart(func() { settled[i] = c.run(ctx, due) })
		})
	}
	group.Wait()
	if err := c.Shard(work.Shard).Settle(ctx, settled); err != nil {
		c.Log("polls_not_settled", "shard", strconv.Itoa(work.Shard))
	}
}

// run runs one poll, again while there is more to read.
func (c *Clock) run(ctx context.Context, due Due) Settled {
	why := poll.Due
	if due.Touched {
		why = poll.Touched
	}
	for range rounds {
		ran, err := c.Run(ctx, due.Tenant, due.Poll, why)
		switch {
		case err != nil:
			c.Log("poll_unavailable", "tenant", due.Tenant, "poll", due.Poll)
			return Settled{due.Tenant, due.Poll, c.Now().Add(retryAfter)}
		case ran.Outcome == poll.RanGone:
			// The poll takes itself out. To do it here might take out the one
			// that has been made in its place.
			return Settled{due.Tenant, due.Poll, c.Now().Add(goneAfter)}
		case !ran.More:
			return Settled{due.Tenant, due.Poll, ran.Next}
		}
	}
	return Settled{due.Tenant, due.Poll, c.Now()}
}
