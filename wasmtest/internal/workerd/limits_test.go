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

// goFetch is fetch(url, {signal: AbortSignal.timeout(ms)}); 0 ms: no signal.
func goFetch(t *testing.T, iso *Isolate, url string, ms float64) *jsobj.Promise {
	init := iso.realm.NewRecord()
	if ms > 0 {
		signal, err := iso.realm.Invoke(iso.realm.AbortSignalClass(), "timeout", ms)
		require.NoError(t, err)
		init.With("signal", signal)
	}
	v, err := iso.realm.Invoke(iso.realm.Global, "fetch", url, init)
	require.NoError(t, err)
	return v.(*jsobj.Promise)
}

// settled answers when all promises are, with how each ended.
func settled(iso *Isolate, list ...*jsobj.Promise) *jsobj.Promise {
	out, open, ends := iso.realm.NewPromise(), len(list), make([]string, len(list))
	for i, p := range list {
		p.Then(func(v jsobj.Value, rejected bool) {
			ends[i] = "ok"
			if rejected {
				ends[i] = jsobj.Describe(v)
			}
			if open--; open == 0 {
				out.Resolve(ok(iso.realm, fmt.Sprint(ends)))
			}
		})
	}
	return out
}

const (
	tooMany    = "Error: Too many subrequests by single Worker invocation. To configure this limit, refer to https://developers.cloudflare.com/workers/wrangler/configuration/#limits"
	tooManyAPI = "Error: Too many API requests by single Worker invocation. To configure this limit, refer to https://developers.cloudflare.com/workers/wrangler/configuration/#limits"
)

func TestTooManySubrequests(t *testing.T) {
	kv := func(c *Context) *jsobj.Promise { return invoke(c.iso, "KV", "get", "k") }
	far := func(path string) func(c *Context) *jsobj.Promise {
		return func(c *Context) *jsobj.Promise { return goFetch(t, c.iso, "https://far.example"+path, 0) }
	}
	service := func(c *Context) *jsobj.Promise { return invoke(c.iso, "SELF", "fetch", "https://w.example/inner") }
	object := func(c *Context) *jsobj.Promise {
		p, err := callObject("m")(c, nil)
		require.NoError(t, err)
		return p
	}
	tests := map[string]struct {
		calls []func(c *Context) *jsobj.Promise
		want  []string
	}{
		"fetches":              {calls(far("/"), 3), []string{"ok", "ok", tooMany}},
		"a redirect":           {append(calls(far("/moved"), 1), far("/")), []string{"ok", tooMany}},
		"the last redirect":    {append(calls(far("/"), 1), far("/moved")), []string{"ok", tooMany}},
		"services":             {append(calls(service, 1), far("/"), service), []string{"ok", "ok", tooMany}},
		"KV":                   {calls(kv, 4), []string{"ok", "ok", "ok", tooManyAPI}},
		"objects":              {append(calls(object, 3), kv), []string{"ok", "ok", "ok", tooManyAPI}},
		"each kind by itself":  {append(calls(kv, 3), far("/"), far("/")), []string{"ok", "ok", "ok", "ok", "ok"}},
		"what else is counted": {every(), []string{"ok", "ok", "ok", tooManyAPI, tooManyAPI}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
				if q.URL == "https://w.example/inner" {
					return c.iso.realm.Resolved(ok(c.iso.realm, "inner")), nil
				}
				// One after the other, so that a redirect is over.
				var next func(i int, ends []string) *jsobj.Promise
				next = func(i int, ends []string) *jsobj.Promise {
					if i == len(tt.calls) {
						return c.iso.realm.Resolved(ok(c.iso.realm, fmt.Sprint(ends)))
					}
					out := c.iso.realm.NewPromise()
					tt.calls[i](c).Then(func(v jsobj.Value, rejected bool) {
						end := "ok"
						if rejected {
							end = jsobj.Describe(v)
						}
						next(i+1, append(ends, end)).Then(func(v jsobj.Value, _ bool) { out.Resolve(v) })
					})
					return out
				}
				return next(0, nil), nil
			}, call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
				return invoke(a.iso, "KV", "get", "k"), nil
			}})
			r.worker.Limits = platform.Subrequests{Outside: 2, Inside: 3}
			r.Servers["far.example"] = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.URL.Path == "/moved" {
					http.Redirect(w, q, "/", http.StatusFound)
				}
			})
			res := r.send("/")
			r.advance(time.Minute)
			require.NoError(t, res.err)
			require.Equal(t, fmt.Sprint(tt.want), string(res.Body))
			again := r.send("/")
			r.advance(time.Minute)
			require.Equal(t, string(res.Body), string(again.Body), "each invocation has a limit of its own")
			require.Empty(t, r.Leaks())
		})
	}
}

func calls(call func(c *Context) *jsobj.Promise, n int) (list []func(c *Context) *jsobj.Promise) {
	for range n {
		list = append(list, call)
	}
	return list
}

