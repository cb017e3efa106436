package workerd

import (
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// databaseBinding is a D1Database.
// https://developers.cloudflare.com/d1/worker-api/d1-database/
func (iso *Isolate) databaseBinding(id string) jsobj.Value {
	db, r := iso.world.Database(id), iso.realm
	return r.NewNamespace("D1Database", map[string]jsobj.Func{
		"prepare": func(c *jsobj.Call) (jsobj.Value, error) {
			query, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			return iso.d1Statement(db, platform.Statement{SQL: query}), nil
		},
		"batch": func(c *jsobj.Call) (jsobj.Value, error) {
			items, err := r.Iterate(c.Arg(0))
			if err != nil {
				return nil, err
			}
			list := make([]platform.Statement, len(items))
			for i, item := range items {
				s, ok := item.(*d1Statement)
				if !ok {
					return nil, r.TypeError("D1Database.batch: not a D1PreparedStatement")
				}
				list[i] = s.statement
			}
			var results []platform.Rows
			return iso.d1(list[:min(1, len(list))], func() (err error) {
				results, err = db.Batch(list)
				return err
			}, func() jsobj.Value {
				out := make([]jsobj.Value, len(results))
				for i, rows := range results {
					out[i] = iso.d1Result(rows)
				}
				return r.NewArray(out...)
			})
		},
	})
}

// How long a query takes that is slow: D1 ends one after 30 s.
// https://developers.cloudflare.com/d1/platform/limits/
const (
	d1SlowLeast = 10 * time.Second
	d1SlowMost  = 30 * time.Second
)

// d1 is one operation. What SQLite refuses rejects the promise.
func (iso *Isolate) d1(list []platform.Statement, act func() error, result func() jsobj.Value) (jsobj.Value, error) {
	detail := ""
	for _, s := range list {
		detail += s.SQL
	}
	var failed error
	return iso.promise("d1.query", detail, func(answer func()) {
		failed = act()
		if slow, hit := iso.world.Hit(platform.D1Slow); hit {
			iso.world.Loop.After(slow.Between(d1SlowLeast, d1SlowMost), "d1 slow", answer)
			return
		}
		answer()
	}, func() (jsobj.Value, error) {
		switch failed {
		case nil:
			return result(), nil
		case platform.ErrSQLAmbient:
			return nil, failed // not the guest's error: wasmtest lacks it
		}
		return nil, iso.realm.Fail("D1_ERROR: " + failed.Error())
	})
}

// d1Statement is a D1PreparedStatement.
type d1Statement struct {
	*jsobj.Namespace
	statement platform.Statement
}

func (iso *Isolate) d1Statement(db *platform.Database, s platform.Statement) *d1Statement {
	r := iso.realm
	query := func(result func(c *jsobj.Call, rows platform.Rows) jsobj.Value) jsobj.Func {
		return func(c *jsobj.Call) (jsobj.Value, error) {
			var rows platform.Rows
			return iso.d1([]platform.Statement{s}, func() (err error) {
				rows, err = db.Exec(s)
				return err
			}, func() jsobj.Value { return result(c, rows) })
		}
	}
	whole := query(func(_ *jsobj.Call, rows platform.Rows) jsobj.Value { return iso.d1Result(rows) })
	return &d1Statement{r.NewNamespace("D1PreparedStatement", map[string]jsobj.Func{
		"bind": func(c *jsobj.Call) (jsobj.Value, error) {
			args, err := iso.d1Args(c.Args)
			if err != nil {
				return nil, err
			}
			return iso.d1Statement(db, platform.Statement{SQL: s.SQL, Args: args}), nil
		},
		"run": whole,
		"all": whole,
		"first": query(func(c *jsobj.Call, rows platform.Rows) jsobj.Value {
			if len(rows.Values) == 0 {
				return nil
			}
			first := iso.d1Object(rows, 0)
			if name, ok := c.Arg(0).(string); ok {
				return first.Own(name)
			}
			return first
		}),
		"raw": query(func(c *jsobj.Call, rows platform.Rows) jsobj.Value {
			var lists []jsobj.Value
			if jsobj.Truthy(option(c.Arg(0), "columnNames")) {
				names := make([]jsobj.Value, len(rows.Columns))
				for i, name := range rows.Columns {
					names[i] = name
				}
				lists = append(lists, r.NewArray(names...))
			}
			for _, row := range rows.Values {
				list := make([]jsobj.Value, len(row))
				for i, v := range row {
					list[i] = iso.d1Column(v)
				}
				lists = append(lists, r.NewArray(list...))
			}
			return r.NewArray(lists...)
		}),
	}), s}
}

// d1Args converts parameters; a boolean is 1 or 0 to D1.
// https://developers.cloudflare.com/d1/worker-api/#type-conversion
func (iso *Isolate) d1Args(values []jsobj.Value) ([]any, error) {
	if len(values) > platform.MaxD1Params {
		return nil, iso.realm.Fail("D1_ERROR: too many SQL variables: SQLITE_ERROR")
	}
	plain := make([]jsobj.Value, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case bool:
			plain[i] = 0.0
			if v {
				plain[i] = 1.0
			}
		case jsobj.Undefined:
			return nil, iso.realm.Fail("D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'")
		default:
			plain[i] = v
		}
	}
	return iso.bindings(plain)
}

// d1Column is a column's value: a blob comes as an array of numbers.
func (iso *Isolate) d1Column(v any) jsobj.Value {
	b, ok := v.([]byte)
	if !ok {
		return iso.column(v)
	}
	list := make([]jsobj.Value, len(b))
	for i, c := range b {
		list[i] = float64(c)
	}
	return iso.realm.NewArray(list...)
}

func (iso *Isolate) d1Object(rows platform.Rows, i int) *jsobj.Record {
	o := iso.realm.NewRecord()
	for j, name := range rows.Columns {
		o.With(name, iso.d1Column(rows.Values[i][j]))
	}
	return o
}

// d1Result is a D1Result. Its meta has what a test can rely on, no timings.
func (iso *Isolate) d1Result(rows platform.Rows) jsobj.Value {
	list := make([]jsobj.Value, len(rows.Values))
	for i := range list {
		list[i] = iso.d1Object(rows, i)
	}
	r := iso.realm
	return r.NewRecord().With("success", true).With("results", r.NewArray(list...)).
		With("meta", r.NewRecord().With("rows_read", float64(len(list))).
			With("rows_written", float64(rows.Written)).With("changes", float64(rows.Written)).With("last_row_id", float64(rows.LastID)))
}
