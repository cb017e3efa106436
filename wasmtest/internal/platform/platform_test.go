package platform

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/sched"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func world(t *testing.T, chance map[Fault]float64, planned ...Hit) *World {
	t.Helper()
	in, err := NewInjector(1, chance, planned, nil, time.Time{})
	require.NoError(t, err)
	return &World{
		Loop: sched.New(start, sched.NewRand(1, sched.Ties)), Trace: sched.NewTrace(start),
		Latency: sched.NewRand(1, sched.Latency), Faults: in,
	}
}

func (w *World) advance(t *testing.T, d time.Duration) {
	t.Helper()
	end := w.Now().Add(d)
	require.NoError(t, w.Loop.Run(end, func() bool { return false }))
	w.Loop.Move(end)
}

func TestKV(t *testing.T) {
	w := world(t, nil)
	kv := NewKV(w, "n")
	require.NoError(t, kv.Put("fra", "k", []byte("1"), "", time.Minute))
	require.ErrorIs(t, kv.Put("fra", "k", []byte("2"), "", 0), ErrKVRate, "one write per second and key")
	v, _, ok := kv.Get("fra", "k", 0)
	require.Equal(t, "1 true", fmt.Sprint(string(v), " ", ok))
	w.advance(t, 59*time.Second)
	_, _, ok = kv.Get("fra", "k", 0)
	require.True(t, ok)
	w.advance(t, time.Second)
	_, _, ok = kv.Get("fra", "k", 0)
	require.False(t, ok, "expired")
	require.NoError(t, kv.Put("fra", "k", []byte("3"), "", 0))
	w.advance(t, time.Second)
	require.NoError(t, kv.Delete("fra", "k"))
	_, ok = kv.Latest("k")
	require.False(t, ok)
	require.Empty(t, kv.Keys())

	require.ErrorIs(t, CheckKVPut("k", nil, 59*time.Second), ErrKVTTL)
	require.ErrorIs(t, CheckKVPut("k", make([]byte, MaxKVValue+1), 0), ErrKVSize)
	require.ErrorIs(t, CheckKVPut(strings.Repeat("k", 513), nil, 0), ErrKVKey)
	require.ErrorIs(t, CheckKVKey(""), ErrKVKey)
	require.ErrorIs(t, CheckKVCache(29*time.Second), ErrKVCache)
	require.NoError(t, CheckKVCache(0))
}

// TestKVStaleReads: a location goes on with its copy until that ends, and
// every read there sees the same; another location has its own.
func TestKVStaleReads(t *testing.T) {
	w := world(t, map[Fault]float64{KVStale: 1})
	kv := NewKV(w, "n")
	at := func(location string) string {
		v, _, ok := kv.Get(location, "k", 0)
		if !ok {
			return "miss"
		}
		return string(v)
	}
	put := func(location, v string) { require.NoError(t, kv.Put(location, "k", []byte(v), "", 0)) }
	w.advance(t, time.Hour)

	require.Equal(t, "miss", at("fra"), "0 s")
	w.advance(t, 10*time.Second)
	put("nrt", "1")
	require.Equal(t, "1", at("nrt"), "a location sees its own write")
	require.Equal(t, "1", at("iad"), "one that has no copy reads the store")
	w.advance(t, 20*time.Second)
	put("nrt", "2")
	w.advance(t, 29*time.Second)
	require.Equal(t, "miss", at("fra"), "59 s: the miss is a copy too")
	require.Equal(t, "miss", at("fra"), "and stays the same for every read")
	require.Equal(t, "1", at("iad"), "49 s after its read")
	require.Equal(t, "2", at("nrt"))
	w.advance(t, time.Second)
	require.Equal(t, "2", at("fra"), "60 s: the copy has ended")
	require.Equal(t, "1", at("iad"))
	w.advance(t, 10*time.Second)
	require.Equal(t, "2", at("iad"), "its copy has ended as well")
	require.NoError(t, kv.Delete("fra", "k"))
	require.Equal(t, "miss", at("fra"))
	w.advance(t, 50*time.Second)
	require.Equal(t, "2", at("iad"), "a deleted key lives on in a copy")

	// A copy kept for longer, by cacheTtl.
	_, _, ok := kv.Get("gru", "k", 5*time.Minute)
	require.False(t, ok)
	put("", "3")
	w.advance(t, 5*time.Minute-time.Second)
	require.Equal(t, "miss", at("gru"))
	w.advance(t, time.Second)
	require.Equal(t, "3", at("gru"))

	// Without the fault a copy ends as soon as there is something newer; with
	// an even chance some do, and each location decides once.
	calm := NewKV(world(t, nil), "n")
	_, _, _ = calm.Get("fra", "k", 0)
	require.NoError(t, calm.Put("nrt", "k", []byte("1"), "", 0))
	_, _, ok = calm.Get("fra", "k", 0)
	require.True(t, ok)
	w = world(t, map[Fault]float64{KVStale: 0.5})
	kv = NewKV(w, "n")
	seen := map[string]int{}
	for i := range 40 {
		at(fmt.Sprint(i))
	}
	put("", "new")
	for i := range 40 {
		first := at(fmt.Sprint(i))
		seen[first]++
		require.Equal(t, first, at(fmt.Sprint(i)))
	}
	require.Greater(t, seen["miss"], 5)
	require.Greater(t, seen["new"], 5)
}

