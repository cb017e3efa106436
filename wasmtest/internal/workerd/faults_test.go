package workerd

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// asked is a Worker whose fetch asks one binding once and says what came.
func asked(ask func(c *Context, env *jsobj.Record) (jsobj.Value, error)) *script {
	return &script{fetch: func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		realm, out := c.iso.realm, c.iso.realm.NewPromise()
		v, err := ask(c, c.iso.env)
		if err != nil {
			return nil, err
		}
		v.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
			text := "answered"
			if rejected {
				text = jsobj.Describe(v)
			}
			out.Resolve(ok(realm, text))
		})
		return out, nil
	}}
}

// TestOperationsFailOrAreLost: a refused operation changes nothing, a lost one
// has changed something, and both say so to the caller.
func TestOperationsFailOrAreLost(t *testing.T) {
	bucket := func(method string, args ...jsobj.Value) *script {
		return asked(func(c *Context, env *jsobj.Record) (jsobj.Value, error) {
			return c.iso.realm.Invoke(env.Own("R2").(jsobj.Object), method, args...)
		})
	}
	database := asked(func(c *Context, env *jsobj.Record) (jsobj.Value, error) {
		st, err := c.iso.realm.Invoke(env.Own("DB").(jsobj.Object), "prepare", "INSERT INTO t VALUES (1)")
		if err != nil {
			return nil, err
		}
		return c.iso.realm.Invoke(st.(jsobj.Object), "run")
	})
	stored := func(key string) func(r *rig) int {
		return func(r *rig) int {
			if r.Bucket("r2").Get(key) == nil {
				return 0
			}
			return 1
		}
	}
	rows := func(r *rig) int {
		rows, err := r.Database("db").Exec(platform.Statement{SQL: "SELECT a FROM t"})
		require.NoError(t, err)
		return len(rows.Values)
	}
	const refused = "Error: internal error; the platform refused the operation"
	const lost = "Error: Network connection lost."
	for _, tt := range []struct {
		fault  platform.Fault
		script *script
		answer string
		state  func(r *rig) int
		want   int
	}{
		{"", bucket("put", "new", "x"), "answered", stored("new"), 1},
		{platform.R2Fail, bucket("put", "new", "x"), refused, stored("new"), 0},
		{platform.R2PutLost, bucket("put", "new", "x"), lost, stored("new"), 1},
		{platform.R2Fail, bucket("delete", "old"), refused, stored("old"), 1},
		{platform.R2PutLost, bucket("delete", "old"), lost, stored("old"), 0},
		{platform.R2Fail, bucket("get", "old"), refused, stored("old"), 1},
		{"", database, "answered", rows, 1},
		{platform.D1Fail, database, refused, rows, 0},
		{platform.D1Lost, database, lost, rows, 1},
	} {
		t.Run(string(tt.fault)+" "+tt.answer, func(t *testing.T) {
			var planned []platform.Hit
			if tt.fault != "" {
				planned = append(planned, platform.Hit{Fault: tt.fault, Nth: 1})
			}
			r := deploy(t, tt.script, planned...)
			r.Bucket("r2").Put("old", []byte("x"), nil, nil)
			_, err := r.Database("db").Exec(platform.Statement{SQL: "CREATE TABLE t (a)"})
			require.NoError(t, err)
			res := r.send("/")
			r.advance(time.Second)
			require.NoError(t, res.err)
			require.Equal(t, tt.answer, string(res.Body))
			require.Equal(t, tt.want, tt.state(r))
		})
	}
}

// TestSlowDatabase: the query has been executed all the while.
func TestSlowDatabase(t *testing.T) {
	r := deploy(t, asked(func(c *Context, env *jsobj.Record) (jsobj.Value, error) {
		st, err := c.iso.realm.Invoke(env.Own("DB").(jsobj.Object), "prepare", "CREATE TABLE t (a)")
		if err != nil {
			return nil, err
		}
		return c.iso.realm.Invoke(st.(jsobj.Object), "run")
	}), platform.Hit{Fault: platform.D1Slow, Nth: 1})
	res := r.send("/")
	r.advance(10 * time.Second)
	require.ErrorIs(t, res.err, errNoAnswer)
	_, err := r.Database("db").Exec(platform.Statement{SQL: "SELECT a FROM t"})
	require.NoError(t, err)
	r.advance(21 * time.Second)
	require.NoError(t, res.err)
	require.Equal(t, "answered", string(res.Body))
}

// TestServiceFails: the callee hears nothing and the caller is told.
func TestServiceFails(t *testing.T) {
	for _, fails := range []bool{false, true} {
		calls := 0
		s := &script{}
		front := asked(func(c *Context, env *jsobj.Record) (jsobj.Value, error) {
			return c.iso.realm.Invoke(env.Own("SELF").(jsobj.Object), "fetch", "https://self.example/behind")
		})
		s.fetch = func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
			if q.URL == "https://self.example/behind" {
				calls++
				out := c.iso.realm.NewPromise()
				out.Resolve(ok(c.iso.realm, "behind"))
				return out, nil
			}
			return front.fetch(c, q)
		}
		var planned []platform.Hit
		want, called := "answered", 1
		if fails {
			planned = append(planned, platform.Hit{Fault: platform.ServiceFail, Nth: 1})
			want, called = "Error: internal error; the platform refused the operation", 0
		}
		r := deploy(t, s, planned...)
		res := r.send("/")
		r.advance(time.Second)
		require.NoError(t, res.err)
		require.Equal(t, want, string(res.Body))
		require.Equal(t, called, calls)
	}
}

// TestClientGone: the client hears nothing any more; what the Worker had asked
// for has happened, and its event is over.
func TestClientGone(t *testing.T) {
	put := asked(func(c *Context, env *jsobj.Record) (jsobj.Value, error) {
		return c.iso.realm.Invoke(env.Own("R2").(jsobj.Object), "put", "k", "x")
	})
	reached := 0
	s := &script{fetch: func(c *Context, q *jsobj.Request) (*jsobj.Promise, error) {
		p, err := put.fetch(c, q)
		if err == nil {
			p.Then(func(jsobj.Value, bool) { reached++ })
		}
		return p, err
	}}
	gone, left := 0, 0
	const times = 40
	var planned []platform.Hit
	for nth := range times {
		planned = append(planned, platform.Hit{Fault: platform.ClientGone, Nth: nth + 1})
	}
	r := deploy(t, s, planned...)
	for range times {
		res := r.send("/")
		r.advance(time.Minute)
		switch res.err {
		case ErrGone:
			gone++
		case nil:
			left++ // the answer was quicker than the client's leaving
		default:
			t.Fatal(res.err)
		}
	}
	require.Positive(t, gone)
	require.Equal(t, times, gone+left)
	require.Equal(t, left, reached, "nothing of an event runs after its client has gone")
	require.NotNil(t, r.Bucket("r2").Get("k"))
	require.NoError(t, r.Failure())
	res := r.send("/") // not planned
	r.advance(time.Minute)
	require.NoError(t, res.err)
}
