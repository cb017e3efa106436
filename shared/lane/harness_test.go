package lane_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/dispatch"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

const base = "https://api.example.com"

// world is one Lane with everything around it, in the virtual time of a
// synctest bubble: the object and its alarm, the queue and its consumers, the
// destination's server.
type world struct {
	t   *testing.T
	rnd *rand.Rand
	mu  sync.Mutex

	db     *memsql.DB
	lane   *lane.Lane
	client lane.Client
	sender *outbound.Sender

	// The platform. An epoch is one life of the object and its consumers; a
	// crash begins the next one, and what belongs to an earlier one does
	// nothing any more.
	epoch    int
	alarmAt  time.Time
	alarmSet chan struct{}
	messages []message
	arrived  chan struct{}
	events   []*event.Event
	payloads map[string][]byte
	stopped  chan struct{}
	wg       sync.WaitGroup

	// What goes wrong.
	queueDown  bool
	payloadLag time.Duration // what reading a body takes
	badCommit  bool          // the next transaction that its function is content with fails
	keep       int64         // most bytes of what has ended; zero is the usual
	loseEvery  int           // every n-th message is lost
	crashEvery int           // every n-th call out of the object, or fetch, is the last thing it does
	calls      int
	count      struct{ invokes, alarms, setAlarms, messages, writes, budget, budgetWrites int }

	server     *server
	objects    map[string]*lane.Lane // beside it: other destinations, shared budgets
	budgetDown bool
	logs       []string
	queries    map[string][]any // each statement's latest arguments
	dispatcher *dispatch.Dispatcher
}

type message struct {
	id       string
	body     []byte
	at       time.Time
	attempts int
}

func ring(t *testing.T) *seal.Ring {
	t.Helper()
	r, err := seal.Parse("v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	w := &world{
		t: t, rnd: rand.New(rand.NewPCG(seed, 42)), db: db,
		alarmSet: make(chan struct{}, 1), arrived: make(chan struct{}, 1), stopped: make(chan struct{}),
		payloads: map[string][]byte{}, server: newServer(), objects: map[string]*lane.Lane{},
	}
	w.sender = &outbound.Sender{Now: time.Now, VaultKeys: ring(t), Fetch: w.fetch}
	w.boot()
	w.client = lane.Client{Tenant: "acme", Destination: "shop", Invoke: w.invoke}
	w.wg.Go(w.alarms)
	w.wg.Go(w.consume)
	return w
}

// stop ends the platform.
func (w *world) stop() {
	close(w.stopped)
	w.wg.Wait()
	time.Sleep(time.Minute) // the last timers of a drain
	require.NoError(w.t, w.db.Close())
}

// errCrash is the end of an instance: whoever waits for it gets an error.
var errCrash = errors.New("the instance ended")

// dead reports whether an epoch is over.
func (w *world) dead(epoch int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return epoch != w.epoch
}

// step counts a call out of the running epoch, and may crash it.
func (w *world) step(epoch int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if epoch != w.epoch {
		return errCrash
	}
	w.calls++
	if w.crashEvery > 0 && w.calls%w.crashEvery == 0 {
		w.epoch++
		w.bootLocked()
		return errCrash
	}
	return nil
}

func (w *world) boot() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bootLocked()
}

// gone blocks a goroutine of an epoch that is over until the test ends: a Go
// instance that has ended runs no more code.
func (w *world) gone() error {
	<-w.stopped
	return errCrash
}

