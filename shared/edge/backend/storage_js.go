package backend

import (
	"syscall/js"
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Storage is a Durable Object's own storage: synchronous SQL and one alarm.
// It implements sqlstore.DB.
type Storage struct {
	storage js.Value
	sql     js.Value
	inTx    bool
}

func newStorage(state js.Value) *Storage {
	storage := state.Get("storage")
	return &Storage{storage: storage, sql: storage.Get("sql")}
}

// Exec runs one statement and returns every row.
func (s *Storage) Exec(query string, args ...any) (rows sqlstore.Rows, err error) {
	bound, err := sqlstore.Check(query, args)
	if err != nil {
		return rows, err
	}
	list := make([]any, 0, 1+len(bound))
	list = append(list, query)
	for _, v := range bound {
		if b, ok := v.([]byte); ok {
			v = toJS(b)
		}
		list = append(list, v)
	}
	err = guard(func() error {
		cursor := s.sql.Call("exec", list...)
		names := cursor.Get("columnNames")
		for i := range names.Length() {
			rows.Columns = append(rows.Columns, names.Index(i).String())
		}
		raw := js.Global().Get("Array").Call("from", cursor.Call("raw"))
		for i := range raw.Length() {
			row := raw.Index(i)
			values := make([]any, len(rows.Columns))
			for j := range values {
				values[j] = column(row.Index(j))
			}
			rows.Values = append(rows.Values, values)
		}
		return nil
	})
	return rows, err
}

func column(v js.Value) any {
	switch v.Type() {
	case js.TypeNumber:
		return v.Float()
	case js.TypeString:
		return v.String()
	case js.TypeObject:
		if v.InstanceOf(js.Global().Get("ArrayBuffer")) {
			return toGo(js.Global().Get("Uint8Array").New(v))
		}
		return toGo(v)
	}
	return nil
}

// Tx runs f in a transaction: it commits on nil and rolls back on an error
// or a panic, which goes on.
func (s *Storage) Tx(f func() error) (err error) {
	if s.inTx {
		return sqlstore.ErrNested
	}
	s.inTx = true
	defer func() { s.inTx = false }()
	var panicked any
	body := js.FuncOf(func(js.Value, []js.Value) any {
		func() {
			defer func() { panicked = recover() }()
			err = f()
		}()
		return err == nil && panicked == nil
	})
	defer body.Release()
	thrown := guard(func() error {
		js.Global().Get("context").Get("host").Call("transaction", s.storage, body)
		return nil
	})
	if panicked != nil {
		panic(panicked)
	}
	if err != nil {
		return err
	}
	return thrown
}

// SetAlarm asks for one alarm at t, in place of any other. It does not wait:
// the write is in the object's output gate like any other, and if it fails
// the platform resets the object before anything it said gets out.
func (s *Storage) SetAlarm(t time.Time) error {
	return guard(func() error {
		s.storage.Call("setAlarm", float64(t.UnixMilli()))
		return nil
	})
}