// drain consumes a queue and notes what came when.
type drain struct {
	got     []string
	verdict func(m *Message) Verdict
}

func (d *drain) consumer(w *World, size, retries int, dead string) Consumer {
	return Consumer{BatchSize: size, Timeout: time.Second, Retries: retries, Dead: dead, Deliver: func(batch []*Message, done func([]Verdict)) {
		verdicts := make([]Verdict, len(batch))
		line := fmt.Sprintf("%.0fs", w.Now().Sub(start).Seconds())
		for i, m := range batch {
			line += " " + string(m.Body)
			if d.verdict != nil {
				verdicts[i] = d.verdict(m)
			}
		}
		d.got = append(d.got, line)
		w.Loop.After(10*time.Millisecond, "handler", func() { done(verdicts) })
	}}
}

func queues(w *World) func(string) *Queue {
	all := map[string]*Queue{}
	var get func(string) *Queue
	get = func(name string) *Queue {
		if name == "" {
			return nil
		}
		if all[name] == nil {
			all[name] = NewQueue(w, name, get)
		}
		return all[name]
	}
	return get
}

func TestQueueBatches(t *testing.T) {
	w := world(t, nil)
	q, d := queues(w)("q"), &drain{}
	q.Consume(d.consumer(w, 3, 2, ""))
	for i := range 4 {
		q.Send("text", fmt.Append(nil, i), 0)
	}
	q.Send("text", []byte("late"), 10*time.Second)
	w.advance(t, time.Minute)
	require.Equal(t, []string{"0s 0 1 2", "1s 3", "11s late"}, d.got)
	require.Zero(t, q.Flying()+len(q.Waiting()))
}

func TestQueueRetriesAndDeadLetters(t *testing.T) {
	w := world(t, nil)
	get := queues(w)
	q, d := get("q"), &drain{verdict: func(m *Message) Verdict { return Verdict{Retry: string(m.Body) == "bad", Delay: 3 * time.Second} }}
	q.Consume(d.consumer(w, 10, 2, "dead"))
	q.Send("text", []byte("bad"), 0)
	q.Send("text", []byte("good"), 0)
	w.advance(t, time.Minute)
	require.Equal(t, []string{"1s bad good", "5s bad", "9s bad"}, d.got)
	require.Len(t, get("dead").Waiting(), 1)
	require.Zero(t, get("dead").Waiting()[0].Attempts)
	require.Equal(t, start, get("dead").Waiting()[0].Sent, "the timestamp stays")

	lost, gone := get("lost"), &drain{verdict: func(*Message) Verdict { return Verdict{Retry: true} }}
	lost.Consume(gone.consumer(w, 10, 0, ""))
	lost.Send("text", []byte("x"), 0)
	w.advance(t, time.Minute)
	require.Len(t, gone.got, 1)
	require.Empty(t, lost.Waiting(), "without a dead letter queue it is dropped")
}

// TestQueueConcurrency: several batches are out at once, as many as allowed.
func TestQueueConcurrency(t *testing.T) {
	for concurrent, want := range map[int]int{0: MaxConcurrency, 1: 1, 3: 3} {
		w := world(t, nil)
		q := queues(w)("q")
		out, most := 0, 0
		q.Consume(Consumer{BatchSize: 1, Concurrent: concurrent, Deliver: func(_ []*Message, done func([]Verdict)) {
			out++
			most = max(most, out)
			w.Loop.After(time.Minute, "handler", func() { out--; done(make([]Verdict, 1)) })
		}})
		for range 2 * MaxConcurrency {
			q.Send("text", nil, 0)
		}
		w.advance(t, time.Hour)
		require.Equal(t, want, most)
		require.Empty(t, q.Waiting())
	}
}

func TestQueueRetention(t *testing.T) {
	w := world(t, nil)
	q := queues(w)("q")
	q.Send("text", []byte("old"), 0)
	w.advance(t, QueueRetention)
	d := &drain{}
	q.Consume(d.consumer(w, 10, 0, ""))
	q.Send("text", []byte("new"), 0)
	w.advance(t, time.Minute)
	require.Len(t, d.got, 1)
	require.Contains(t, d.got[0], " new")
	require.NotContains(t, d.got[0], "old")
}

