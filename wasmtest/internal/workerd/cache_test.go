package workerd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/stretchr/testify/require"
)

func TestFreshFor(t *testing.T) {
	r := new(jsobj.Realm) // headers need no more
	expires := func(d time.Duration) string {
		return "expires: " + start.Add(d).Format("Mon, 02 Jan 2006 15:04:05 GMT")
	}
	tests := []struct {
		status int
		fields []string
		want   time.Duration
	}{
		{200, nil, 2 * time.Hour},
		{301, nil, 2 * time.Hour},
		{302, nil, 20 * time.Minute},
		{404, nil, 3 * time.Minute},
		{500, nil, 0},
		{500, []string{"cache-control: max-age=5"}, 5 * time.Second},
		{200, []string{"cache-control: public, MAX-AGE=5"}, 5 * time.Second},
		{200, []string{"cache-control: max-age=5, s-maxage=\"7\""}, 7 * time.Second},
		{200, []string{"cache-control: max-age=5", expires(time.Hour)}, 5 * time.Second},
		{200, []string{"cache-control: max-age=soon"}, 0},
		{200, []string{"cache-control: max-age=0"}, 0},
		{200, []string{"cache-control: max-age=5, no-store"}, 0},
		{200, []string{"cache-control: private"}, 0},
		{200, []string{"cache-control: no-cache"}, 0},
		{200, []string{expires(time.Hour)}, time.Hour},
		{200, []string{expires(-time.Hour)}, -time.Hour},
		{200, []string{"expires: 0"}, 0},
		{200, []string{"cache-control: max-age=5", "set-cookie: a=b"}, 0},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, freshFor(start, tt.status, headers(r, tt.fields...)), "%d %q", tt.status, tt.fields)
	}
}

func headers(r *jsobj.Realm, fields ...string) *jsobj.Headers {
	var list []jsobj.Field
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		list = append(list, jsobj.Field{Name: name, Value: value})
	}
	return r.NewHeaders(list...)
}

// TestCache: what is put is matched at its location, in its cache, under its
// URL, while it is fresh, until it is deleted.
func TestCache(t *testing.T) {
	s := &script{}
	r := deploy(t, s)
	r.Locations = []string{"fra", "nrt"}
	call := func(location, cache, method string, args func(*jsobj.Realm) []jsobj.Value) string {
		s.fetch = func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
			realm, out := c.iso.realm, c.iso.realm.NewPromise()
			caches := c.iso.cacheStorage().(jsobj.Object)
			object, err := caches.Get(realm, "default")
			if cache != "default" {
				object, err = realm.Invoke(caches, "open", cache)
				object, _, _ = object.(*jsobj.Promise).Done()
			}
			if err != nil {
				return nil, err
			}
			v, err := realm.Invoke(object.(jsobj.Object), method, args(realm)...)
			if err != nil {
				return nil, err
			}
			v.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
				p, found := v.(*jsobj.Response)
				if !found {
					out.Resolve(ok(realm, fmt.Sprint(rejected, " ", jsobj.Describe(v))))
					return
				}
				status, _ := p.Headers.Lookup("cf-cache-status")
				age, _ := p.Headers.Lookup("age")
				p.Stream().ReadAll(func(b []byte, _ jsobj.Value) {
					out.Resolve(ok(realm, fmt.Sprintf("%d %s %s %ss", p.Status, b, status, age)))
				})
			})
			return out, nil
		}
		var answer string
		r.worker.Fetch(Request{Method: "GET", URL: "https://w.example/", Location: location}, func(p Response, err error) {
			answer = string(p.Body)
			if err != nil {
				answer = remote(err)
			}
		})
		r.advance(time.Second)
		return answer
	}
	url := func(url string) func(*jsobj.Realm) []jsobj.Value {
		return func(*jsobj.Realm) []jsobj.Value { return []jsobj.Value{url} }
	}
	request := func(method string, fields ...string) func(*jsobj.Realm) []jsobj.Value {
		return func(r *jsobj.Realm) []jsobj.Value {
			return []jsobj.Value{r.NewRequest(method, "https://w.example/a", headers(r, fields...), nil)}
		}
	}
	put := func(method string, status int, fields ...string) func(*jsobj.Realm) []jsobj.Value {
		return func(r *jsobj.Realm) []jsobj.Value {
			return append(request(method)(r), r.NewResponse(status, headers(r, fields...), r.StreamOf([]byte("kept"))))
		}
	}
	const none = "false undefined"
	a := url("https://w.example/a")
	require.Equal(t, none, call("fra", "default", "match", a))
	require.Equal(t, none, call("fra", "default", "put", put("GET", 200, "cache-control: max-age=60")))
	r.advance(time.Second / 2)
	require.Equal(t, "200 kept HIT 1s", call("fra", "default", "match", a))
	require.Equal(t, none, call("fra", "default", "match", url("https://w.example/b")))
	require.Equal(t, none, call("fra", "named", "match", a), "another cache")
	require.Equal(t, none, call("nrt", "default", "match", a), "another location")
	require.Equal(t, none, call("fra", "default", "match", request("HEAD")))
	ignore := func(r *jsobj.Realm) []jsobj.Value {
		return append(request("HEAD")(r), r.NewRecord().With("ignoreMethod", true))
	}
	require.Contains(t, call("fra", "default", "match", ignore), "200 kept HIT")
	require.Equal(t, "false false", call("fra", "default", "delete", url("https://w.example/b")))
	require.Equal(t, "false true", call("fra", "default", "delete", a))
	require.Equal(t, none, call("fra", "default", "match", a))

	// Fresh for a minute, and no longer.
	call("fra", "named", "put", put("GET", 200, "cache-control: max-age=60"))
	r.advance(57*time.Second + time.Second/2)
	require.Equal(t, "200 kept HIT 58s", call("fra", "named", "match", a))
	r.advance(time.Second / 2)
	require.Equal(t, none, call("fra", "named", "match", a))
	require.Equal(t, "false false", call("fra", "named", "delete", a))

	// What must not be kept is not kept, or refused.
	require.Equal(t, none, call("fra", "default", "put", put("GET", 200, "cache-control: no-store")))
	require.Equal(t, none, call("fra", "default", "match", a))
	require.Equal(t, "Cannot cache response to non-GET request.", call("fra", "default", "put", put("POST", 200)))
	require.Equal(t, "Cannot cache response with 'Vary: *' header.", call("fra", "default", "put", put("GET", 200, "vary: *")))
	require.Contains(t, call("fra", "default", "put", put("GET", 206)), "Cannot cache response to a range request")
}