// bootLocked makes the object and the consumer of the current epoch.
func (w *world) bootLocked() {
	epoch := w.epoch
	guard := func(f func() error) error {
		if w.step(epoch) != nil {
			return w.gone()
		}
		err := f()
		if w.dead(epoch) { // it ended while this was under way
			return w.gone()
		}
		return err
	}
	sender := *w.sender
	sender.Fetch = func(ctx context.Context, r fetch.Request) (res fetch.Response, err error) {
		err = guard(func() error {
			res, err = w.sender.Fetch(ctx, r)
			return err
		})
		return res, err
	}
	db := &guardedDB{w.db, func() bool { return w.dead(epoch) }, func(n int) { w.mu.Lock(); defer w.mu.Unlock(); w.count.writes += n }, w.commit, w.queries}
	performer := &lane.Performer{
		Sender: &sender,
		Payload: func(_ context.Context, claim string) (b []byte, err error) {
			time.Sleep(w.payloadLag)
			_ = guard(func() error { w.mu.Lock(); defer w.mu.Unlock(); b = w.payloads[claim]; return nil })
			return b, nil
		},
		Sleep: func(_ context.Context, d time.Duration) { time.Sleep(d) },
	}
	l, err := lane.New(lane.Config{
		DB: db, Now: time.Now, Jitter: w.jitter, VaultKeys: w.sender.VaultKeys,
		SendWrites: func(m [][]byte) error { return guard(func() error { return w.send(m) }) },
		SendEvents: func(m [][]byte) error { return guard(func() error { return w.tell(m) }) },
		SetAlarm: func(at time.Time) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if epoch != w.epoch {
				return errCrash
			}
			w.alarmAt = at
			w.count.setAlarms++
			signal(w.alarmSet)
			return nil
		},
		PutPayload: func(claim string, body []byte) error {
			return guard(func() error { w.mu.Lock(); defer w.mu.Unlock(); w.payloads[claim] = body; return nil })
		},
		DropPayload: func(claim string) error {
			return guard(func() error { w.mu.Lock(); defer w.mu.Unlock(); delete(w.payloads, claim); return nil })
		},
		Performer: performer, Keep: w.keep,
		Budget: func(tenant, budget string) outbound.Lane {
			c := w.object(tenant, lane.BudgetObject(budget))
			inner := c.Invoke
			c.Invoke = func(ctx context.Context, method string, payload []byte) (out []byte, err error) {
				err = guard(func() error {
					if w.budgetDown {
						return errCrash
					}
					out, err = inner(ctx, method, payload)
					return err
				})
				return out, err
			}
			return c
		},
		Log: w.log,
	})
	require.NoError(w.t, err)
	w.lane = l
	w.dispatcher, err = dispatch.New(dispatch.Config{
		Now: time.Now, Rand: w.jitter,
		Lane: func(string, string) dispatch.Lane {
			return lane.Client{Tenant: "acme", Destination: "shop", Invoke: func(ctx context.Context, method string, payload []byte) (out []byte, err error) {
				err = guard(func() error {
					out, err = w.invoke(ctx, method, payload)
					return err
				})
				return out, err
			}}
		},
		Performer:  performer,
		Quarantine: func(context.Context, string, []byte) error { return nil },
		Log:        w.log,
	})
	require.NoError(w.t, err)
}

// object is a Lane beside the one that the world is about: its queue takes
// everything and delivers nothing.
func (w *world) object(tenant, dest string) lane.Client {
	c := lane.Client{Tenant: tenant, Destination: dest}
	c.Invoke = func(_ context.Context, method string, payload []byte) ([]byte, error) {
		w.mu.Lock()
		w.count.budget++
		l := w.objects[tenant+"/"+dest]
		if l == nil {
			db, err := memsql.Open()
			require.NoError(w.t, err)
			w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
			l, err = lane.New(lane.Config{
				DB:  &guardedDB{db, func() bool { return false }, func(n int) { w.mu.Lock(); defer w.mu.Unlock(); w.count.budgetWrites += n }, func() error { return nil }, nil},
				Now: time.Now, Jitter: func() float64 { return 0.5 }, VaultKeys: w.sender.VaultKeys,
				SendWrites: func([][]byte) error { return nil }, SendEvents: func([][]byte) error { return nil },
				SetAlarm:   func(time.Time) error { return nil },
				PutPayload: func(string, []byte) error { return nil }, DropPayload: func(string) error { return nil },
				Performer: &lane.Performer{},
				Budget:    func(tenant, budget string) outbound.Lane { return w.object(tenant, lane.BudgetObject(budget)) },
				Log:       w.log,
			})
			require.NoError(w.t, err)
			w.objects[tenant+"/"+dest] = l
		}
		w.mu.Unlock()
		return l.Invoke(method, payload)
	}
	return c
}

// guardedDB keeps an instance that has ended from changing storage. It fails
// rather than blocks: the lane's lock is held.
type guardedDB struct {
	*memsql.DB
	dead   func() bool
	wrote  func(rows int)
	commit func() error
	ran    map[string][]any // nil: nobody asks
}

// Exec counts the statements that write rows.
func (d *guardedDB) Exec(query string, args ...any) (sqlstore.Rows, error) {
	rows, err := d.DB.Exec(query, args...)
	if d.ran != nil {
		d.ran[query] = args
	}
	if word, _, _ := strings.Cut(query, " "); word == "INSERT" || word == "UPDATE" || word == "DELETE" {
		n, _ := sqlstore.Int64(d.DB, `SELECT changes()`)
		d.wrote(int(n))
	}
	return rows, err
}

