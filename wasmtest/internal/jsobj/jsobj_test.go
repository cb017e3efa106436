package jsobj

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// host runs timers when the test says so.
type host struct {
	now    time.Time
	timers []func()
	lines  []string
}

func (h *host) Now() time.Time         { return h.now }
func (h *host) Random(b []byte)        { clear(b) }
func (h *host) Current() Context       { return nil }
func (h *host) Post(Context, func())   { panic("no other context") }
func (h *host) Log(level, text string) { h.lines = append(h.lines, level+": "+text) }
func (h *host) After(_ time.Duration, _ string, fn func()) func() {
	i := len(h.timers)
	h.timers = append(h.timers, fn)
	return func() { h.timers[i] = func() {} }
}

func fn(f func(v Value) (Value, error)) *Function {
	return NewFunction("f", func(c *Call) (Value, error) { return f(c.Arg(0)) })
}

func drain(t *testing.T, r *Realm) []Value {
	t.Helper()
	unhandled, err := r.Drain()
	require.NoError(t, err)
	return unhandled
}

// TestOrderOfJobs holds the order of microtasks to ECMAScript's (27.2.1.3.2 and
// 27.2.2.2: to resolve by a promise takes two jobs more). The program, and what
// Node 24 prints for it:
//
//	Promise.resolve().then(say("a1")).then(say("a2")).then(say("a3")).then(say("a4")).then(say("a5"));
//	new Promise((resolve) => resolve(Promise.resolve())).then(say("b1"));
//	Promise.resolve().then(() => Promise.resolve()).then(say("c1"));
//	Promise.all([1]).then(say("d1"));
//	Promise.race([Promise.resolve()]).then(say("e1"));
//	Promise.reject(1).then(say("never")).catch(say("f1")).then(say("f2"));
func TestOrderOfJobs(t *testing.T) {
	r := NewRealm(&host{})
	var log []string
	say := func(s string) *Function {
		return fn(func(Value) (Value, error) { log = append(log, s); return Undefined{}, nil })
	}
	then := func(v Value, name string, args ...Value) Value {
		out, err := r.Invoke(v.(Object), name, args...)
		require.NoError(t, err)
		return out
	}
	static := func(name string, args ...Value) Value {
		class, err := r.Global.Get(r, "Promise")
		require.NoError(t, err)
		return then(class, name, args...)
	}
	a := Value(r.Resolved(Undefined{}))
	for _, s := range []string{"a1", "a2", "a3", "a4", "a5"} {
		a = then(a, "then", say(s))
	}
	b := r.NewPromise()
	b.Resolve(r.Resolved(Undefined{}))
	then(b, "then", say("b1"))
	c := then(r.Resolved(Undefined{}), "then", fn(func(Value) (Value, error) { return r.Resolved(Undefined{}), nil }))
	then(c, "then", say("c1"))
	then(static("all", r.NewArray(1.0)), "then", say("d1"))
	then(static("race", r.NewArray(r.Resolved(Undefined{}))), "then", say("e1"))
	f := then(static("reject", 1.0), "then", say("never"))
	then(then(f, "catch", say("f1")), "then", say("f2"))
	require.Empty(t, log, "nothing runs before the turn ends")
	require.Empty(t, drain(t, r))
	require.Equal(t, "a1 a2 d1 e1 f1 a3 b1 f2 a4 c1 a5", strings.Join(log, " "))
}

func TestPromises(t *testing.T) {
	r := NewRealm(&host{})
	p := r.NewPromise()
	p.Resolve(p)
	v, rejected, settled := p.Done()
	require.True(t, rejected && settled)
	require.Equal(t, "Chaining cycle detected for promise", v.(*Error).Message)

	p = r.NewPromise()
	p.Resolve("first")
	p.Reject("second")
	v, rejected, _ = p.Done()
	require.Equal(t, "first", v)
	require.False(t, rejected)

	drain(t, r)
	r.Rejected("nobody looked")
	require.Equal(t, []Value{"nobody looked"}, drain(t, r))
	handled := r.Rejected("looked at in time")
	handled.Then(func(Value, bool) {})
	require.Empty(t, drain(t, r))
}

