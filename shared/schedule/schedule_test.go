package schedule

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// rig is every shard, with one clock and one queue.
type rig struct {
	t      *testing.T
	clock  time.Time
	dbs    map[int]*memsql.DB
	shards map[int]*Schedule
	queue  [][]byte
	full   bool
	mu     sync.Mutex
	ran    []string
	why    map[string]poll.Why
	answer func(key string) (poll.Ran, error)
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, clock: noon, dbs: map[int]*memsql.DB{}, shards: map[int]*Schedule{}, why: map[string]poll.Why{}}
	r.answer = func(string) (poll.Ran, error) {
		return poll.Ran{Outcome: poll.RanOK, Next: r.clock.Add(time.Minute)}, nil
	}
	return r
}

// evict forgets every object's memory.
func (r *rig) evict() { r.shards = map[int]*Schedule{} }

func (r *rig) shard(n int) Shard {
	return Shard{n, func(_ context.Context, method string, payload []byte) ([]byte, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.dbs[n] == nil {
			db, err := memsql.Open()
			require.NoError(r.t, err)
			r.t.Cleanup(func() { db.Close() })
			r.dbs[n] = db
		}
		if r.shards[n] == nil {
			s, err := New(Config{DB: r.dbs[n], Now: func() time.Time { return r.clock }})
			require.NoError(r.t, err)
			r.shards[n] = s
		}
		return r.shards[n].Invoke(method, payload)
	}}
}

func (r *rig) client(tenant string) Client { return Client{tenant, r.shard(ShardOf(tenant))} }

func (r *rig) clockwork() *Clock {
	return &Clock{
		Now: func() time.Time { return r.clock }, Shard: r.shard, Log: func(string, ...string) {},
		Send: func(messages [][]byte) error {
			if r.full {
				return errors.New("queue down")
			}
			r.queue = append(r.queue, messages...)
			return nil
		},
		Run: func(_ context.Context, tenant, p string, why poll.Why) (poll.Ran, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ran = append(r.ran, key(tenant, p))
			r.why[key(tenant, p)] = why
			return r.answer(key(tenant, p))
		},
	}
}

// tick is a minute, its tick, and the consumer of what it sent.
func (r *rig) tick(deliver bool) (ran []string) {
	r.t.Helper()
	r.clock = r.clock.Add(time.Minute)
	c := r.clockwork()
	_ = c.Tick(context.Background())
	batch := make([]queue.Message, len(r.queue))
	for i, m := range r.queue {
		batch[i] = queue.Message{ID: fmt.Sprint(i), Attempts: 1, Body: m}
	}
	r.queue = nil
	if !deliver {
		return nil
	}
	r.ran = nil
	for _, v := range c.Handle(context.Background(), batch) {
		assert.True(r.t, v.Ack)
	}
	return r.ran
}

func TestTheClock(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	require.NoError(t, r.client("acme").Add(ctx, "a", "stripe", time.Minute, noon))
	require.NoError(t, r.client("acme").Add(ctx, "b", "", time.Hour, noon.Add(time.Hour)))
	require.NoError(t, r.client("other").Add(ctx, "a", "", time.Minute, noon))
	assert.ElementsMatch(t, []string{"acme/a", "other/a"}, r.tick(true))
	assert.ElementsMatch(t, []string{"acme/a", "other/a"}, r.tick(true), "as they said")
	r.evict()
	assert.ElementsMatch(t, []string{"acme/a", "other/a"}, r.tick(true), "an eviction forgets nothing")

	r.tick(false) // the message is lost
	assert.Empty(t, r.tick(true), "believed to be on its way")
	r.clock = r.clock.Add(Lease)
	assert.ElementsMatch(t, []string{"acme/a", "other/a"}, r.tick(true))

	require.NoError(t, r.client("acme").Remove(ctx, "a"))
	assert.Equal(t, []string{"other/a"}, r.tick(true))
	r.full = true
	assert.Empty(t, r.tick(true))
	r.full = false
	r.clock = r.clock.Add(time.Hour)
	assert.ElementsMatch(t, []string{"other/a", "acme/b"}, r.tick(true))
}

