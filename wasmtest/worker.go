package wasmtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/workerd"
)

// Worker is the Worker of this name.
func (e *Edge) Worker(name string) *DeployedWorker {
	e.helper()
	w := e.world.Worker(name)
	if w == nil {
		e.failf("wasmtest: there is no Worker %q", name)
		panic("wasmtest: there is no Worker " + name)
	}
	return &DeployedWorker{e, w}
}

// DeployedWorker is one of the Workers.
type DeployedWorker struct {
	edge   *Edge
	worker *workerd.Worker
}

// Subrequests are how many of each kind the busiest event of the Worker or of
// one of its objects made so far.
func (w *DeployedWorker) Subrequests() Subrequests { return Subrequests(w.worker.Most()) }

// Fetch is Edge.Fetch, to this Worker.
func (w *DeployedWorker) Fetch(r *http.Request) *http.Response {
	e := w.edge
	e.helper()
	var res *http.Response
	w.Send(r, func(p *http.Response) { res = p })
	e.run(e.Now().Add(maxAnswer), func() bool { return res != nil })
	if res == nil {
		e.failf("wasmtest: %s %s: no answer within %v of virtual time", r.Method, r.URL, maxAnswer)
		return response(r, workerd.Response{Status: 504})
	}
	return res
}

// Send is Edge.Send, to this Worker.
func (w *DeployedWorker) Send(r *http.Request, done func(*http.Response)) {
	q, err := request(r)
	if err != nil {
		w.edge.failf("wasmtest: reading the request: %v", err)
		return
	}
	if q.Location != "" && !slices.Contains(w.edge.world.Locations, q.Location) {
		w.edge.failf("wasmtest: there is no location %q in Config.Locations", q.Location)
		return
	}
	w.worker.Fetch(q, func(p workerd.Response, err error) {
		switch {
		case err == workerd.ErrGone:
			p = workerd.Response{Status: 499}
		case err != nil:
			p = workerd.Response{Status: 500, Body: []byte(err.Error())}
		}
		if done != nil {
			done(response(r, p))
		}
	})
}

// Kill kills every isolate of the Worker: memory gone, storage kept.
func (w *DeployedWorker) Kill() { w.worker.Kill() }

// Recycle replaces every idle isolate of the Worker.
func (w *DeployedWorker) Recycle() { w.worker.Recycle() }

// At has a request arrive at a location, one of Config.Locations.
func At(r *http.Request, location string) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), locationKey{}, location))
}

type locationKey struct{}

func request(r *http.Request) (workerd.Request, error) {
	u := *r.URL
	if u.Host == "" {
		u.Host = r.Host
	}
	if u.Scheme == "" {
		u.Scheme = "https"
	}
	q := workerd.Request{Method: r.Method, URL: u.String()}
	q.Location, _ = r.Context().Value(locationKey{}).(string)
	names := headerNames(r.Header)
	if r.Header.Get("Host") == "" && u.Host != "" {
		q.Header = append(q.Header, jsobj.Field{Name: "host", Value: u.Host})
	}
	for _, name := range names {
		for _, v := range r.Header[name] {
			q.Header = append(q.Header, jsobj.Field{Name: name, Value: v})
		}
	}
	if r.Body == nil || r.Body == http.NoBody {
		return q, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return q, err
	}
	if q.Body = body; body == nil {
		q.Body = []byte{}
	}
	if r.ContentLength >= 0 && r.Header.Get("Content-Length") == "" {
		q.Header = append(q.Header, jsobj.Field{Name: "content-length", Value: fmt.Sprint(len(body))})
	}
	return q, nil
}

func response(r *http.Request, p workerd.Response) *http.Response {
	res := &http.Response{
		StatusCode: p.Status, Status: fmt.Sprintf("%d %s", p.Status, http.StatusText(p.Status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(p.Body)), ContentLength: int64(len(p.Body)),
	}
	for _, f := range p.Header {
		res.Header.Add(f.Name, f.Value)
	}
	return res
}