func TestQueueSins(t *testing.T) {
	w := world(t, map[Fault]float64{QueueReorder: 1, QueueDelay: 0.3}, Hit{Fault: QueueDuplicate, Nth: 1})
	q, d := queues(w)("q"), &drain{}
	q.Consume(d.consumer(w, 100, 0, ""))
	for i := range 20 {
		q.Send("text", fmt.Append(nil, i), 0)
	}
	w.advance(t, time.Hour)
	all := strings.Join(d.got, " ")
	for i := range 20 {
		require.Contains(t, " "+all+" ", fmt.Sprintf(" %d ", i))
	}
	require.Len(t, strings.Fields(all), 21+len(d.got), "20 messages, one of them twice")
	require.NotContains(t, all, "0 1 2 3")
}

func TestCheckSend(t *testing.T) {
	require.NoError(t, CheckSend([][]byte{make([]byte, MaxMessage)}, MaxQueueDelay))
	require.ErrorIs(t, CheckSend([][]byte{make([]byte, MaxMessage+1)}, 0), ErrMessageSize)
	require.ErrorIs(t, CheckSend(make([][]byte, 101), 0), ErrBatchSize)
	require.ErrorIs(t, CheckSend([][]byte{make([]byte, 128_000), make([]byte, 128_000), {1}}, 0), ErrBatchSize)
	require.ErrorIs(t, CheckSend(nil, MaxQueueDelay+1), ErrDelay)
}

func count(t *testing.T, s *Storage) int64 {
	t.Helper()
	rows, err := s.Exec("SELECT COUNT(*) FROM t", nil)
	require.NoError(t, err)
	return rows.Values[0][0].(int64)
}

func storage(t *testing.T) *Storage {
	t.Helper()
	s, err := OpenStorage()
	require.NoError(t, err)
	t.Cleanup(s.Close)
	_, err = s.Exec("CREATE TABLE t (n INTEGER, b BLOB, s TEXT, r REAL)", nil)
	require.NoError(t, err)
	require.True(t, s.EndTurn())
	require.NoError(t, s.Confirm())
	return s
}

func TestStorageCrashKeepsAPrefixOfTurns(t *testing.T) {
	for keep := range 4 {
		s := storage(t)
		for range 3 { // three turns of two rows
			for range 2 {
				_, err := s.Exec("INSERT INTO t (n) VALUES (?)", []any{1.0})
				require.NoError(t, err)
			}
			require.True(t, s.EndTurn())
		}
		require.Equal(t, 3, s.Unconfirmed())
		require.NoError(t, s.Crash(keep))
		require.EqualValues(t, 2*keep, count(t, s))
		require.False(t, s.EndTurn(), "a read is no write")
	}
}

func TestStorageCrashInsideATransaction(t *testing.T) {
	for keep := range 3 {
		s := storage(t)
		insert := func() error { _, err := s.Exec("INSERT INTO t (n) VALUES (1)", nil); return err }
		require.NoError(t, insert())
		require.True(t, s.EndTurn())
		require.ErrorIs(t, s.Tx(func() error {
			require.NoError(t, insert())
			require.NoError(t, s.Crash(keep))
			return ErrLost
		}), ErrLost)
		require.EqualValues(t, min(keep, 1), count(t, s), "a running turn leaves nothing")
		require.NoError(t, s.Tx(insert))
		require.True(t, s.EndTurn())
		require.NoError(t, s.Confirm())
		require.EqualValues(t, min(keep, 1)+1, count(t, s))
	}
}

func TestStorageTransactions(t *testing.T) {
	s := storage(t)
	insert := func() error { _, err := s.Exec("INSERT INTO t (n) VALUES (1)", nil); return err }
	require.NoError(t, s.Tx(insert))
	require.ErrorIs(t, s.Tx(func() error {
		require.NoError(t, insert())
		require.NoError(t, s.Tx(insert))
		return ErrLost
	}), ErrLost)
	require.EqualValues(t, 1, count(t, s))
	require.NoError(t, s.Crash(0))
	require.EqualValues(t, 0, count(t, s))
}

func TestStorageValuesAndAlarm(t *testing.T) {
	s := storage(t)
	_, err := s.Exec("INSERT INTO t VALUES (?, ?, ?, ?)", []any{5.0, []byte{1, 2}, "x", 1.5})
	require.NoError(t, err)
	rows, err := s.Exec("SELECT *, NULL FROM t", nil)
	require.NoError(t, err)
	require.Equal(t, [][]any{{int64(5), []byte{1, 2}, "x", 1.5, nil}}, rows.Values)

	_, ok, err := s.Alarm()
	require.NoError(t, err)
	require.False(t, ok)
	require.NoError(t, s.SetAlarm(start))
	s.EndTurn()
	at, ok, err := s.Alarm()
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, start, at)
	require.NoError(t, s.Crash(0))
	_, ok, _ = s.Alarm()
	require.False(t, ok, "the alarm is part of the turn")

	require.NoError(t, s.SetAlarm(start))
	require.NoError(t, s.DeleteAll())
	_, ok, _ = s.Alarm()
	require.False(t, ok)
	_, err = s.Exec("SELECT 1 FROM t", nil)
	require.ErrorContains(t, err, "no such table: t")
}