func TestRunsAgainWhileThereIsMore(t *testing.T) {
	r := newRig(t)
	require.NoError(t, r.client("acme").Add(context.Background(), "a", "", time.Minute, noon))
	r.answer = func(string) (poll.Ran, error) { return poll.Ran{Outcome: poll.RanOK, More: true}, nil }
	assert.Len(t, r.tick(true), rounds)
	r.answer = func(string) (poll.Ran, error) { return poll.Ran{}, errors.New("down") }
	assert.Len(t, r.tick(true), 1, "due at once, since there was more")
	assert.Len(t, r.tick(true), 1, "and a minute after its object did not answer")
	r.answer = func(string) (poll.Ran, error) { return poll.Ran{Outcome: poll.RanGone}, nil }
	assert.Len(t, r.tick(true), 1)
	assert.Empty(t, r.tick(true))
}

func TestTouch(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	c := r.client("acme")
	require.NoError(t, c.Add(ctx, "a", "stripe", time.Minute, noon.Add(30*time.Minute)))
	calls := 0
	w := &Waker{Now: func() time.Time { return r.clock }, Touch: func(ctx context.Context, tenant string, sources []string) ([]string, error) {
		calls++
		return r.client(tenant).Touch(ctx, sources)
	}}
	for range 10 {
		w.Arrived(ctx, "acme", []string{"stripe", "github"})
	}
	assert.Equal(t, 1, calls, "once a minute")
	r.evict()
	assert.Equal(t, []string{"acme/a"}, r.tick(true), "at its floor, and no eviction forgets it")
	assert.Equal(t, poll.Touched, r.why["acme/a"])
	w.Arrived(ctx, "acme", []string{"github"})
	assert.Equal(t, 1, calls, "a source that wakes nobody is left alone for longer")
	w.Arrived(ctx, "acme", []string{"stripe"})
	assert.Equal(t, 2, calls)
	wake, err := r.client("other").Touch(ctx, []string{"stripe"})
	require.NoError(t, err)
	assert.Empty(t, wake, "another tenant's source wakes nobody")
}

func TestLimitAndList(t *testing.T) {
	r := newRig(t)
	ctx := context.Background()
	c := r.client("acme")
	for i := range MaxPolls {
		require.NoError(t, c.Add(ctx, fmt.Sprintf("p%04d", i), "", time.Minute, noon))
	}
	require.ErrorIs(t, c.Add(ctx, "one-more", "", time.Minute, noon), ErrLimit)
	require.NoError(t, c.Add(ctx, "p0001", "s", time.Minute, noon), "a change is none more")
	require.NoError(t, c.Remove(ctx, "p0000"))
	require.NoError(t, c.Add(ctx, "one-more", "", time.Minute, noon))
	list, err := c.List(ctx)
	require.NoError(t, err)
	assert.Len(t, list, MaxPolls)
	other, err := r.client("other").List(ctx)
	require.NoError(t, err)
	assert.Empty(t, other)
	assert.ErrorIs(t, c.Add(ctx, "Bad name", "", time.Minute, noon), ErrRequest)
	wrong := Client{"acme", r.shard((ShardOf("acme") + 1) % Shards)}
	assert.ErrorIs(t, wrong.Add(ctx, "a", "", time.Minute, noon), ErrShard)
}

// TestAHundredThousand: one shard's part of 100,000 polls, all due.
func TestAHundredThousand(t *testing.T) {
	db, err := memsql.Open()
	require.NoError(t, err)
	defer db.Close()
	clock := noon
	s, err := New(Config{DB: db, Now: func() time.Time { return clock }})
	require.NoError(t, err)
	require.NoError(t, s.load())
	const n = 100_000 / Shards
	for i := range n {
		tenant := fmt.Sprintf("t%d", i%100)
		s.put(&slot{Entry: Entry{Tenant: tenant, Poll: fmt.Sprintf("p%d", i)}, id: int64(i + 1), next: noon})
	}
	due, err := s.Due()
	require.NoError(t, err)
	require.Len(t, due, n)
	again, err := s.Due()
	require.NoError(t, err)
	assert.Empty(t, again)
	settled := make([]Settled, perChunk)
	for i := range settled {
		settled[i] = Settled{due[i].Tenant, due[i].Poll, clock.Add(time.Hour)}
	}
	require.NoError(t, s.Settle(settled))
	rows, err := db.Exec(`SELECT length(due) FROM times`)
	require.NoError(t, err)
	first, _ := rows.First()
	assert.Less(t, first.Int(), 130_000, "one row for all")
}
