package workerd

import (
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// exec is this.ctx.storage.sql.exec(query, …).
func exec(a *Actor, query string, args ...jsobj.Value) (jsobj.Value, error) {
	r := a.iso.realm
	storage, err := a.state.(jsobj.Object).Get(r, "storage")
	if err != nil {
		return nil, err
	}
	sql, err := storage.(jsobj.Object).Get(r, "sql")
	if err != nil {
		return nil, err
	}
	return r.Invoke(sql.(jsobj.Object), "exec", append([]jsobj.Value{query}, args...)...)
}

func storageOf(a *Actor) jsobj.Object {
	v, _ := a.state.(jsobj.Object).Get(a.iso.realm, "storage")
	return v.(jsobj.Object)
}

// callObject makes the fetch handler call the object and answer its result.
func callObject(method string) func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
	return func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		realm := c.iso.realm
		stub, err := realm.Invoke(c.iso.env.Own("OBJ").(jsobj.Object), "getByName", "one")
		if err != nil {
			return nil, err
		}
		v, err := realm.Invoke(stub.(jsobj.Object), method)
		if err != nil {
			return nil, err
		}
		return then(v.(*jsobj.Promise), realm, func(v jsobj.Value) (jsobj.Value, error) { return ok(realm, jsobj.Describe(v)), nil }), nil
	}
}

// counter adds one, with whatever pause between reading and writing.
func counter(pause func(a *Actor) *jsobj.Promise) func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
	return func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
		r := a.iso.realm
		if _, err := exec(a, "CREATE TABLE IF NOT EXISTS n (id INTEGER PRIMARY KEY, v INTEGER)"); err != nil {
			return nil, err
		}
		cursor, err := exec(a, "SELECT COALESCE(MAX(v), 0) AS v FROM n")
		if err != nil {
			return nil, err
		}
		row, err := r.Invoke(cursor.(jsobj.Object), "one")
		if err != nil {
			return nil, err
		}
		was := row.(*jsobj.Record).Own("v").(float64)
		return then(pause(a), r, func(jsobj.Value) (jsobj.Value, error) {
			_, err := exec(a, "INSERT INTO n VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET v = excluded.v", was+1)
			return was + 1, err
		}), nil
	}
}

func noPause(a *Actor) *jsobj.Promise { return a.iso.realm.Resolved(jsobj.Undefined{}) }

func fetchPause(a *Actor) *jsobj.Promise {
	v, err := a.iso.realm.Invoke(a.iso.realm.Global, "fetch", "https://far.example/")
	if err != nil {
		return a.iso.realm.Rejected(a.iso.realm.Caught(err))
	}
	return v.(*jsobj.Promise)
}

func twenty(t *testing.T, pause func(a *Actor) *jsobj.Promise) map[string]int {
	t.Helper()
	r := deploy(t, &script{fetch: callObject("add"), call: counter(pause)})
	r.Servers["far.example"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	var results []*result
	for range 20 {
		results = append(results, r.send("/"))
	}
	r.advance(time.Minute)
	seen := map[string]int{}
	for _, res := range results {
		require.NoError(t, res.err)
		seen[string(res.Body)]++
	}
	return seen
}

// As measured on workerd: storage alone is serialised, an await of fetch in
// between loses updates (research/platform-queue-polling.md).
func TestInputGateDoesNotCoverFetch(t *testing.T) {
	require.Len(t, twenty(t, noPause), 20)
	require.Less(t, len(twenty(t, fetchPause)), 20)
}

func TestOutputGate(t *testing.T) {
	// Occasions for a crash: the call, then sql.exec three times, then the
	// confirmation of what they wrote.
	for nth := 2; nth <= 6; nth++ {
		r := deploy(t, &script{fetch: callObject("add"), call: counter(noPause)}, platform.Hit{Fault: platform.Crash, Nth: nth})
		res := r.send("/")
		r.advance(time.Minute)
		o := r.worker.Object("Obj", "one")
		rows, err := o.Storage.Exec("SELECT v FROM n", nil)
		if nth < 6 {
			require.Error(t, res.err, "occasion %d: nothing left the object", nth)
			continue
		}
		// The caller's own isolate died at the answer: the write is there.
		require.Error(t, res.err)
		require.NoError(t, err)
		require.Len(t, rows.Values, 1)
	}
	r := deploy(t, &script{fetch: callObject("add"), call: counter(noPause)})
	res := r.send("/")
	r.advance(time.Minute)
	require.NoError(t, res.err)
	require.Equal(t, "1", string(res.Body))
}

func TestEvictionKeepsStorageOnly(t *testing.T) {
	s := &script{fetch: callObject("add"), call: counter(noPause)}
	r := deploy(t, s, platform.Hit{Fault: platform.ObjectEvict, Nth: 1})
	for want := range 3 {
		res := r.send("/")
		r.advance(time.Minute)
		require.NoError(t, res.err)
		require.Equal(t, jsobj.FormatNumber(float64(want+1)), string(res.Body))
	}
	require.Equal(t, 2, s.objects)
}

func TestAlarmIsAtLeastOnce(t *testing.T) {
	tests := []struct {
		name    string
		planned []platform.Hit
		fail    int // how often the handler throws
		want    int // how often it runs
		last    time.Duration
	}{
		{"once", nil, 0, 1, time.Minute},
		{"late", []platform.Hit{{Fault: platform.AlarmLate, Nth: 1}}, 0, 1, 0},
		{"twice", []platform.Hit{{Fault: platform.AlarmTwice, Nth: 1}}, 0, 2, 0},
		{"retried", nil, 2, 3, time.Minute + 6*time.Second},
		{"given up", nil, 99, 7, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			runs, last := 0, time.Time{}
			r := deploy(t, &script{fetch: callObject("arm"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
				v, err := a.iso.realm.Invoke(storageOf(a), "setAlarm", float64(start.Add(time.Minute).UnixMilli()))
				if err != nil {
					return nil, err
				}
				return v.(*jsobj.Promise), nil
			}, alarm: func(a *Actor) (*jsobj.Promise, error) {
				runs++
				last = a.iso.Now()
				if runs <= tt.fail {
					return nil, a.iso.realm.Fail("not yet")
				}
				return a.iso.realm.Resolved(jsobj.Undefined{}), nil
			}}, tt.planned...)
			r.send("/")
			r.advance(time.Hour)
			require.Equal(t, tt.want, runs)
			if tt.last != 0 {
				require.Equal(t, tt.last, last.Sub(start).Truncate(time.Second))
			}
			_, set, err := r.worker.Object("Obj", "one").Storage.Alarm()
			require.NoError(t, err)
			require.False(t, set)
		})
	}
}

