package workerd

import (
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// Limits of a Durable Object's SQL.
// https://developers.cloudflare.com/durable-objects/platform/limits/
const (
	maxParams    = 100
	maxStatement = 100_000   // bytes
	maxValue     = 2_000_000 // bytes, of a string, blob or row
)

// objectState is a DurableObjectState.
// https://developers.cloudflare.com/durable-objects/api/state/
func (iso *Isolate) objectState(a *Actor) jsobj.Value {
	state := iso.realm.NewNamespace("DurableObjectState", map[string]jsobj.Func{
		"waitUntil":             func(c *jsobj.Call) (jsobj.Value, error) { return jsobj.Undefined{}, nil }, // an object's I/O keeps it in memory anyway
		"blockConcurrencyWhile": a.blockConcurrency,
	})
	state.Define("id", &ObjectID{name: a.Object.Name, text: a.Object.ID})
	state.Define("storage", iso.storage(a))
	return state
}

// storage is a DurableObjectStorage backed by SQLite.
// https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
func (iso *Isolate) storage(a *Actor) jsobj.Value {
	db, r := a.Object.Storage, iso.realm
	// Nothing of an object that lost its memory may touch its storage.
	guard := func(name string, fn func(c *jsobj.Call) (jsobj.Value, error)) jsobj.Func {
		return func(c *jsobj.Call) (jsobj.Value, error) {
			if a.dead {
				return nil, r.Fail("The Durable Object's storage was used after the object was reset.")
			}
			if err := iso.hostCall(name); err != nil {
				return nil, err
			}
			return fn(c)
		}
	}
	done := func(err error) (jsobj.Value, error) {
		if err != nil {
			return nil, r.Fail(err.Error())
		}
		return r.Resolved(jsobj.Undefined{}), nil
	}
	storage := r.NewNamespace("DurableObjectStorage", map[string]jsobj.Func{
		"setAlarm": guard("setAlarm", func(c *jsobj.Call) (jsobj.Value, error) {
			at := time.UnixMilli(int64(jsobj.ToNumber(c.Arg(0))))
			return done(db.SetAlarm(at))
		}),
		"deleteAlarm": guard("deleteAlarm", func(*jsobj.Call) (jsobj.Value, error) { return done(db.SetAlarm(time.Time{})) }),
		"getAlarm": guard("getAlarm", func(*jsobj.Call) (jsobj.Value, error) {
			at, ok, err := db.Alarm()
			if err != nil {
				return nil, r.Fail(err.Error())
			}
			if !ok {
				return r.Resolved(nil), nil
			}
			return r.Resolved(float64(at.UnixMilli())), nil
		}),
		"transactionSync": guard("transactionSync", func(c *jsobj.Call) (jsobj.Value, error) { return transactionSync(db, c) }),
		"deleteAll":       guard("deleteAll", func(*jsobj.Call) (jsobj.Value, error) { return done(db.DeleteAll()) }),
		"sync": guard("sync", func(*jsobj.Call) (jsobj.Value, error) {
			p, ctx := r.NewPromise(), iso.current
			op := ctx.begin("storage.sync", nil)
			a.confirmed(func() {
				iso.world.Loop.After(0, "storage.sync", func() {
					ctx.finish(op, func() { p.Resolve(jsobj.Undefined{}) })
				})
			})
			return p, nil
		}),
	})
	sql := r.NewNamespace("SqlStorage", map[string]jsobj.Func{
		"exec": guard("sql.exec", func(c *jsobj.Call) (jsobj.Value, error) { return iso.sqlExec(db, c) }),
	})
	storage.Define("sql", sql)
	return storage
}

func transactionSync(db *platform.Storage, c *jsobj.Call) (jsobj.Value, error) {
	fn, ok := c.Arg(0).(jsobj.Callable)
	if !ok {
		return nil, c.Realm.TypeError("transactionSync: not a function")
	}
	var result jsobj.Value
	err := db.Tx(func() (err error) {
		result, err = fn.Call(c.Realm, jsobj.Undefined{}, nil)
		return err
	})
	return result, err
}

func (iso *Isolate) sqlExec(db *platform.Storage, c *jsobj.Call) (jsobj.Value, error) {
	query, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	args, err := iso.bindings(c.Args[1:])
	if err != nil {
		return nil, err
	}
	if len(query) > maxStatement || len(args) > maxParams {
		return nil, iso.realm.Fail(fmt.Sprintf("SQL statement over %d bytes or %d parameters: SQLITE_TOOBIG", maxStatement, maxParams))
	}
	rows, err := db.Exec(query, args)
	if err == platform.ErrSQLAmbient {
		return nil, err // not the guest's error: wasmtest lacks it
	}
	if err != nil {
		return nil, iso.realm.Fail(err.Error())
	}
	return iso.cursor(rows), nil
}

// bindings converts parameters: a number is a REAL to SQLite, as it is on the
// platform, and a column's affinity makes an INTEGER of it.
func (iso *Isolate) bindings(values []jsobj.Value) ([]any, error) {
	args := make([]any, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil, float64, string:
			args[i] = v
		case *jsobj.ArrayBuffer, *jsobj.Uint8Array:
			b, _ := jsobj.BytesOf(v)
			args[i] = append([]byte{}, b...)
		default:
			return nil, iso.realm.TypeError("SQL parameter of type " + jsobj.TypeOf(v))
		}
		if b, ok := jsobj.BytesOf(values[i]); ok && len(b) > maxValue {
			return nil, iso.realm.Fail("string or blob too big: SQLITE_TOOBIG")
		}
	}
	return args, nil
}