func TestStorageRefuses(t *testing.T) {
	s := storage(t)
	for query, want := range map[string]error{
		"BEGIN": ErrSQLControl, " rollback to x": ErrSQLControl, "SAVEPOINT a": ErrSQLControl,
		"SELECT random()": ErrSQLAmbient, "INSERT INTO t (s) VALUES (CURRENT_TIMESTAMP)": ErrSQLAmbient,
		"SELECT datetime('now')": ErrSQLAmbient, "SELECT unixepoch()": ErrSQLAmbient,
	} {
		_, err := s.Exec(query, nil)
		require.ErrorIs(t, err, want, query)
	}
}

func TestTripsFailOrHappen(t *testing.T) {
	op := Ops()["kv.put"]
	try := func(planned ...Hit) (acted bool, result error) {
		w := world(t, nil, planned...)
		result = fmt.Errorf("no answer")
		w.Trip(op, &sched.Lane{}, "k", func(answer func()) { acted = true; answer() }, func(err error) { result = err })
		w.advance(t, time.Minute)
		return acted, result
	}
	acted, err := try()
	require.True(t, acted)
	require.NoError(t, err)
	acted, err = try(Hit{Fault: KVFail, Nth: 1})
	require.False(t, acted)
	require.ErrorIs(t, err, ErrRefused)
	acted, err = try(Hit{Fault: KVPutLost, Nth: 1})
	require.True(t, acted)
	require.ErrorIs(t, err, ErrLost)
}

func TestFaultsAreIndependent(t *testing.T) {
	hits := func(chance map[Fault]float64) (n []int) {
		in, err := NewInjector(9, chance, nil, nil, time.Time{})
		require.NoError(t, err)
		for i := range 200 {
			if _, hit := in.Hit(start, KVFail); hit {
				n = append(n, i)
			}
			in.Hit(start, R2Fail)
		}
		return n
	}
	a := hits(map[Fault]float64{KVFail: 0.1})
	require.NotEmpty(t, a)
	require.Equal(t, a, hits(map[Fault]float64{KVFail: 0.1, R2Fail: 0.9}))

	in, err := NewInjector(9, map[Fault]float64{KVFail: 1}, nil, []Hit{{Fault: KVFail, Nth: 2}}, start.Add(time.Second))
	require.NoError(t, err)
	for _, want := range []bool{true, false, true} {
		_, hit := in.Hit(start, KVFail)
		require.Equal(t, want, hit)
	}
	_, hit := in.Hit(start.Add(time.Second), KVFail)
	require.False(t, hit, "calm")

	_, err = NewInjector(1, map[Fault]float64{"kv.typo": 1}, nil, nil, time.Time{})
	require.ErrorContains(t, err, "kv.typo")
	_, err = NewInjector(1, map[Fault]float64{KVFail: 2}, nil, nil, time.Time{})
	require.ErrorContains(t, err, "kv.fail")
	_, err = NewInjector(1, nil, []Hit{{Fault: KVFail, Nth: 0}}, nil, time.Time{})
	require.ErrorContains(t, err, "kv.fail#0")
}

func TestCron(t *testing.T) {
	tests := []struct{ cron, next string }{
		{"* * * * *", "2026-01-01T00:01"},
		{"*/15 * * * *", "2026-01-01T00:15"},
		{"5,7 3-4 * * *", "2026-01-01T03:05"},
		{"0 0 * * 1", "2026-01-04T00:00"}, // Sunday is 1
		{"30 12 29 2 *", "2028-02-29T12:30"},
	}
	for _, tt := range tests {
		fires, err := ParseCron(tt.cron)
		require.NoError(t, err)
		next, ok := NextCron(fires, start)
		require.True(t, ok)
		require.Equal(t, tt.next, next.Format("2006-01-02T15:04"), tt.cron)
	}
	for _, bad := range []string{"* * * *", "60 * * * *", "*/0 * * * *", "a * * * *", "5-1 * * * *", "* * * * 0"} {
		_, err := ParseCron(bad)
		require.Error(t, err, bad)
	}
	fires, err := ParseCron("0 0 31 2 *")
	require.NoError(t, err)
	_, ok := NextCron(fires, start)
	require.False(t, ok)
}
