package workerd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// ingress is shared/edge/ingress/ingress.mjs in Go: one instance, one packed
// message in and out, see that package's doc.go for the ABI.
type ingress struct {
	noEvents
	iso     *Isolate
	current *ingressInstance
	all     []*ingressInstance
	held    int                      // bytes of bodies, of all holders
	holders map[*ingressRequest]bool // requests that hold more than is free
}

// NewIngress is the glue of the public Worker.
func NewIngress(iso *Isolate) Glue { return &ingress{iso: iso, holders: map[*ingressRequest]bool{}} }

// Limits of ingress.mjs.
const (
	aheadMax = 32 << 10 // bytes of body that cross with the head
	headMax  = 32 << 10

	bodiesMax = 32 << 20  // bytes of bodies that an isolate holds
	freeMax   = aheadMax  // of each, what does not count
	wholeMax  = 256 << 10 // bytes up to which a body counts as declared
	holdMost  = 60 * time.Second
	memoryMax = 64 << 20 // of an instance
)

// Instances implements Glue.
func (g *ingress) Instances() []*gojs.Instance {
	var list []*gojs.Instance
	for _, in := range g.all {
		if in.guest.Err() == nil {
			list = append(list, in.guest)
		}
	}
	return list
}

// Fetch implements Glue: createWorker's fetch.
func (g *ingress) Fetch(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
	out := g.iso.realm.NewPromise()
	g.readAhead(q, func(body []byte, ahead bool, failure jsobj.Value) {
		if failure != nil { // the client broke off
			out.Resolve(g.iso.realm.NewResponse(400, g.iso.realm.NewHeaders(), nil))
			return
		}
		if g.current == nil || g.current.full() {
			if err := g.boot(); err != nil {
				out.Settle(nil, err)
				return
			}
		}
		if g.current.dead {
			out.Resolve(g.unavailable())
			return
		}
		out.Resolve(g.current.handle(c, q, body, ahead))
	})
	return out, nil
}

// readAhead reads a webhook's short body that says its length.
func (g *ingress) readAhead(q *jsobj.Request, done func(body []byte, ahead bool, failure jsobj.Value)) {
	if _, path, _ := strings.Cut(q.URL, "://"); !strings.HasPrefix(path[max(0, strings.IndexByte(path, '/')):], "/webhooks/") {
		done(nil, false, nil)
		return
	}
	n, declared := contentLength(q)
	if !declared {
		done(nil, q.Stream() == nil, nil)
		return
	}
	if n > aheadMax {
		done(nil, false, nil)
		return
	}
	if q.Stream() == nil { // content-length: 0
		done(nil, true, nil)
		return
	}
	q.Stream().ReadAll(func(b []byte, failure jsobj.Value) { done(b, true, failure) })
}

func contentLength(q *jsobj.Request) (int, bool) {
	text, ok := q.Headers.Lookup("content-length")
	return int(jsobj.ToNumber(text)), ok
}

func (g *ingress) unavailable() *jsobj.Response {
	const body = `{"type":"about:blank","title":"Service Unavailable","status":503,"code":"instance_restarted"}`
	h := g.iso.realm.NewHeaders(jsobj.Field{Name: "content-type", Value: "application/problem+json"}, jsobj.Field{Name: "retry-after", Value: "1"})
	return g.iso.realm.NewResponse(503, h, g.iso.realm.StreamOf([]byte(body)))
}

// boot starts an instance; if its main fails it is dead at once. One that was
// replaced goes when its last request has ended.
func (g *ingress) boot() error {
	g.all = slices.DeleteFunc(g.all, func(in *ingressInstance) bool {
		idle := len(in.requests) == 0
		if idle {
			in.guest.Close()
		}
		return idle
	})
	in := &ingressInstance{glue: g, iso: g.iso, requests: map[int32]*ingressRequest{}}
	guest, err := g.iso.Boot(in, nil, false, in.die)
	if err != nil {
		return err
	}
	in.guest = guest
	g.current = in
	g.all = append(g.all, in)
	if err := guest.Run(); err == nil && in.capacity == 0 {
		in.die(fmt.Errorf("main did not call ready"))
	}
	guest.Made()
	return nil
}

type ingressInstance struct {
	glue     *ingress
	iso      *Isolate
	guest    *gojs.Instance
	requests map[int32]*ingressRequest
	seq      int32
	scratch  uint32
	capacity uint32
	dead     bool
	retired  bool
}

type ingressRequest struct {
	context *Context
	request *jsobj.Request
	answer  func(*jsobj.Response) // nil for an instance that died
	held    int                   // bytes of its body that count
	since   time.Time
}

// full says that new requests need a fresh instance.
func (in *ingressInstance) full() bool {
	if in.dead || in.retired {
		return true
	}
	memory := in.guest.Memory()
	if memory < memoryMax {
		return false
	}
	in.retired = true
	in.iso.Log("log", fmt.Sprintf(`{"level":"info","event":"edge.instance_recycled","memory":%d,"in_flight":%d}`, memory, len(in.requests)))
	return true
}