func (d *guardedDB) Tx(f func() error) error {
	if d.dead() {
		return errCrash
	}
	return d.DB.Tx(func() error {
		if err := f(); err != nil {
			return err
		}
		return d.commit()
	})
}

var errCommit = errors.New("the commit failed")

func (w *world) commit() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.badCommit {
		return nil
	}
	w.badCommit = false
	return errCommit
}

func (w *world) jitter() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rnd.Float64()
}

func (w *world) log(event string, pairs ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs = append(w.logs, event+" "+strings.Join(pairs, " "))
}

// invoke calls the object. A call that its instance does not survive is an
// error to the caller.
func (w *world) invoke(_ context.Context, method string, payload []byte) ([]byte, error) {
	w.mu.Lock()
	l, epoch := w.lane, w.epoch
	w.count.invokes++
	w.mu.Unlock()
	type answer struct {
		b   []byte
		err error
	}
	out := make(chan answer, 1)
	w.wg.Go(func() {
		b, err := l.Invoke(method, payload)
		out <- answer{b, err}
	})
	for {
		select {
		case a := <-out:
			return a.b, a.err
		case <-time.After(time.Second):
			if w.dead(epoch) {
				return nil, errCrash
			}
		}
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// alarms is the platform's alarm: one at a time, run again after a failure.
func (w *world) alarms() {
	for {
		w.mu.Lock()
		at := w.alarmAt
		w.mu.Unlock()
		wait := 24 * time.Hour * 365
		if !at.IsZero() {
			wait = max(time.Until(at), 0)
		}
		select {
		case <-w.stopped:
			return
		case <-w.alarmSet:
			continue
		case <-time.After(wait):
		}
		w.mu.Lock()
		w.alarmAt = time.Time{}
		w.count.alarms++
		l, epoch := w.lane, w.epoch
		w.mu.Unlock()
		done := make(chan error, 1)
		w.wg.Go(func() {
			done <- l.Alarm()
		})
	waiting:
		for {
			select {
			case err := <-done:
				if err != nil {
					w.retryAlarm()
				}
				break waiting
			case <-time.After(100 * time.Millisecond):
				if w.dead(epoch) {
					w.retryAlarm()
					break waiting
				}
			case <-w.stopped:
				return
			}
		}
	}
}

// retryAlarm runs a failed alarm again, as workerd does it: not if it has set
// another.
func (w *world) retryAlarm() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.alarmAt.IsZero() {
		w.alarmAt = time.Now().Add(2 * time.Second)
	}
}

var errQueue = errors.New("queue refuses")

func (w *world) send(bodies [][]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queueDown {
		return errQueue
	}
	for _, b := range bodies {
		w.calls++
		w.count.messages++
		if w.loseEvery > 0 && w.calls%w.loseEvery == 0 {
			continue
		}
		w.messages = append(w.messages, message{id: fmt.Sprintf("m%d", w.calls), body: b, at: time.Now(), attempts: 1})
	}
	signal(w.arrived)
	return nil
}

// queueLag is what the queue takes to deliver. It waits for no company
// (max_batch_timeout in consumers/wrangler.toml).
const queueLag = 50 * time.Millisecond

// consume is the queue: batches of at most 100, one after the other.
func (w *world) consume() {
	for {
		var next time.Time
		w.mu.Lock()
		for _, m := range w.messages {
			if next.IsZero() || m.at.Before(next) {
				next = m.at
			}
		}
		w.mu.Unlock()
		wait := 24 * time.Hour * 365
		if !next.IsZero() {
			wait = max(time.Until(next), 0)
		}
		select {
		case <-w.stopped:
			return
		case <-w.arrived:
			continue
		case <-time.After(wait):
		}
		time.Sleep(queueLag)
		w.batch()
	}
}

func (w *world) batch() {
	w.mu.Lock()
	var batch, rest []message
	for _, m := range w.messages {
		if len(batch) < 100 && !m.at.After(time.Now()) {
			batch = append(batch, m)
		} else {
			rest = append(rest, m)
		}
	}
	w.messages = rest
	d, epoch := w.dispatcher, w.epoch
	w.mu.Unlock()
	in := make([]queue.Message, len(batch))
	for i, m := range batch {
		in[i] = queue.Message{ID: m.id, Attempts: m.attempts, Body: m.body}
	}
	done := make(chan []queue.Verdict, 1)
	w.wg.Go(func() {
		done <- d.Handle(context.Background(), in)
	})
	var verdicts []queue.Verdict
waiting:
	for {
		select {
		case verdicts = <-done:
			break waiting
		case <-time.After(100 * time.Millisecond):
			if w.dead(epoch) {
				verdicts = make([]queue.Verdict, len(batch)) // the whole batch comes again
				break waiting
			}
		case <-w.stopped:
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, v := range verdicts {
		if v.Ack {
			continue
		}
		m := batch[i]
		m.attempts++
		m.at = time.Now().Add(max(v.Delay, 0))
		w.messages = append(w.messages, m)
	}
}

func (w *world) tell(bodies [][]byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.queueDown {
		return errQueue
	}
	for _, b := range bodies {
		m, err := event.Decode(b)
		require.NoError(w.t, err)
		w.events = append(w.events, m.Event)
	}
	return nil
}

// told counts the notices of a type.
func (w *world) told(kind string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Type == kind {
			n++
		}
	}
	return n
}

func (w *world) fetch(_ context.Context, r fetch.Request) (fetch.Response, error) {
	return w.server.serve(r)
}

// put configures the destination.
func (w *world) put(set func(c *destination.Config)) {
	w.t.Helper()
	c := destination.New(base)
	if set != nil {
		set(&c)
	}
	_, err := w.client.Put(context.Background(), lane.PutDestination{Config: c})
	require.NoError(w.t, err)
}

func (w *world) accept(writes ...lane.Write) []string {
	w.t.Helper()
	out, err := w.client.Accept(context.Background(), writes)
	require.NoError(w.t, err)
	ids := make([]string, len(out))
	for i, a := range out {
		ids[i] = a.ID
	}
	return ids
}

func (w *world) get(id string) lane.Detail {
	w.t.Helper()
	d, err := w.client.Get(context.Background(), id)
	require.NoError(w.t, err)
	return d
}

func (w *world) describe() lane.Destination {
	w.t.Helper()
	d, err := w.client.Describe(context.Background())
	require.NoError(w.t, err)
	return d
}

// until waits in virtual time.
func (w *world) until(what string, atMost time.Duration, done func() bool) {
	w.t.Helper()
	for end := time.Now().Add(atMost); !done(); time.Sleep(time.Second) {
		if time.Now().After(end) {
			w.dump()
			require.Fail(w.t, "never "+what)
		}
	}
}

// empty waits until nothing is open.
func (w *world) empty(atMost time.Duration) {
	w.t.Helper()
	w.until("empty", atMost, func() bool {
		d, err := w.client.Describe(context.Background())
		return err == nil && d.Queue.Depth == 0
	})
}

func (w *world) dump() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.logs[max(len(w.logs)-30, 0):] {
		w.t.Log(line)
	}
	rows, err := w.db.Exec(`SELECT seq, state, part, holds, rank, due_at, released, attempts, reason FROM writes WHERE state NOT IN ('delivered') LIMIT 20`)
	w.t.Log(rows.Values, err, len(w.messages), w.alarmAt, time.Now())
	rows, err = w.db.Exec(`SELECT depth, released, state FROM lane`)
	w.t.Log(rows.Values, err)
}

// check holds the invariants of the package documentation to the tables.
func (w *world) check() {
	w.t.Helper()
	one := func(what, query string) {
		rows, err := w.db.Exec(query)
		require.NoError(w.t, err)
		require.Zero(w.t, rows.Len(), "%s: %v", what, rows.Values)
	}
	one("of a key only the first may be ready or under way", `SELECT a.seq, b.seq FROM writes a JOIN writes b ON a.part = b.part AND a.seq < b.seq
		WHERE a.ordered = 1 AND a.holds = 1 AND b.holds = 1 AND (b.rank IS NOT NULL OR b.due_at IS NOT NULL) AND b.state <> 'delivering'`)
	one("one under way per key", `SELECT part FROM writes WHERE ordered = 1 AND state = 'delivering' GROUP BY part HAVING count(*) > 1`)
	one("what is open has a way on", `SELECT seq FROM writes w WHERE state IN ('pending', 'delivering') AND rank IS NULL AND due_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM writes b WHERE b.part = w.part AND b.holds = 1 AND w.ordered = 1 AND (b.rank IS NOT NULL OR b.due_at IS NOT NULL OR b.state IN ('dead', 'parked')) AND b.seq <> w.seq)`)
	one("not both ready and due", `SELECT seq FROM writes WHERE rank IS NOT NULL AND due_at IS NOT NULL`)
	one("depth", `SELECT depth FROM lane WHERE depth <> (SELECT count(*) FROM writes WHERE state IN ('pending', 'delivering'))`)
	one("bytes", `SELECT bytes FROM lane WHERE bytes <> (SELECT COALESCE(SUM(size), 0) FROM writes WHERE state IN ('pending', 'delivering'))`)
	one("released", `SELECT released FROM lane WHERE released <> (SELECT count(*) FROM writes WHERE released = 1)`)
	one("released are pending", `SELECT seq FROM writes WHERE released = 1 AND state <> 'pending'`)
	one("open ones hold", `SELECT seq FROM writes WHERE state IN ('pending', 'delivering') AND holds = 0`)
}

// server is a destination's scripted server. It counts by its own clock.
type server struct {
	mu      sync.Mutex
	latency func(r request) time.Duration
	answer  func(r request) (int, [][2]string) // 0: no answer until the deadline
	got     []request
	seen    map[string]int // requests, by path and body
	effects map[string]int // by idempotency key, else by body
	bucket  *bucket
	excess  int
	flying  int
	most    int
}

type request struct {
	at              time.Time
	method, path    string
	key, body, auth string
	header          [][2]string
	n               int // of this body, from 1
}

func newServer() *server {
	return &server{
		effects: map[string]int{}, seen: map[string]int{},
		latency: func(request) time.Duration { return 20 * time.Millisecond },
		answer:  func(request) (int, [][2]string) { return 200, nil },
	}
}

// bucket is the server's own count of a limit, in tokens.
type bucket struct {
	limit  pace.Limit
	tokens float64
	at     time.Time
}

func (b *bucket) take(now time.Time) bool {
	if b.at.IsZero() {
		b.tokens = float64(b.limit.Burst)
	} else {
		b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*float64(b.limit.Requests)/b.limit.Per.Seconds(), float64(b.limit.Burst))
	}
	b.at = now
	if b.tokens < 1-1e-6 {
		return false
	}
	b.tokens--
	return true
}