// every calls a service of each kind beside KV and objects.
func every() (list []func(c *Context) *jsobj.Promise) {
	binding := func(name, method string, args ...jsobj.Value) func(c *Context) *jsobj.Promise {
		return func(c *Context) *jsobj.Promise { return invoke(c.iso, name, method, args...) }
	}
	query := func(c *Context) *jsobj.Promise {
		statement, err := c.iso.realm.Invoke(c.iso.env.Own("DB").(jsobj.Object), "prepare", "SELECT 1")
		if err != nil {
			return c.iso.realm.Rejected(c.iso.realm.Caught(err))
		}
		v, err := c.iso.realm.Invoke(statement.(jsobj.Object), "run")
		if err != nil {
			return c.iso.realm.Rejected(c.iso.realm.Caught(err))
		}
		return v.(*jsobj.Promise)
	}
	return append(list, binding("Q", "send", "m"), binding("R2", "put", "k", "v"), query, binding("Q", "send", "m"), query)
}

// TestObjectIsToppedUp: an object's events share its context, and each has a
// limit of its own.
func TestObjectIsToppedUp(t *testing.T) {
	r := deploy(t, &script{fetch: callObject("m"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
		return then(invoke(a.iso, "KV", "get", "k"), a.iso.realm, func(jsobj.Value) (jsobj.Value, error) {
			return invoke(a.iso, "KV", "get", "k"), nil
		}), nil
	}})
	r.worker.Limits = platform.Subrequests{Outside: 1, Inside: 2}
	for range 3 {
		res := r.send("/")
		r.advance(time.Second)
		require.NoError(t, res.err)
	}
}

// TestSeventhConnectionWaits: six connections of an invocation may wait for
// headers; the next is made when one of them has its.
func TestSeventhConnectionWaits(t *testing.T) {
	kv := func(c *Context) *jsobj.Promise { return invoke(c.iso, "KV", "get", "k") }
	tests := map[string]struct {
		seventh func(c *Context) *jsobj.Promise
		waits   bool
	}{
		"fetch":   {func(c *Context) *jsobj.Promise { return goFetch(t, c.iso, "https://far.example/quick", 0) }, true},
		"KV":      {kv, true},
		"a queue": {func(c *Context) *jsobj.Promise { return invoke(c.iso, "Q", "send", "m") }, true},
		"R2":      {func(c *Context) *jsobj.Promise { return invoke(c.iso, "R2", "get", "k") }, true},
		"an object": {func(c *Context) *jsobj.Promise {
			p, err := callObject("m")(c, nil)
			require.NoError(t, err)
			return p
		}, false},
		"a service, until it connects": {func(c *Context) *jsobj.Promise { return invoke(c.iso, "SELF", "fetch", "https://w.example/inner") }, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var done time.Time
			r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
				if q.URL == "https://w.example/inner" {
					return then(kv(c), c.iso.realm, func(jsobj.Value) (jsobj.Value, error) { return ok(c.iso.realm, "inner"), nil }), nil
				}
				var list []*jsobj.Promise
				for range platform.MaxConnections {
					list = append(list, goFetch(t, c.iso, "https://far.example/slow", 0))
				}
				seventh := tt.seventh(c)
				seventh.Then(func(jsobj.Value, bool) { done = c.iso.Now() })
				return settled(c.iso, append(list, seventh)...), nil
			}, call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
				return a.iso.realm.Resolved("x"), nil
			}})
			r.Servers["far.example"] = http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				if q.URL.Path == "/slow" {
					w.(interface{ Late(time.Duration) }).Late(10 * time.Second)
					w.WriteHeader(200)
					w.(interface{ Late(time.Duration) }).Late(time.Hour) // the body takes no place
				}
			})
			res := r.send("/")
			r.advance(time.Minute)
			require.NoError(t, res.err)
			require.Equal(t, "[ok ok ok ok ok ok ok]", string(res.Body))
			if tt.waits {
				require.Greater(t, done.Sub(start), 10*time.Second)
			} else {
				require.Less(t, done.Sub(start), time.Second)
			}
		})
	}
}

// TestWaitingConnectionIsGivenUp: one that waits and is aborted, or whose event
// ends, never reaches the server, and its place in the line is free.
func TestWaitingConnectionIsGivenUp(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		var list []*jsobj.Promise
		for range platform.MaxConnections {
			list = append(list, goFetch(t, c.iso, "https://far.example/silent", 10_000))
		}
		list = append(list, goFetch(t, c.iso, "https://far.example/impatient", 5_000), goFetch(t, c.iso, "https://far.example/patient", 20_000))
		return settled(c.iso, list...), nil
	}})
	paths := map[string]time.Duration{}
	r.Servers["far.example"] = http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		paths[q.URL.Path] = r.Now().Sub(start).Truncate(time.Second)
		if q.URL.Path == "/silent" {
			panic(ErrSilent)
		}
	})
	res := r.send("/")
	r.advance(time.Minute)
	require.NoError(t, res.err)
	timedOut := "TimeoutError: The operation was aborted due to timeout"
	require.Equal(t, fmt.Sprint([]string{timedOut, timedOut, timedOut, timedOut, timedOut, timedOut, timedOut, "ok"}), string(res.Body))
	require.Equal(t, map[string]time.Duration{"/silent": 0, "/patient": 10 * time.Second}, paths)
}
