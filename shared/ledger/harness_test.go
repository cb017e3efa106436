package ledger

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

var errPlatform = errors.New("platform down")

// rig is one object with a clock to turn and a platform to break.
type rig struct {
	t     *testing.T
	db    *memsql.DB
	l     *Ledger
	clock time.Time

	queued  [][]byte // what was requeued
	alarm   time.Time
	alarms  int // how often one was set
	dropped []string

	queueDown, alarmDown, bucketDown bool
}

// start is on the purge grid and not on a round second.
var start = time.Date(2026, 11, 23, 12, 0, 0, 123e6, time.UTC)

func newRig(t *testing.T) *rig {
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	r := &rig{t: t, db: db, clock: start}
	r.restart()
	return r
}

// restart is an eviction: a new Ledger over the same database.
func (r *rig) restart() {
	l, err := New(r.config())
	require.NoError(r.t, err)
	r.l = l
}

func (r *rig) config() Config {
	return Config{
		DB: r.db, Now: func() time.Time { return r.clock }, Tenant: "acme", Shard: 0,
		Requeue: func(messages [][]byte) error {
			if r.queueDown {
				return errPlatform
			}
			if len(messages) > 100 {
				return errors.New("queue: over 100 messages")
			}
			r.queued = append(r.queued, messages...)
			return nil
		},
		SetAlarm: func(at time.Time) error {
			if r.alarmDown {
				return errPlatform
			}
			r.alarm = at
			r.alarms++
			return nil
		},
		DropPayload: func(claim string) error {
			if r.bucketDown {
				return errPlatform
			}
			r.dropped = append(r.dropped, claim)
			return nil
		},
	}
}

func (r *rig) client() Client {
	return Client{Tenant: "acme", Shard: 0, Invoke: func(_ context.Context, method string, payload []byte) ([]byte, error) {
		return r.l.Invoke(method, payload)
	}}
}

func (r *rig) pass(d time.Duration) { r.clock = r.clock.Add(d) }

// ring fires the alarm if its time has come.
func (r *rig) ring() Swept {
	r.t.Helper()
	require.False(r.t, r.alarm.IsZero(), "no alarm is set")
	require.False(r.t, r.alarm.After(r.clock), "the alarm is set for %v later", r.alarm.Sub(r.clock))
	r.alarm = time.Time{}
	s, err := r.l.Alarm()
	require.NoError(r.t, err)
	return s
}

// takeQueued empties the queue.
func (r *rig) takeQueued() [][]byte {
	q := r.queued
	r.queued = nil
	return q
}

const lease30 = 30 * time.Second

func (r *rig) claim(items ...Item) []Decision {
	r.t.Helper()
	ds, err := r.l.Claim(ClaimRequest{Lease: lease30, Items: items})
	require.NoError(r.t, err)
	require.Len(r.t, ds, len(items))
	return ds
}

func (r *rig) claim1(id string, message []byte) Decision {
	r.t.Helper()
	return r.claim(Item{MessageID: id, Attempts: 1, Message: message})[0]
}

func (r *rig) settle1(res Result) Settled {
	r.t.Helper()
	ss, err := r.l.Settle([]Result{res})
	require.NoError(r.t, err)
	require.Len(r.t, ss, 1)
	return ss[0]
}

func (r *rig) get(key string) Detail {
	r.t.Helper()
	d, err := r.l.Get(key)
	require.NoError(r.t, err)
	return d
}

// deliveredNow claims and delivers e under a message of its own.
func (r *rig) deliveredNow(e *event.Event) {
	r.t.Helper()
	d := r.claim1("m-"+e.ID, event.Encode(e))
	require.Equal(r.t, Deliver, d.Kind)
	r.settle1(Result{Key: d.Key, Fence: d.Fence, Outcome: OutcomeDelivered, Status: 200})
}

// ids yields event ids whose keys live in shard 0.
func ids(n int) []string {
	var out []string
	for i := 0; len(out) < n; i++ {
		id := "evt_" + strconv.Itoa(i)
		if ShardOf(event.Key("acme", "gh", id)) == 0 {
			out = append(out, id)
		}
	}
	return out
}

func newEvent(id string) *event.Event {
	return &event.Event{
		Tenant: "acme", Source: "gh", ID: id, Provider: "github", Type: "com.github.push",
		Time: start.Add(-time.Second), Accepted: start, Origin: event.OriginWebhook,
		Authenticated: event.ProofSignature, ContentType: "application/json",
		Retention: 72 * time.Hour, Body: []byte(`{"id":"` + id + `"}`), Size: int64(len(id) + 9),
	}
}

func one() *event.Event { return newEvent(ids(1)[0]) }

func reference(e *event.Event) []byte { return event.EncodeReference(e.Tenant, e.Key()) }
