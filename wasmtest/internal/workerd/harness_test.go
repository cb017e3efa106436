package workerd

import (
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// script is a Worker's JavaScript in Go: no module, just the platform.
type script struct {
	fetch   func(c *Context, q *jsobj.Request) (*jsobj.Promise, error)
	queue   func(c *Context, batch jsobj.Value) (*jsobj.Promise, error)
	cron    func(c *Context, event jsobj.Value) (*jsobj.Promise, error)
	call    func(a *Actor, method string, args []jsobj.Value) (*jsobj.Promise, error)
	alarm   func(a *Actor) (*jsobj.Promise, error)
	objects int // constructed so far
}

type scriptGlue struct{ *script }

func (g scriptGlue) Fetch(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
	return g.script.fetch(c, q)
}

func (g scriptGlue) Queue(c *Context, b jsobj.Value) (*jsobj.Promise, error) {
	return g.script.queue(c, b)
}

func (g scriptGlue) Scheduled(c *Context, e jsobj.Value) (*jsobj.Promise, error) {
	return g.script.cron(c, e)
}

func (g scriptGlue) Object(a *Actor) (ObjectGlue, error) {
	g.script.objects++
	return scriptObject{g.script, a}, nil
}

func (g scriptGlue) Instances() []*gojs.Instance { return nil }

type scriptObject struct {
	*script
	a *Actor
}

func (o scriptObject) Call(m string, args []jsobj.Value) (*jsobj.Promise, error) {
	return o.script.call(o.a, m, args)
}
func (o scriptObject) Fetch(*jsobj.Request) (*jsobj.Promise, error) { return nil, errNoObjects }
func (o scriptObject) Alarm(int) (*jsobj.Promise, error)            { return o.script.alarm(o.a) }

type rig struct {
	*World
	t      *testing.T
	worker *Worker
}

// deploy is one Worker with every kind of binding.
func deploy(t *testing.T, s *script, planned ...platform.Hit) *rig {
	t.Helper()
	faults, err := platform.NewInjector(1, nil, planned, nil, time.Time{})
	require.NoError(t, err)
	w := NewWorld(&platform.World{
		Loop: sched.New(start, sched.NewRand(1, sched.Ties)), Trace: sched.NewTrace(start),
		Latency: sched.NewRand(1, sched.Latency), Faults: faults,
	}, sched.NewRand(1, sched.Entropy))
	w.Servers = map[string]http.Handler{}
	config := Config{
		Name: "w", Glue: func(*Isolate) Glue { return scriptGlue{script: s} },
		KV: map[string]string{"KV": "kv"}, Producers: map[string]string{"Q": "q"}, Buckets: map[string]string{"R2": "r2"}, Databases: map[string]string{"DB": "db"},
		Objects: map[string]Class{"OBJ": {Name: "Obj"}}, Services: map[string]string{"SELF": "w"},
	}
	if s.queue != nil {
		config.Consumers = []Consumer{{"q", platform.Consumer{BatchSize: 10, Timeout: time.Second, Retries: 3, Dead: "dead"}}}
	}
	if s.cron != nil {
		config.Crons = []string{"* * * * *"}
	}
	require.NoError(t, w.Deploy([]Config{config}))
	t.Cleanup(func() { w.Worker("w").Close() })
	return &rig{w, t, w.Worker("w")}
}

func (r *rig) advance(d time.Duration) {
	r.t.Helper()
	end := r.Now().Add(d)
	require.NoError(r.t, r.Loop.Run(end, func() bool { return false }))
	r.Loop.Move(end)
}

type result struct {
	Response
	err error
	at  time.Time
}

func (r *rig) send(path string) *result {
	res := &result{err: errNoAnswer}
	r.worker.Fetch(Request{Method: "POST", URL: "https://w.example" + path}, func(p Response, err error) {
		*res = result{p, err, r.Now()}
	})
	return res
}

var errNoAnswer = platformError("no answer yet")

type platformError string

func (e platformError) Error() string { return string(e) }

// invoke calls env[binding].method(...args) and gives its promise.
func invoke(iso *Isolate, binding, method string, args ...jsobj.Value) *jsobj.Promise {
	v, err := iso.realm.Invoke(iso.env.Own(binding).(jsobj.Object), method, args...)
	if err != nil {
		return iso.realm.Rejected(iso.realm.Caught(err))
	}
	return v.(*jsobj.Promise)
}

// then is promise.then(fn).
func then(p *jsobj.Promise, r *jsobj.Realm, fn func(v jsobj.Value) (jsobj.Value, error)) *jsobj.Promise {
	out := r.NewPromise()
	p.Then(func(v jsobj.Value, rejected bool) {
		if rejected {
			out.Reject(v)
			return
		}
		out.Settle(fn(v))
	})
	return out
}

func ok(r *jsobj.Realm, text string) *jsobj.Response {
	return r.NewResponse(200, r.NewHeaders(), r.StreamOf([]byte(text)))
}
