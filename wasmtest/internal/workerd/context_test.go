package workerd

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

func TestEventThatWaitsForNothingHangs(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		return c.iso.realm.NewPromise(), nil
	}})
	require.ErrorIs(t, r.send("/").err, ErrHung)
}

// The rule that killed overlapping time.Sleep handlers on real workerd: a
// timer belongs to the event that started it, and waiting for another event's
// timer is waiting for nothing (DESIGN §3 rule 1).
func TestWaitingForAnotherEventHangs(t *testing.T) {
	var shared *jsobj.Promise
	r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		realm := c.iso.realm
		if shared == nil {
			shared = realm.NewPromise()
			c.iso.After(time.Second, "setTimeout", func() { shared.Resolve("x") })
		}
		return then(shared, realm, func(jsobj.Value) (jsobj.Value, error) { return ok(realm, "done"), nil }), nil
	}})
	first, second := r.send("/"), r.send("/")
	r.advance(time.Minute)
	require.NoError(t, first.err)
	require.ErrorIs(t, second.err, ErrHung)
}

func TestReactionRunsInItsOwnEvent(t *testing.T) {
	var shared *jsobj.Promise
	var ran *Context
	r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		iso := c.iso
		if shared == nil { // the first settles what the second, which has I/O of its own, waits for
			shared = iso.realm.NewPromise()
			return then(invoke(iso, "KV", "get", "k"), iso.realm, func(jsobj.Value) (jsobj.Value, error) {
				shared.Resolve("x")
				return ok(iso.realm, "first"), nil
			}), nil
		}
		waited := then(shared, iso.realm, func(jsobj.Value) (jsobj.Value, error) {
			ran = iso.current
			require.Same(t, c, iso.current)
			return jsobj.Undefined{}, nil
		})
		slow := invoke(iso, "R2", "get", "k")
		return then(waited, iso.realm, func(jsobj.Value) (jsobj.Value, error) {
			return then(slow, iso.realm, func(jsobj.Value) (jsobj.Value, error) { return ok(iso.realm, "second"), nil }), nil
		}), nil
	}})
	first, second := r.send("/"), r.send("/")
	r.advance(time.Minute)
	require.NoError(t, first.err)
	require.NoError(t, second.err)
	require.NotNil(t, ran)
}

func TestLeaks(t *testing.T) {
	tests := []struct {
		what string
		do   func(c *Context)
	}{
		{"kv.put", func(c *Context) { invoke(c.iso, "KV", "put", "k", "v") }},
		{"setTimeout", func(c *Context) { c.iso.After(time.Hour, "setTimeout", func() {}) }},
		{"waitUntil", func(c *Context) { c.WaitUntil(c.iso.realm.NewPromise()) }},
	}
	for _, tt := range tests {
		r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
			tt.do(c)
			return c.iso.realm.Resolved(ok(c.iso.realm, "x")), nil
		}})
		require.NoError(t, r.send("/").err)
		require.Len(t, r.Leaks(), 1, tt.what)
		require.Equal(t, tt.what, r.Leaks()[0].What)
		r.worker.Allow = map[string]int{tt.what: 1}
		r.send("/")
		require.Len(t, r.Leaks(), 1, "allowed by name")
	}
}

func TestWaitUntilOutlivesTheResponse(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		c.WaitUntil(invoke(c.iso, "KV", "put", "k", "v"))
		return c.iso.realm.Resolved(ok(c.iso.realm, "x")), nil
	}})
	res := r.send("/")
	require.NoError(t, res.err)
	_, found := r.KV("kv").Latest("k")
	require.False(t, found)
	r.advance(time.Second)
	_, found = r.KV("kv").Latest("k")
	require.True(t, found)
	require.Empty(t, r.Leaks())
}

func TestOtherEventsBodyIsRefused(t *testing.T) {
	var kept *jsobj.Request
	r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		if kept == nil {
			kept = q
			return then(invoke(c.iso, "R2", "get", "k"), c.iso.realm, func(jsobj.Value) (jsobj.Value, error) { return ok(c.iso.realm, "1"), nil }), nil
		}
		v, err := c.iso.realm.Invoke(kept, "text")
		if err != nil {
			return nil, err
		}
		return v.(*jsobj.Promise), nil
	}})
	r.worker.Fetch(Request{Method: "POST", URL: "https://w.example/", Body: []byte("x")}, func(Response, error) {})
	require.ErrorContains(t, r.send("/").err, "Cannot perform I/O on behalf of a different request")
}

func TestKilledIsolateTakesItsEventsWithIt(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		return then(invoke(c.iso, "KV", "get", "k"), c.iso.realm, func(jsobj.Value) (jsobj.Value, error) { return ok(c.iso.realm, "x"), nil }), nil
	}}, platform.Hit{Fault: platform.Crash, Nth: 3})
	first := r.send("/")  // occasion 1
	second := r.send("/") // occasion 2; its or the first's answer is occasion 3
	r.advance(time.Second)
	require.True(t, Killed(first.err))
	require.True(t, Killed(second.err))
	again := r.send("/")
	r.advance(time.Second)
	require.NoError(t, again.err)
}

func TestFetchFaults(t *testing.T) {
	tests := []struct {
		fault platform.Fault
		seen  int // requests the far side acted on
		want  string
	}{
		{"", 1, "204"},
		{platform.FetchRefused, 0, "error"},
		{platform.FetchHang, 0, "timeout"},
		{platform.FetchLost, 1, "error"},
		{platform.FetchSilent, 1, "timeout"},
		{platform.FetchStatus, 0, "front"},
		{platform.FetchLate, 1, "late"},
	}
	for _, tt := range tests {
		var planned []platform.Hit
		if tt.fault != "" {
			planned = append(planned, platform.Hit{Fault: tt.fault, Nth: 1})
		}
		r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
			realm := c.iso.realm
			signal, err := realm.Invoke(realm.AbortSignalClass(), "timeout", 5000.0)
			require.NoError(t, err)
			v, err := realm.Invoke(realm.Global, "fetch", "https://far.example/x", realm.NewRecord().With("signal", signal))
			require.NoError(t, err)
			out := realm.NewPromise()
			v.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
				text := jsobj.Describe(v)
				if p, isResponse := v.(*jsobj.Response); isResponse && !rejected {
					text = fmt.Sprint(p.Status)
				}
				out.Resolve(ok(realm, text))
			})
			return out, nil
		}}, planned...)
		seen := 0
		r.Servers["far.example"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { seen++; w.WriteHeader(204) })
		res := r.send("/")
		r.advance(time.Minute)
		require.NoError(t, res.err)
		require.Equal(t, tt.seen, seen, tt.fault)
		switch got := string(res.Body); tt.want {
		case "error":
			require.Contains(t, got, "Error: ", tt.fault)
		case "timeout":
			require.Contains(t, got, "TimeoutError", tt.fault)
			require.Equal(t, 5*time.Second, res.at.Sub(start))
		case "late": // past this guest's patience of 5 s, or within it
			require.Greater(t, res.at.Sub(start), time.Second)
		case "front":
			require.Contains(t, []string{"429", "500", "503"}, got)
		default:
			require.Equal(t, tt.want, got)
		}
		require.Empty(t, r.Leaks())
	}
}

func TestFetchOfUnknownHostFailsTheTest(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		v, err := c.iso.realm.Invoke(c.iso.realm.Global, "fetch", "https://nobody.example/")
		require.NoError(t, err)
		return v.(*jsobj.Promise), nil
	}})
	r.send("/")
	r.advance(time.Second)
	require.ErrorContains(t, r.Failure(), `no server for host "nobody.example"`)
}
