package sqlstore

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"time"
)

// Rows is everything a statement yielded. Values are int64, float64, string,
// []byte or nil; read them through [Row], not by assertion.
type Rows struct {
	Columns []string
	Values  [][]any
}

// Len is the number of rows.
func (r Rows) Len() int { return len(r.Values) }

// All walks the rows in order.
func (r Rows) All() iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		for i := range r.Values {
			if !yield(r.Row(i)) {
				return
			}
		}
	}
}

// Row returns row i, to be read from its first column.
func (r Rows) Row(i int) *Row { return &Row{columns: r.Columns, values: r.Values[i]} }

// First returns the first row, or false if there is none.
func (r Rows) First() (*Row, bool) {
	if len(r.Values) == 0 {
		return nil, false
	}
	return r.Row(0), true
}

// Row reads one row, column by column, left to right. Every getter takes the
// next column; NULL reads as the zero value. After a column of the wrong type
// or past the last one, getters return zero values and [Row.Err] says so.
type Row struct {
	columns []string
	values  []any
	next    int
	err     error
}

func (r *Row) take() any {
	if r.err != nil {
		return nil
	}
	if r.next >= len(r.values) {
		r.err = fmt.Errorf("%w: only %d columns", ErrColumn, len(r.values))
		return nil
	}
	r.next++
	return r.values[r.next-1]
}

// fail records that the column just taken was not a want. The value stays out
// of the error: it may be a payload.
func (r *Row) fail(v any, want string) {
	name := "?"
	if r.next-1 < len(r.columns) {
		name = r.columns[r.next-1]
	}
	r.err = fmt.Errorf("%w: %s holds %T, not %s", ErrColumn, name, v, want)
}

// Int64 reads an integer. A float64 without a fraction is one.
func (r *Row) Int64() int64 {
	switch v := r.take().(type) {
	case nil:
		return 0
	case int64:
		return v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= MaxInteger {
			return int64(v)
		}
		r.fail(v, "an integer")
	default:
		r.fail(v, "an integer")
	}
	return 0
}

// Int reads an integer.
func (r *Row) Int() int { return int(r.Int64()) }

// Bool reads an integer; zero is false.
func (r *Row) Bool() bool { return r.Int64() != 0 }

// Time reads an integer of Unix milliseconds; NULL is the zero time.
func (r *Row) Time() time.Time {
	if r.err == nil && r.next < len(r.values) && r.values[r.next] == nil {
		r.next++
		return time.Time{}
	}
	ms := r.Int64()
	if r.err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Float64 reads a number.
func (r *Row) Float64() float64 {
	switch v := r.take().(type) {
	case nil:
		return 0
	case int64:
		return float64(v)
	case float64:
		return v
	default:
		r.fail(v, "a number")
	}
	return 0
}

// Text reads a string.
func (r *Row) Text() string {
	switch v := r.take().(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		r.fail(v, "text")
	}
	return ""
}

// Blob reads bytes; NULL is nil.
func (r *Row) Blob() []byte {
	switch v := r.take().(type) {
	case nil:
		return nil
	case []byte:
		return v
	default:
		r.fail(v, "a blob")
	}
	return nil
}

// IsNull reports whether the next column is NULL, without taking it.
func (r *Row) IsNull() bool {
	return r.err == nil && r.next < len(r.values) && r.values[r.next] == nil
}

// Skip passes over a column.
func (r *Row) Skip() { r.take() }

// Err is nil while every column so far was there and of its type; otherwise
// it wraps ErrColumn.
func (r *Row) Err() error { return r.err }

// Done returns Err, or an ErrColumn if columns are left.
func (r *Row) Done() error {
	if r.err == nil && r.next < len(r.values) {
		return fmt.Errorf("%w: %d of %d columns read", ErrColumn, r.next, len(r.values))
	}
	return r.err
}

// errNoRow reports a statement that had to yield one row and did not.
var errNoRow = errors.New("sqlstore: no row")

// Int64 runs a statement that yields one integer, such as a count.
func Int64(db DB, query string, args ...any) (int64, error) {
	rows, err := db.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	row, ok := rows.First()
	if !ok {
		return 0, errNoRow
	}
	n := row.Int64()
	return n, row.Done()
}
