package knowledge

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/planted"
)

const (
	// MaxRows bounds a result, MaxBytes its JSON, and MaxTime the query.
	MaxRows  = 1000
	MaxBytes = 200 << 10
	MaxTime  = 10 * time.Second
	// maxCell bounds one value in a result, in bytes; a longer one is cut.
	maxCell = 16 << 10
	// maxTables bounds the allow-list.
	maxTables = 90 // each is a parameter, and SQLite takes 100 here
)

// Refusals of what a query would do.
const (
	ErrTable   Refusal = "the query reads a table that is not on the allow-list, see hookweir://knowledge/schema"
	ErrVirtual Refusal = "the query uses a virtual table or a table-valued function"
	ErrWrites  Refusal = "the query would write"
	ErrTime    Refusal = "the query took over 10 s"
	ErrPlan    Refusal = "what the query reads could not be told"
	ErrNumber  Refusal = "a number in params is beyond what the database takes as one (integers: 2^53): send it as a text"
)

// ErrDeadline is what DB.Query returns when its time is over.
var ErrDeadline = errors.New("knowledge: no answer within the deadline")

// DB is a database of SQLite. A value is nil, int64, float64, string or
// []byte. An error that wraps ErrQuery is the database's word on the query.
type DB interface {
	Query(ctx context.Context, deadline time.Duration, sql string, args ...any) (columns []string, rows [][]any, err error)
}

// ErrQuery marks an error of the query, not of the database's availability.
var ErrQuery = errors.New("knowledge: the database refuses the query")

// Base is a database and the tables of it that may be read.
type Base struct {
	DB     DB
	Tables []string
}

// Query runs one SELECT and gives {"columns":[…],"rows":[[…]],"truncated":…}.
// What is over the limits stays in the database (bounded).
// Errors: Refusal, or the database's.
func (b Base) Query(ctx context.Context, sql string, params []any) (json.RawMessage, error) {
	text, err := one(sql)
	if err != nil {
		return nil, err
	}
	args := make([]any, len(params))
	for i, p := range params {
		if args[i], err = param(p); err != nil {
			return nil, err
		}
	}
	roots, err := b.roots(ctx)
	if err != nil {
		return nil, err
	}
	// The plain query's program says how many columns there are; what runs is
	// what was looked at last.
	n, err := b.check(ctx, "SELECT * FROM ("+text+"\n) LIMIT 1", args, roots)
	if err != nil {
		return nil, err
	}
	if n > maxColumns {
		return nil, ErrColumns
	}
	wrapped := bounded(text, n)
	if _, err := b.check(ctx, wrapped, args, roots); err != nil {
		return nil, err
	}
	columns, rows, err := b.DB.Query(ctx, MaxTime, wrapped, args...)
	if err != nil {
		return nil, told(err)
	}
	return encode(columns, rows)
}

// maxInteger is the largest integer that is itself in JavaScript, where D1 has
// its numbers from (Number.MAX_SAFE_INTEGER).
const maxInteger = 1<<53 - 1

// param is a value as it is bound. A number that would arrive as another one is
// refused.
func param(p any) (any, error) {
	n, ok := p.(json.Number)
	if !ok {
		return p, nil
	}
	if strings.ContainsAny(n.String(), ".eE") {
		f, err := n.Float64()
		if err != nil {
			return nil, ErrNumber
		}
		return f, nil
	}
	if i, err := n.Int64(); err == nil && -maxInteger <= i && i <= maxInteger {
		return i, nil
	}
	return nil, ErrNumber
}

// told keeps the database's word on the query, which names tables and columns
// that the agent has named, and nothing else of an error.
func told(err error) error {
	switch {
	case errors.Is(err, ErrDeadline):
		return ErrTime
	case errors.Is(err, ErrQuery):
		text := err.Error()
		return Refusal(strings.ToValidUTF8(text[:min(len(text), 300)], ""))
	}
	return err
}