// count counts a request against the limit.
func (s *server) count(at time.Time) {
	if s.bucket != nil && !s.bucket.take(at) {
		s.excess++
	}
}

// charge counts one that is made elsewhere.
func (s *server) charge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(time.Now())
}

func (s *server) serve(r fetch.Request) (fetch.Response, error) {
	s.mu.Lock()
	q := request{at: time.Now(), method: r.Method, path: strings.TrimPrefix(r.URL, base), body: string(r.Body), header: r.Header, n: 1}
	for _, h := range r.Header {
		switch h[0] {
		case "idempotency-key":
			q.key = h[1]
		case "authorization":
			q.auth = h[1]
		}
	}
	s.seen[q.path+" "+q.body]++
	q.n = s.seen[q.path+" "+q.body]
	s.got = append(s.got, q)
	s.count(q.at)
	status, header := s.answer(q)
	wait := s.latency(q)
	s.flying++
	s.most = max(s.most, s.flying)
	s.mu.Unlock()

	hang := status == 0 || wait > r.Deadline
	if hang {
		wait = r.Deadline
	}
	time.Sleep(wait)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flying--
	if status/100 == 2 {
		key := q.key
		if key == "" {
			key = q.body
		}
		s.effects[key]++
	}
	if hang {
		return fetch.Response{}, fetch.ErrTimeout
	}
	res := fetch.Response{Status: status, Header: map[string][]string{}, Body: []byte(`{"ok":true}`)}
	for _, h := range header {
		res.Header.Add(h[0], h[1])
	}
	return res, nil
}

// bodies are what arrived, in order, where the server answered 2xx first.
func (s *server) requests() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.got...)
}

func (s *server) script(answer func(r request) (int, [][2]string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func write(body string) lane.Write {
	return lane.Write{Method: "POST", Path: "/items", Body: []byte(body), Header: [][2]string{{"content-type", "application/json"}}}
}

func keyed(key, body string) lane.Write {
	w := write(body)
	w.PartitionKey = key
	return w
}
