package workerd

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// maxRedirects is how many redirects fetch follows (the Fetch standard).
const maxRedirects = 20

// fetch is globalThis.fetch: a request to one of the fake outside servers.
func (iso *Isolate) fetch(c *jsobj.Call) (jsobj.Value, error) {
	q, err := iso.realm.MakeRequest(c.Arg(0), c.Arg(1))
	if err != nil {
		return nil, err
	}
	if err := iso.hostCall("fetch"); err != nil {
		return nil, err
	}
	if err := iso.spend("fetch"); err != nil {
		return iso.refused(err)
	}
	f := &fetching{iso: iso, context: iso.current, out: iso.realm.NewPromise(), signal: q.Signal, redirect: q.Redirect, release: func() {}}
	f.pending = f.context.begin("fetch", func() { f.release() })
	if q.Signal != nil {
		q.Signal.OnAbort(func() {
			reason, _ := q.Signal.Aborted()
			f.end(func() { f.out.Reject(reason) })
		})
	}
	iso.departing(q, func(request Request, failure jsobj.Value) {
		if failure != nil {
			f.end(func() { f.out.Reject(failure) })
			return
		}
		iso.send(f.context, func() {
			if f.over {
				return
			}
			if f.release = f.context.connect("fetch", request.URL, func() { f.travel(request, 0) }); f.over {
				f.release() // it failed at once
			}
		})
	})
	return f.out, nil
}

// fetching is one fetch on its way.
type fetching struct {
	iso      *Isolate
	context  *Context
	pending  int
	out      *jsobj.Promise
	signal   *jsobj.AbortSignal
	redirect string
	over     bool
	release  func() // of its connection
	answer   func()
}

// end settles the fetch once, in a turn of its own event if it is not in one.
func (f *fetching) end(settle func()) {
	if f.over {
		return
	}
	f.over = true
	f.release()
	if f.iso.current == f.context {
		f.context.end(f.pending)
		settle()
		return
	}
	f.context.finish(f.pending, settle)
}

func (f *fetching) fail(message string) {
	f.end(func() { f.out.Reject(f.iso.realm.NewError("Error", message)) })
}

// travel takes a request to its server and the answer back. hops counts
// redirects.
func (f *fetching) travel(q Request, hops int) {
	w := f.iso.world
	u, err := url.Parse(q.URL)
	if err != nil {
		f.fail("Invalid URL: " + q.URL)
		return
	}
	detail := q.Method + " " + u.Host + u.Path
	if _, hang := w.Hit(platform.FetchHang); hang {
		return // no answer, ever; an abort signal or the event's own end is all that helps
	}
	server := w.Servers[u.Host]
	if server == nil {
		w.Fail(fmt.Errorf("wasmtest: %s: fetch %s: no server for host %q in Config.Servers", f.iso.name, q.URL, u.Host))
	}
	w.trip("fetch", f.iso.lane("fetch", ""), detail, func(answered func()) {
		var a answer
		if status, hit := w.Hit(platform.FetchStatus); hit {
			a.Response = frontAnswer(status.IntN(3))
		} else if server != nil {
			a = serve(server, q)
		}
		w.Tracef("fetch %s answered %d", detail, a.Status)
		if _, silent := w.Hit(platform.FetchSilent); silent || a.fate == ErrSilent && !a.headed {
			return
		}
		f.answer = func() { f.arrive(q, u, a, hops) }
		if a.fate != nil && !a.headed {
			f.answer = func() { f.fail(platform.ErrLost.Error()) }
		}
		if late, hit := w.Hit(platform.FetchLate); hit {
			a.late += late.Between(time.Second, lateMost)
		}
		if a.late > 0 {
			w.Loop.After(a.late, "fetch late", answered)
			return
		}
		answered()
	}, func(err error) {
		if err != nil {
			f.fail(err.Error())
			return
		}
		f.answer()
	})
}

// lateMost is how late an answer can be: within the 15 s that callers commonly
// wait, so that giving up earlier shows.
const lateMost = 14 * time.Second

// frontAnswer is what a load balancer says in place of its server.
func frontAnswer(i int) Response {
	status := []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}[i]
	r := Response{Status: status, Body: []byte(http.StatusText(status))}
	if status == http.StatusTooManyRequests {
		r.Header = []jsobj.Field{{Name: "retry-after", Value: "7"}}
	}
	return r
}

// arrive is the answer's arrival: a redirect goes on, all else is given to the
// guest, the body perhaps slowly.
func (f *fetching) arrive(q Request, from *url.URL, a answer, hops int) {
	w := f.iso.world
	redirects := []int{301, 302, 303, 307, 308}
	if to := location(a.Response); slices.Contains(redirects, a.Status) && to != "" && f.redirect != "manual" {
		next, err := from.Parse(to)
		if err != nil || f.redirect == "error" || hops == maxRedirects {
			f.fail("Too many redirects, or a redirect where none was allowed")
			return
		}
		q.URL = next.String()
		if a.Status == 303 || a.Status < 303 && q.Method == "POST" {
			q.Method, q.Body = "GET", nil
		}
		if err := f.context.spend(w.ops["fetch"]); err != nil {
			f.fail(err.Error())
			return
		}
		f.travel(q, hops+1)
		return
	}
	gap := time.Duration(0)
	if slow, hit := w.Hit(platform.FetchSlow); hit {
		gap = slow.Between(time.Second, 15*time.Second)
	}
	f.end(func() {
		p := f.iso.response(a, gap)
		p.URL = q.URL
		f.abortBody(p)
		f.out.Resolve(p)
	})
}

// abortBody makes the signal end a body that is still coming.
func (f *fetching) abortBody(p *jsobj.Response) {
	if f.signal == nil || p.Stream() == nil {
		return
	}
	f.signal.OnAbort(func() {
		reason, _ := f.signal.Aborted()
		p.Stream().Abort(reason)
	})
}

func location(r Response) string {
	for _, h := range r.Header {
		if http.CanonicalHeaderKey(h.Name) == "Location" {
			return h.Value
		}
	}
	return ""
}

// response is a response as the current context sees it; gap, if not zero,
// lies between the chunks of its body.
func (iso *Isolate) response(a answer, gap time.Duration) *jsobj.Response {
	var body *jsobj.Stream
	switch {
	case a.Status == http.StatusNoContent, a.Status == http.StatusResetContent, a.Status == http.StatusNotModified:
	case a.pieces != nil:
		body = iso.trickling(a)
	default:
		body = iso.arriving(a.Body, "response body", gap)
	}
	return iso.realm.NewResponse(a.Status, iso.realm.NewHeaders(a.Header...), body)
}
