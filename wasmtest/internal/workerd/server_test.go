package workerd

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// TestServers: what a fake server can do to a fetch, by the clock.
func TestServers(t *testing.T) {
	acted := 0
	late := func(w http.ResponseWriter, d time.Duration) { w.(interface{ Late(time.Duration) }).Late(d) }
	tests := []struct {
		name   string
		server http.HandlerFunc
		want   string // what the guest saw, within a minute
		after  time.Duration
	}{
		{"whole request", func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s %s", r.Method, r.URL.RequestURI(), r.Header.Get("X-Key"), b)
		}, "200 POST /p?q=1 k body", 0},
		{"answers late", func(w http.ResponseWriter, _ *http.Request) {
			late(w, 20*time.Second)
			w.WriteHeader(http.StatusCreated)
		}, "201 ", 20 * time.Second},
		{"trickles", func(w http.ResponseWriter, _ *http.Request) {
			for i := range 3 {
				fmt.Fprint(w, i)
				late(w, 5*time.Second)
			}
		}, "200 012", 15 * time.Second},
		{"breaks after acting", func(http.ResponseWriter, *http.Request) { acted++; panic(http.ErrAbortHandler) }, "Error: Network connection lost.", 0},
		{"breaks in the body", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half")
			late(w, time.Second)
			panic(http.ErrAbortHandler)
		}, "Error: Network connection lost.", time.Second},
		{"silent after acting", func(http.ResponseWriter, *http.Request) { acted++; panic(ErrSilent) }, "TimeoutError: The operation was aborted due to timeout", 30 * time.Second},
		{"silent in the body", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half")
			panic(ErrSilent)
		}, "TimeoutError: The operation was aborted due to timeout", 30 * time.Second},
		{"trickles past the deadline", func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, "half")
			late(w, time.Hour)
		}, "TimeoutError: The operation was aborted due to timeout", 30 * time.Second},
		{"late past the deadline", func(w http.ResponseWriter, _ *http.Request) { acted++; late(w, time.Hour) }, "TimeoutError: The operation was aborted due to timeout", 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
				realm := c.iso.realm
				signal, err := realm.Invoke(realm.AbortSignalClass(), "timeout", 30_000.0)
				require.NoError(t, err)
				init := realm.NewRecord().With("method", "POST").With("body", "body").With("signal", signal).
					With("headers", realm.NewHeaders(jsobj.Field{Name: "x-key", Value: "k"}))
				fetched, err := c.iso.fetch(&jsobj.Call{Realm: realm, Args: []jsobj.Value{"https://out.example/p?q=1", init}})
				require.NoError(t, err)
				out := realm.NewPromise()
				failed := func(v jsobj.Value) { out.Resolve(ok(realm, jsobj.Describe(v))) }
				fetched.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
					if rejected {
						failed(v)
						return
					}
					p := v.(*jsobj.Response)
					p.Stream().ReadAll(func(b []byte, failure jsobj.Value) {
						if failure != nil {
							failed(failure)
							return
						}
						out.Resolve(ok(realm, fmt.Sprintf("%d %s", p.Status, b)))
					})
				})
				return out, nil
			}})
			r.Servers["out.example"] = tt.server
			res := r.send("/")
			r.advance(time.Minute)
			require.NoError(t, res.err)
			require.Equal(t, tt.want, string(res.Body))
			require.Equal(t, tt.after, res.at.Sub(start).Truncate(time.Second))
			require.Empty(t, r.Leaks())
		})
	}
	require.Equal(t, 3, acted)
}

// TestSlowBody: the head is there at once, the body within a minute.
func TestSlowBody(t *testing.T) {
	r := deploy(t, &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		realm, out := c.iso.realm, c.iso.realm.NewPromise()
		fetched, err := realm.Invoke(realm.Global, "fetch", "https://out.example/")
		require.NoError(t, err)
		fetched.(*jsobj.Promise).Then(func(v jsobj.Value, _ bool) {
			require.Less(t, c.iso.Now().Sub(start), time.Second)
			v.(*jsobj.Response).Stream().ReadAll(func(b []byte, _ jsobj.Value) { out.Resolve(ok(realm, string(b))) })
		})
		return out, nil
	}}, platform.Hit{Fault: platform.FetchSlow, Nth: 1})
	r.Servers["out.example"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "a body in pieces") })
	res := r.send("/")
	r.advance(2 * time.Minute)
	require.NoError(t, res.err)
	require.Equal(t, "a body in pieces", string(res.Body))
	require.Greater(t, res.at.Sub(start), 3*time.Second)
}