// hold says whether a request may hold so many bytes of its body; if not, it
// holds none.
func (g *ingress) hold(r *ingressRequest, size int) bool {
	g.take(r, max(size-freeMax, 0))
	if g.held <= bodiesMax {
		return true
	}
	for other := range g.holders {
		if g.iso.Now().Sub(other.since) > holdMost {
			g.take(other, 0)
		}
	}
	if g.held <= bodiesMax {
		return true
	}
	g.take(r, 0)
	return false
}

func (g *ingress) take(r *ingressRequest, size int) {
	g.held += size - r.held
	r.held = size
	if size > 0 {
		g.holders[r] = true
	} else {
		delete(g.holders, r)
	}
}

func (in *ingressInstance) die(why error) {
	if in.dead {
		return
	}
	in.dead = true
	in.iso.Log("error", fmt.Sprintf(`{"level":"error","event":"edge.instance_died","why":%q,"in_flight":%d}`, why, len(in.requests)))
}

// handle enters the guest with a request; the promise gives its response.
func (in *ingressInstance) handle(c *Context, q *jsobj.Request, body []byte, ahead bool) *jsobj.Promise {
	in.seq = (in.seq + 1) & 0x7fffffff
	id, out := in.seq, in.iso.realm.NewPromise()
	r := &ingressRequest{context: c, request: q, since: in.iso.Now()}
	r.answer = func(p *jsobj.Response) {
		in.glue.take(r, 0)
		delete(in.requests, id)
		if p == nil {
			p = in.glue.unavailable()
		}
		out.Resolve(p)
	}
	in.requests[id] = r
	head, n := in.writeHead(q), int32(-1)
	to := in.guest.Bytes(in.scratch, in.capacity)
	if head >= 0 && ahead {
		n = int32(copy(to[head:], body))
	} else if ahead {
		n = int32(len(body))
	}
	if _, err := in.guest.Call("handle", uint64(id), uint64(uint32(head)), uint64(uint32(n))); err != nil {
		in.die(err)
	}
	if in.dead {
		r.answer(nil)
	}
	return out
}

// writeHead puts the head into scratch; -1 when it does not fit.
func (in *ingressInstance) writeHead(q *jsobj.Request) int32 {
	var head strings.Builder
	head.WriteString(q.Method + "\n" + q.URL + "\n")
	for _, f := range q.Headers.Combined() {
		head.WriteString(f.Name + "\n" + f.Value + "\n")
	}
	if head.Len() > headMax {
		return -1
	}
	return int32(copy(in.guest.Bytes(in.scratch, in.capacity), head.String()))
}

// settle resumes the call's coroutine once its work is done, or late.
func (in *ingressInstance) settle(r *ingressRequest, call int32, work *jsobj.Promise, ms int32) {
	open := true
	var cancel func()
	end := func(status int32, b []byte) {
		if open {
			open = false
			cancel()
			in.complete(r, call, status, b)
		}
	}
	cancel = in.iso.After(time.Duration(ms)*time.Millisecond, "edge deadline", func() { end(statusTimeout, nil) })
	work.Then(func(v jsobj.Value, rejected bool) {
		switch v := v.(type) {
		case float64:
			end(int32(v), nil)
		case *jsobj.Uint8Array:
			end(statusOK, v.Bytes())
		default:
			if rejected {
				in.logFailure("edge.call_failed", v)
				end(statusFailed, nil)
				return
			}
			end(statusOK, nil)
		}
	})
}

func (in *ingressInstance) logFailure(event string, v jsobj.Value) {
	text := jsobj.Describe(v)
	if e, ok := v.(*jsobj.Error); ok {
		text = e.Message
	}
	in.iso.Log("error", fmt.Sprintf(`{"level":"error","event":%q,"error":%q}`, event, text[:min(len(text), 200)]))
}

func (in *ingressInstance) complete(r *ingressRequest, call, status int32, b []byte) {
	if in.dead {
		r.answer(nil)
		return
	}
	if err := in.give(call, status, b); err != nil {
		in.die(err)
	}
	if in.dead {
		r.answer(nil)
	}
}

func (in *ingressInstance) give(call, status int32, b []byte) error {
	if len(b) > 0 {
		to := uint64(in.scratch)
		if len(b) > int(in.capacity) {
			res, err := in.guest.Call("reserve", uint64(uint32(call)), uint64(len(b)))
			if err != nil {
				return err
			}
			to = res[0]
		}
		copy(in.guest.Bytes(uint32(to), uint32(len(b))), b)
	}
	_, err := in.guest.Call("complete", uint64(uint32(call)), uint64(uint32(status)), uint64(len(b)))
	return err
}
