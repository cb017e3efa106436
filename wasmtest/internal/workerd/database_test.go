package workerd

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// d1Case is a chain of calls on env.DB and what its promise gives, as JSON.
func d1Case(t *testing.T, r *rig, s *script, chain func(db jsobj.Object, realm *jsobj.Realm) (jsobj.Value, error)) string {
	t.Helper()
	s.fetch = func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		realm, out := c.iso.realm, c.iso.realm.NewPromise()
		v, err := chain(c.iso.env.Own("DB").(jsobj.Object), realm)
		if err != nil {
			return nil, err
		}
		v.(*jsobj.Promise).Then(func(v jsobj.Value, rejected bool) {
			if rejected {
				out.Resolve(ok(realm, jsobj.Describe(v)))
				return
			}
			text, _ := realm.FormatJSON(v)
			out.Resolve(ok(realm, string(text)))
		})
		return out, nil
	}
	res := r.send("/")
	r.advance(time.Second)
	require.NoError(t, res.err)
	return string(res.Body)
}

func TestDatabase(t *testing.T) {
	s := &script{}
	r := deploy(t, s, platform.Hit{Fault: platform.D1Lost, Nth: 9})
	statement := func(query string, args ...jsobj.Value) func(db jsobj.Object, realm *jsobj.Realm) (jsobj.Object, error) {
		return func(db jsobj.Object, realm *jsobj.Realm) (jsobj.Object, error) {
			v, err := realm.Invoke(db, "prepare", query)
			if err != nil || len(args) == 0 {
				return v.(jsobj.Object), err
			}
			v, err = realm.Invoke(v.(jsobj.Object), "bind", args...)
			if err != nil {
				return nil, err
			}
			return v.(jsobj.Object), nil
		}
	}
	run := func(method string, of func(jsobj.Object, *jsobj.Realm) (jsobj.Object, error), args ...jsobj.Value) string {
		return d1Case(t, r, s, func(db jsobj.Object, realm *jsobj.Realm) (jsobj.Value, error) {
			st, err := of(db, realm)
			if err != nil {
				return nil, err
			}
			return realm.Invoke(st, method, args...)
		})
	}
	const meta = `"meta":{"rows_read":0,"rows_written":1,"changes":1,"last_row_id":`
	require.Contains(t, run("run", statement("CREATE TABLE t (a INTEGER, b TEXT)")), `"success":true`)
	require.Equal(t, `{"success":true,"results":[],`+meta+`1}}`, run("run", statement("INSERT INTO t VALUES (?, ?)", true, "x")))
	require.Equal(t, `{"success":true,"results":[],`+meta+`2}}`, run("run", statement("INSERT INTO t VALUES (?, ?)", 2.0, nil)))
	require.Equal(t, `{"a":1,"b":"x"}`, run("first", statement("SELECT * FROM t ORDER BY a")))
	require.Equal(t, `2`, run("first", statement("SELECT a FROM t WHERE a = ?", 2.0), "a"))
	require.Equal(t, `null`, run("first", statement("SELECT a FROM t WHERE a = ?", 3.0)))
	require.Equal(t, `[[1,"x"],[2,null]]`, run("raw", statement("SELECT * FROM t ORDER BY a")))
	require.Contains(t, run("run", statement("SELECT nothing")), "Error: D1_ERROR: ")
	require.Equal(t, "Error: Network connection lost.", run("run", statement("INSERT INTO t VALUES (3, 'acted')")), "D1Lost")
	require.Equal(t, `{"success":true,"results":[{"n":3}],"meta":{"rows_read":1,"rows_written":0,"changes":0,"last_row_id":3}}`, run("all", statement("SELECT COUNT(*) AS n FROM t")))

	// A batch is one transaction.
	batch := func(queries ...string) string {
		return d1Case(t, r, s, func(db jsobj.Object, realm *jsobj.Realm) (jsobj.Value, error) {
			var list []jsobj.Value
			for _, q := range queries {
				st, err := statement(q)(db, realm)
				if err != nil {
					return nil, err
				}
				list = append(list, st)
			}
			return realm.Invoke(db, "batch", realm.NewArray(list...))
		})
	}
	require.Contains(t, batch("DELETE FROM t", "INSERT INTO none VALUES (1)"), "Error: D1_ERROR: ")
	require.Equal(t, `3`, run("first", statement("SELECT COUNT(*) AS n FROM t"), "n"))
	require.Contains(t, batch("DELETE FROM t", "INSERT INTO t VALUES (9, 'b')"), `"changes":3`)
	require.Equal(t, `[["a","b"],[9,"b"]]`, run("raw", statement("SELECT * FROM t"), jsobj.Value(columnNames(t, r))))

	// A member that it lacks is named.
	s.fetch = func(c *Context, _ *jsobj.Request) (*jsobj.Promise, error) {
		_, err := c.iso.realm.Invoke(c.iso.env.Own("DB").(jsobj.Object), "withSession")
		return nil, err
	}
	res := r.send("/")
	r.advance(time.Second)
	require.Error(t, res.err)
	require.ErrorContains(t, r.Failure(), "D1Database.withSession is not implemented")
}

// columnNames is {columnNames: true}. Records belong to no realm.
func columnNames(t *testing.T, r *rig) *jsobj.Record {
	t.Helper()
	return r.worker.front("home").realm.NewRecord().With("columnNames", true)
}
