package backend

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"syscall/js"
	"time"

	"github.com/syumai/workers/cloudflare/d1"

	"github.com/hookweir/hookweir/shared/bulkhead"
	"github.com/hookweir/hookweir/shared/knowledge"
)

// D1 is a D1 database, by binding name; it is a knowledge.DB.
type D1 struct {
	Binding string

	once sync.Once
	db   *sql.DB
	err  error
}

// HasD1 reports whether a database is bound.
func HasD1(binding string) bool {
	return !js.Global().Get("context").Get("env").Get(binding).IsUndefined()
}

type d1Result struct {
	columns []string
	rows    [][]any
	err     error
}

// Query implements knowledge.DB. The platform cannot call a query off: after
// the deadline nobody waits for it any more.
func (d *D1) Query(ctx context.Context, deadline time.Duration, query string, args ...any) ([]string, [][]any, error) {
	d.once.Do(func() {
		connector, err := d1.OpenConnector(d.Binding)
		if err != nil {
			d.err = err
			return
		}
		d.db = sql.OpenDB(connector)
	})
	if d.err != nil {
		return nil, nil, d.err
	}
	done := make(chan d1Result, 1)
	bulkhead.Go(func() {
		var r d1Result
		// An exception on the way is an error like any other.
		if err := guard(func() error { r = d.query(ctx, query, args); return nil }); err != nil {
			r.err = err
		}
		done <- r
	})
	late := make(chan struct{}, 1)
	timeout := js.FuncOf(func(js.Value, []js.Value) any {
		late <- struct{}{}
		return nil
	})
	defer timeout.Release()
	timer := js.Global().Call("setTimeout", timeout, float64(deadline/time.Millisecond))
	defer js.Global().Call("clearTimeout", timer)
	select {
	case r := <-done:
		return r.columns, r.rows, r.err
	case <-late:
		return nil, nil, knowledge.ErrDeadline
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (d *D1) query(ctx context.Context, query string, args []any) (r d1Result) {
	rows, err := d.db.QueryContext(ctx, query, args...)
	if err != nil { // all that it says of a failure is a text
		r.err = fmt.Errorf("%w: %w", knowledge.ErrQuery, err)
		return r
	}
	defer func() { _ = rows.Close() }()
	if r.columns, r.err = rows.Columns(); r.err != nil {
		return r
	}
	for rows.Next() {
		values, into := make([]any, len(r.columns)), make([]any, len(r.columns))
		for i := range values {
			into[i] = &values[i]
		}
		if r.err = rows.Scan(into...); r.err != nil {
			return r
		}
		r.rows = append(r.rows, values)
	}
	r.err = rows.Err()
	return r
}