// check asks SQLite for its program and looks at what it opens
// (https://www.sqlite.org/opcode.html). It gives the columns of a row.
func (b Base) check(ctx context.Context, sql string, args []any, roots map[int64]bool) (width int, err error) {
	columns, rows, err := b.DB.Query(ctx, MaxTime, "EXPLAIN "+sql, args...)
	if err != nil {
		return 0, told(err)
	}
	at := func(name string) int { return slices.Index(columns, name) }
	opcode, p1, p2, p3, p5 := at("opcode"), at("p1"), at("p2"), at("p3"), at("p5")
	if opcode < 0 || p1 < 0 || p2 < 0 || p3 < 0 || p5 < 0 || len(rows) == 0 {
		return 0, ErrPlan
	}
	for _, row := range rows {
		op, _ := row[opcode].(string)
		switch {
		case op == "Transaction":
			if integer(row[p1]) != 0 || integer(row[p2]) != 0 { // another database, or to write
				return 0, ErrWrites
			}
		case op == "ResultRow":
			width = int(integer(row[p2]))
		case op == "OpenRead" || op == "ReopenIdx":
			const p2IsRegister = 0x10 // OPFLAG_P2ISREG: the page is computed
			if integer(row[p3]) != 0 || integer(row[p5])&p2IsRegister != 0 || !roots[integer(row[p2])] && planted.Bug != "anytable" {
				return 0, ErrTable
			}
		case strings.HasPrefix(op, "V"):
			if op != "Variable" && op != "Vacuum" {
				return 0, ErrVirtual
			}
			if op == "Vacuum" {
				return 0, ErrWrites
			}
		case slices.Contains(writing, op):
			return 0, ErrWrites
		}
	}
	if width < 1 {
		return 0, ErrPlan
	}
	return width, nil
}

// writing are opcodes that change something; each needs a write transaction
// anyway.
var writing = []string{"OpenWrite", "Clear", "Destroy", "CreateBtree", "ParseSchema", "DropTable", "DropIndex", "DropTrigger", "SetCookie", "JournalMode", "Checkpoint", "IncrVacuum", "SqlExec", "LoadAnalysis"}

func integer(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case float64:
		if v == math.Trunc(v) {
			return int64(v)
		}
	}
	return -1
}

// roots are the b-trees of the allowed tables and their indexes.
func (b Base) roots(ctx context.Context) (map[int64]bool, error) {
	out := map[int64]bool{}
	if len(b.Tables) == 0 || len(b.Tables) > maxTables {
		return out, nil
	}
	args := make([]any, len(b.Tables))
	for i, t := range b.Tables {
		args[i] = t
	}
	_, rows, err := b.DB.Query(ctx, MaxTime, `SELECT rootpage FROM sqlite_schema WHERE type IN ('table','index') AND rootpage > 1 AND tbl_name IN (?`+strings.Repeat(",?", len(args)-1)+`)`, args...)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		out[integer(row[0])] = true
	}
	return out, nil
}

// Schema describes the allowed tables: {"tables":[{"name":…,"sql":…}]}.
func (b Base) Schema(ctx context.Context) (json.RawMessage, error) {
	type table struct {
		Name string `json:"name"`
		SQL  string `json:"sql"`
	}
	tables := []table{}
	if len(b.Tables) > 0 && len(b.Tables) <= maxTables {
		args := make([]any, len(b.Tables))
		for i, t := range b.Tables {
			args[i] = t
		}
		_, rows, err := b.DB.Query(ctx, MaxTime, `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name IN (?`+strings.Repeat(",?", len(args)-1)+`) ORDER BY name`, args...)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			name, _ := row[0].(string)
			sql, _ := row[1].(string)
			tables = append(tables, table{name, sql})
		}
	}
	return json.Marshal(map[string]any{"tables": tables})
}

// encode writes the rows of a bounded query, whose last column marks the row
// that is too many, until their JSON is too long. Truncated: rows, or ends of
// values, are left out.
func encode(columns []string, rows [][]any) (json.RawMessage, error) {
	if len(columns) < 2 {
		return nil, ErrPlan
	}
	n := len(columns) - 1
	out := struct {
		Columns   []string          `json:"columns"`
		Rows      []json.RawMessage `json:"rows"`
		Truncated bool              `json:"truncated"`
	}{Columns: columns[:n], Rows: []json.RawMessage{}}
	size := 0
	for i, row := range rows {
		if i == MaxRows || integer(row[n]) != 0 {
			out.Truncated = true
			break
		}
		for k, v := range row[:n] {
			if text, ok := v.(string); ok && len(text) > maxCell {
				row[k], out.Truncated = strings.ToValidUTF8(text[:maxCell], "")+"…", true
			}
			if blob, ok := v.([]byte); ok && len(blob) > maxCell {
				row[k], out.Truncated = blob[:maxCell], true
			}
		}
		b, err := json.Marshal(row[:n])
		if err != nil {
			return nil, err
		}
		if size += len(b); size > MaxBytes {
			out.Truncated = true
			break
		}
		out.Rows = append(out.Rows, b)
	}
	return json.Marshal(out)
}
