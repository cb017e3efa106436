package sqlstore

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Limits of a Durable Object's SQLite
// (https://developers.cloudflare.com/durable-objects/platform/limits/, read 2026-11).
const (
	MaxParams         = 100       // bound parameters in one statement
	MaxValueBytes     = 2_000_000 // one string, blob or row
	MaxStatementBytes = 100_000   // one statement
	MaxInteger        = 1 << 53   // a JavaScript number holds every integer up to here
)

// Errors of Exec and Tx. Anything else is SQLite's own error.
var (
	ErrParams    = errors.New("sqlstore: more than 100 bound parameters")
	ErrTooBig    = errors.New("sqlstore: value or statement over the platform's limit")
	ErrArgument  = errors.New("sqlstore: argument of a type or range the platform cannot bind")
	ErrStatement = errors.New("sqlstore: statement not allowed through Exec")
	ErrNested    = errors.New("sqlstore: transaction within a transaction")
	// ErrColumn reports that a column held another type than the one asked
	// for, or that there was no such column.
	ErrColumn = errors.New("sqlstore: unexpected column")
)

// DB is one object's SQLite database.
type DB interface {
	// Exec runs one statement and returns every row it yields. Arguments are
	// nil, bool, int, int64, float64, string or []byte (a nil slice is NULL).
	// Errors: those of [Check], or SQLite's.
	Exec(query string, args ...any) (Rows, error)
	// Tx runs f in a transaction: it commits on nil and rolls back on an error
	// or a panic, which it passes on. A Tx inside f is ErrNested and fails f's
	// transaction only if f returns it.
	Tx(f func() error) error
}

// Check refuses what the platform would refuse and returns the arguments in
// the forms the platform binds: nil, float64, string and []byte. Errors:
// ErrParams, ErrTooBig, ErrArgument, ErrStatement.
func Check(query string, args []any) ([]any, error) {
	if len(query) > MaxStatementBytes {
		return nil, ErrTooBig
	}
	if len(args) > MaxParams {
		return nil, ErrParams
	}
	if forbidden(query) {
		return nil, ErrStatement
	}
	bound := make([]any, len(args))
	for i, a := range args {
		v, err := bind(a)
		if err != nil {
			return nil, fmt.Errorf("%w (parameter %d is %T)", err, i+1, a)
		}
		bound[i] = v
	}
	return bound, nil
}

func bind(a any) (any, error) {
	switch a := a.(type) {
	case nil:
		return nil, nil
	case bool:
		if a {
			return 1.0, nil
		}
		return 0.0, nil
	case int:
		return bindInteger(int64(a))
	case int64:
		return bindInteger(a)
	case float64:
		if math.IsNaN(a) || math.IsInf(a, 0) {
			return nil, ErrArgument
		}
		return a, nil
	case string:
		if len(a) > MaxValueBytes {
			return nil, ErrTooBig
		}
		return a, nil
	case []byte:
		if len(a) > MaxValueBytes {
			return nil, ErrTooBig
		}
		if a == nil {
			return nil, nil
		}
		return a, nil
	}
	return nil, ErrArgument
}

func bindInteger(n int64) (any, error) {
	if n > MaxInteger || n < -MaxInteger {
		return nil, ErrArgument
	}
	return float64(n), nil
}

// forbidden reports statements that the platform keeps to itself: a
// transaction is Tx, and there is one database only.
func forbidden(query string) bool {
	word := strings.ToUpper(firstWord(query))
	switch word {
	case "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "ATTACH", "DETACH", "VACUUM":
		return true
	}
	return false
}

// firstWord returns the statement's first keyword, past white space, stray
// semicolons and comments.
func firstWord(q string) string {
	for {
		q = strings.TrimLeft(q, " \t\r\n\f;")
		rest, comment := q, false
		if strings.HasPrefix(q, "--") {
			_, rest, _ = strings.Cut(q, "\n")
			comment = true
		} else if strings.HasPrefix(q, "/*") {
			_, rest, _ = strings.Cut(q, "*/")
			comment = true
		}
		if !comment {
			break
		}
		q = rest
	}
	end := strings.IndexFunc(q, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 {
		return q
	}
	return q[:end]
}