func TestAlarmSurvivesACrash(t *testing.T) {
	for nth := 2; nth < 12; nth++ {
		done := 0
		r := deploy(t, &script{fetch: callObject("arm"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
			if _, err := a.iso.realm.Invoke(storageOf(a), "setAlarm", float64(start.Add(time.Minute).UnixMilli())); err != nil {
				return nil, err
			}
			return a.iso.realm.Resolved("armed"), nil
		}, alarm: func(a *Actor) (*jsobj.Promise, error) {
			return then(invoke(a.iso, "KV", "get", "k"), a.iso.realm, func(jsobj.Value) (jsobj.Value, error) {
				done++
				return jsobj.Undefined{}, nil
			}), nil
		}}, platform.Hit{Fault: platform.Crash, Nth: nth})
		res := r.send("/")
		r.advance(time.Hour)
		if res.err == nil {
			require.Positive(t, done, "crash %d: the alarm was confirmed, so it fires", nth)
		}
	}
}

func TestBlockConcurrencyWhile(t *testing.T) {
	r := deploy(t, &script{fetch: callObject("add"), call: func(a *Actor, m string, args []jsobj.Value) (*jsobj.Promise, error) {
		realm := a.iso.realm
		out := realm.NewPromise()
		body := jsobj.NewFunction("body", func(*jsobj.Call) (jsobj.Value, error) {
			p, err := counter(fetchPause)(a, m, args)
			if err != nil {
				return nil, err
			}
			p.Then(func(v jsobj.Value, _ bool) { out.Resolve(v) })
			return p, nil
		})
		_, err := realm.Invoke(a.state.(jsobj.Object), "blockConcurrencyWhile", body)
		return out, err
	}})
	r.Servers["far.example"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	seen := map[string]bool{}
	var results []*result
	for range 10 {
		results = append(results, r.send("/"))
	}
	r.advance(time.Minute)
	for _, res := range results {
		require.NoError(t, res.err)
		seen[string(res.Body)] = true
	}
	require.Len(t, seen, 10)
}

// TestOutputGateHoldsRequests: what an object sends to the outside waits until
// what it wrote before is durable; if that is lost, the outside has seen
// nothing.
func TestOutputGateHoldsRequests(t *testing.T) {
	for nth, seen := range map[int]bool{0: true, 5: false} { // 5: the confirmation
		var planned []platform.Hit
		if nth > 0 {
			planned = append(planned, platform.Hit{Fault: platform.Crash, Nth: nth})
		}
		r := deploy(t, &script{fetch: callObject("write"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
			if _, err := exec(a, "CREATE TABLE IF NOT EXISTS n (v INTEGER)"); err != nil {
				return nil, err
			}
			if _, err := exec(a, "INSERT INTO n VALUES (1)"); err != nil {
				return nil, err
			}
			return fetchPause(a), nil
		}}, planned...)
		asked, rows := false, 0
		r.Servers["far.example"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			asked = true
			require.Zero(t, r.worker.Object("Obj", "one").Storage.Unconfirmed())
		})
		r.send("/")
		r.advance(time.Minute)
		if got, err := r.worker.Object("Obj", "one").Storage.Exec("SELECT v FROM n", nil); err == nil {
			rows = len(got.Values)
		}
		require.Equal(t, seen, asked, "crash at %d", nth)
		if asked {
			require.Equal(t, 1, rows)
		}
	}
}