func (iso *Isolate) column(v any) jsobj.Value {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case []byte:
		return iso.realm.NewArrayBuffer(v)
	}
	return v // float64, string or nil
}

// sqlCursor is a SqlStorageCursor over rows that were all read.
type sqlCursor struct {
	*jsobj.Namespace
	iso  *Isolate
	rows platform.Rows
	at   int // of the next row
}

func (iso *Isolate) cursor(rows platform.Rows) *sqlCursor {
	r, c := iso.realm, &sqlCursor{iso: iso, rows: rows}
	c.Namespace = r.NewNamespace("SqlStorageCursor", map[string]jsobj.Func{
		"toArray": func(*jsobj.Call) (jsobj.Value, error) { return r.NewArray(c.rest(c.object)...), nil },
		"raw":     func(*jsobj.Call) (jsobj.Value, error) { return r.NewIterator(c.rest(c.list)), nil },
		"one": func(*jsobj.Call) (jsobj.Value, error) {
			if n := len(rows.Values); n != 1 {
				return nil, r.Fail("Expected exactly one result from SQL query, but got " + jsobj.FormatNumber(float64(n)))
			}
			return c.object(0), nil
		},
		"next": func(*jsobj.Call) (jsobj.Value, error) {
			if c.at == len(rows.Values) {
				return r.NewRecord().With("done", true), nil
			}
			c.at++
			return r.NewRecord().With("done", false).With("value", c.object(c.at-1)), nil
		},
	})
	return c
}

// Get reads a member.
func (c *sqlCursor) Get(r *jsobj.Realm, name string) (jsobj.Value, error) {
	if name != "columnNames" {
		return c.Namespace.Get(r, name)
	}
	names := make([]jsobj.Value, len(c.rows.Columns))
	for i, name := range c.rows.Columns {
		names[i] = name
	}
	return r.NewArray(names...), nil
}

func (c *sqlCursor) rest(row func(i int) jsobj.Value) []jsobj.Value {
	var list []jsobj.Value
	for ; c.at < len(c.rows.Values); c.at++ {
		list = append(list, row(c.at))
	}
	return list
}

func (c *sqlCursor) object(i int) jsobj.Value {
	o := c.iso.realm.NewRecord()
	for j, name := range c.rows.Columns {
		o.With(name, c.iso.column(c.rows.Values[i][j]))
	}
	return o
}

func (c *sqlCursor) list(i int) jsobj.Value {
	list := make([]jsobj.Value, len(c.rows.Columns))
	for j := range list {
		list[j] = c.iso.column(c.rows.Values[i][j])
	}
	return c.iso.realm.NewArray(list...)
}
