package workerd

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// cached is a response in a cache, and until when.
type cached struct {
	Response
	since, until time.Time
}

// cachePlace names a cache: each location has its own, and none sees another's.
type cachePlace struct{ location, name string }

func (w *World) cache(p cachePlace) map[string]cached {
	if w.caches[p] == nil {
		w.caches[p] = map[string]cached{}
	}
	return w.caches[p]
}

// cacheStorage is globalThis.caches.
// https://developers.cloudflare.com/workers/runtime-apis/cache/ (read 2026-11-26)
func (iso *Isolate) cacheStorage() jsobj.Value {
	n := iso.realm.NewNamespace("CacheStorage", map[string]jsobj.Func{
		"open": func(c *jsobj.Call) (jsobj.Value, error) {
			name, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			return iso.realm.Resolved(iso.cacheObject("name " + name)), nil
		},
	})
	n.Define("default", iso.cacheObject("default"))
	return n
}

func (iso *Isolate) cacheObject(name string) jsobj.Value {
	place := cachePlace{iso.location, name}
	return iso.realm.NewNamespace("Cache", map[string]jsobj.Func{
		"put":    func(c *jsobj.Call) (jsobj.Value, error) { return iso.cachePut(place, c) },
		"match":  func(c *jsobj.Call) (jsobj.Value, error) { return iso.cacheMatch(place, c) },
		"delete": func(c *jsobj.Call) (jsobj.Value, error) { return iso.cacheDelete(place, c) },
	})
}

// cacheKey is the URL that a match or delete asks for; ok is false where the
// method alone says that there is nothing.
func (iso *Isolate) cacheKey(what string, c *jsobj.Call) (q *jsobj.Request, ok bool, err error) {
	if q, err = iso.realm.MakeRequest(c.Arg(0), jsobj.Undefined{}); err != nil {
		return nil, false, err
	}
	if err := known(what, c.Arg(1), "ignoreMethod"); err != nil {
		return nil, false, err
	}
	return q, q.Method == http.MethodGet || option(c.Arg(1), "ignoreMethod") == true, nil
}

// conditional are the headers that make match answer 206 or 304, which
// wasmtest does not.
var conditional = []string{"range", "if-none-match", "if-modified-since"}

func (iso *Isolate) cacheMatch(place cachePlace, c *jsobj.Call) (jsobj.Value, error) {
	q, ok, err := iso.cacheKey("Cache.match", c)
	if err != nil {
		return nil, err
	}
	for _, name := range conditional {
		if _, has := q.Headers.Lookup(name); has {
			return nil, &jsobj.Missing{Name: "Cache.match of a request with " + name}
		}
	}
	var hit cached
	return iso.promise("cache.match", q.URL, func(answer func()) {
		hit = iso.world.cache(place)[q.URL]
		ok = ok && iso.Now().Before(hit.until)
		iso.world.Tracef("cache.match %s at %s found %v", q.URL, place.location, ok)
		answer()
	}, func() (jsobj.Value, error) {
		if !ok {
			return jsobj.Undefined{}, nil
		}
		age := strconv.Itoa(int(iso.Now().Sub(hit.since) / time.Second))
		hit.Header = append(slices.Clone(hit.Header), jsobj.Field{Name: "cf-cache-status", Value: "HIT"}, jsobj.Field{Name: "age", Value: age})
		return iso.response(answer{Response: hit.Response}, 0), nil
	})
}

func (iso *Isolate) cacheDelete(place cachePlace, c *jsobj.Call) (jsobj.Value, error) {
	q, ok, err := iso.cacheKey("Cache.delete", c)
	if err != nil {
		return nil, err
	}
	return iso.promise("cache.delete", q.URL, func(answer func()) {
		entries := iso.world.cache(place)
		ok = ok && iso.Now().Before(entries[q.URL].until)
		if ok {
			delete(entries, q.URL)
		}
		answer()
	}, func() (jsobj.Value, error) { return ok, nil })
}

// cachePut refuses what the platform refuses. What its headers forbid to keep
// is not kept, without an error: workerd does not look at the cache's 413.
func (iso *Isolate) cachePut(place cachePlace, c *jsobj.Call) (jsobj.Value, error) {
	q, err := iso.realm.MakeRequest(c.Arg(0), jsobj.Undefined{})
	if err != nil {
		return nil, err
	}
	p, ok := c.Arg(1).(*jsobj.Response)
	vary := ""
	if ok {
		vary, _ = p.Headers.Lookup("vary")
	}
	switch {
	case !ok:
		return nil, iso.realm.TypeError("Cache.put: parameter 2 is not of type 'Response'.")
	case q.Method != http.MethodGet:
		return nil, iso.realm.TypeError("Cannot cache response to non-GET request.")
	case p.Status == http.StatusPartialContent:
		return nil, iso.realm.TypeError("Cannot cache response to a range request (206 Partial Content).")
	case strings.Contains(vary, "*"):
		return nil, iso.realm.TypeError("Cannot cache response with 'Vary: *' header.")
	}
	entry := cached{Response: Response{Status: p.Status, Header: slices.Clone(p.Headers.Fields())}}
	out := iso.realm.NewPromise()
	store := func(body []byte, failure jsobj.Value) {
		if failure != nil {
			out.Reject(failure)
			return
		}
		entry.Body = body
		v, err := iso.promise("cache.put", q.URL, func(answer func()) {
			if fresh := freshFor(iso.Now(), p.Status, p.Headers); fresh > 0 {
				entry.since, entry.until = iso.Now(), iso.Now().Add(fresh)
				iso.world.cache(place)[q.URL] = entry
			}
			answer()
		}, func() (jsobj.Value, error) { return jsobj.Undefined{}, nil })
		out.Settle(v, err)
	}
	if p.Stream() == nil {
		store(nil, nil)
		return out, nil
	}
	p.Stream().ReadAll(store)
	return out, nil
}

// freshFor is how long a response is kept; zero: not at all. Set-Cookie keeps
// it out of the cache, s-maxage stands above max-age, max-age above Expires;
// without any of them the status decides.
// https://developers.cloudflare.com/cache/concepts/default-cache-behavior/
func freshFor(now time.Time, status int, h *jsobj.Headers) time.Duration {
	if _, has := h.Lookup("set-cookie"); has {
		return 0
	}
	control, _ := h.Lookup("cache-control")
	ages := map[string]time.Duration{}
	for directive := range strings.SplitSeq(strings.ToLower(control), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache", "private":
			return 0
		case "s-maxage", "max-age":
			seconds, _ := strconv.ParseInt(strings.Trim(value, `"`), 10, 32) // what is no number is stale already
			ages[name] = time.Duration(seconds) * time.Second
		}
	}
	for _, name := range []string{"s-maxage", "max-age"} {
		if age, has := ages[name]; has {
			return age
		}
	}
	if text, has := h.Lookup("expires"); has {
		at, err := http.ParseTime(text)
		if err != nil {
			return 0
		}
		return at.Sub(now)
	}
	switch status {
	case 200, 301:
		return 2 * time.Hour
	case 302, 303:
		return 20 * time.Minute
	case 404, 410:
		return 3 * time.Minute
	}
	return 0
}