func TestMicrotasksWithoutEnd(t *testing.T) {
	r := NewRealm(&host{})
	var again func()
	again = func() { r.Microtask(again) }
	again()
	_, err := r.Drain()
	require.ErrorContains(t, err, "more than 1000000 microtasks in one turn (MaxMicrotasks)")
}

func TestHeaders(t *testing.T) {
	r := NewRealm(&host{})
	h := r.NewHeaders()
	for _, f := range []Field{{"X-B", " 1,2 "}, {"set-cookie", "a=1"}, {"x-b", "3"}, {"Set-Cookie", "b=2"}, {"A", "ü"}} {
		require.NoError(t, h.Add(r, f.Name, f.Value))
	}
	require.Equal(t, []Field{{"a", "ü"}, {"set-cookie", "a=1"}, {"set-cookie", "b=2"}, {"x-b", "1,2, 3"}}, h.Combined(), "sorted, joined, cookies apart")
	for _, f := range []Field{{"", "v"}, {"bad name", "v"}, {"né", "v"}, {"n", "a\nb"}, {"n", "a\x00b"}} {
		var thrown *Throw
		require.ErrorAs(t, h.Add(r, f.Name, f.Value), &thrown, "%q", f)
	}
	require.Equal(t, []Field{{"a", "éĊ"}, {"b", "\ufffd\ufffd("}}, r.NewHeaders(Field{"A", "\xc3\xa9\xc4\x8a"}, Field{"B", "\xff\xc3("}).Fields(), "UTF-8, as workerd decodes it")
	call := func(name string, args ...Value) Value {
		v, err := r.Invoke(h, name, args...)
		require.NoError(t, err, name)
		return v
	}
	require.Equal(t, true, call("has", "X-b"))
	call("set", "X-B", "one")
	require.Equal(t, "one", call("get", "x-B"))
	call("delete", "x-b")
	require.Nil(t, call("get", "x-b"), "null for a header that is not there")
	_, err := r.Invoke(h, "toSorted")
	var missing *Missing
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "Headers.toSorted is not implemented")
}

func TestStreams(t *testing.T) {
	r := NewRealm(&host{})
	s := r.NewStream(nil, nil, nil)
	reader, err := r.Invoke(s, "getReader")
	require.NoError(t, err)
	_, err = r.Invoke(s, "getReader")
	var thrown *Throw
	require.ErrorAs(t, err, &thrown, "a stream has one reader")
	var got []string
	read := func() {
		p, err := r.Invoke(reader.(Object), "read")
		require.NoError(t, err)
		p.(*Promise).Then(func(v Value, rejected bool) {
			if rejected {
				got = append(got, "failed "+Describe(v))
				return
			}
			o := v.(*Record)
			got = append(got, Describe(o.Own("value"))+" "+Describe(o.Own("done")))
		})
	}
	read()
	drain(t, r)
	require.Empty(t, got, "a read waits for its chunk")
	s.Enqueue("one")
	s.Enqueue("two")
	s.Close()
	s.Enqueue("late")
	read()
	read()
	drain(t, r)
	require.Equal(t, []string{"one false", "two false", "undefined true"}, got, "in order; nothing after the end")

	broken := r.NewStream(nil, nil, nil)
	broken.Enqueue("dropped")
	broken.Fail("reason")
	broken.Next(func(_ Value, _ bool, failure Value) { require.Equal(t, "reason", failure) })
}

func TestAbortSignal(t *testing.T) {
	h := &host{}
	r := NewRealm(h)
	fired := 0
	s := r.NewAbortSignal()
	s.OnAbort(func() { fired++ })
	s.Abort("why")
	s.Abort("again")
	require.Equal(t, 1, fired, "a signal fires once")
	reason, aborted := s.Aborted()
	require.True(t, aborted)
	require.Equal(t, "why", reason)
	s.OnAbort(func() { fired++ })
	require.Equal(t, 2, fired, "at once when it has fired")

	v, err := r.Invoke(r.AbortSignalClass(), "timeout", 50.0)
	require.NoError(t, err)
	_, aborted = v.(*AbortSignal).Aborted()
	require.False(t, aborted)
	require.Len(t, h.timers, 1)
	h.timers[0]()
	reason, aborted = v.(*AbortSignal).Aborted()
	require.True(t, aborted)
	require.Contains(t, Describe(reason), "TimeoutError")
}
