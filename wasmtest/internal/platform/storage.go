package platform

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Storage is a Durable Object's SQLite, with its alarm.
//
//	confirmed ──BEGIN── turn 1 ──SAVEPOINT t2── turn 2 … ──COMMIT── confirmed
//	                                   │ crash
//	                                   └─ROLLBACK TO t2, COMMIT: turn 1 survived
//
// What a turn writes is one unit. Until it is confirmed, a crash may lose it
// and all after it, never some of it.
type Storage struct {
	db    *sql.DB
	conn  *sql.Conn
	turns int  // unconfirmed turns, each with a savepoint
	open  bool // the current turn has written
	depth int  // nested transactionSync

	crashes int // so far

	statements map[string]*statement
}

// statement is one that was prepared, and what it is.
type statement struct {
	*sql.Stmt
	reads bool
}

// maxStatements is how many statements are kept prepared; a guest that puts
// texts together from parts makes ever new ones.
const maxStatements = 1_000

// prepare gives the statement of a text. SQLite prepares it anew by itself
// when the schema has changed.
func (s *Storage) prepare(query string) (*statement, error) {
	if st := s.statements[query]; st != nil {
		return st, nil
	}
	switch {
	case sqlControl.MatchString(query):
		return nil, ErrSQLControl
	case sqlAmbient.MatchString(query):
		return nil, ErrSQLAmbient
	}
	st := &statement{reads: sqlReads.MatchString(query)}
	if len(s.statements) >= maxStatements {
		s.forget()
	}
	var err error
	if st.Stmt, err = s.conn.PrepareContext(context.Background(), query); err != nil {
		return nil, err
	}
	s.statements[query] = st
	return st, nil
}

func (s *Storage) forget() {
	for _, st := range s.statements {
		_ = st.Close()
	}
	clear(s.statements)
}

// OpenStorage is an empty object's storage, in memory.
func OpenStorage() (*Storage, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	s := &Storage{db: db, conn: conn, statements: map[string]*statement{}}
	return s, s.run("PRAGMA foreign_keys = ON; CREATE TABLE _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)")
}

// Close drops it.
func (s *Storage) Close() {
	s.forget()
	_ = s.conn.Close() // gives it back to db
	_ = s.db.Close()
}

func (s *Storage) run(statement string, args ...any) error {
	_, err := s.conn.ExecContext(context.Background(), statement, args...)
	return err
}

// Rows is what a statement yielded.
type Rows struct {
	Columns []string
	Values  [][]any // int64, float64, string, []byte or nil
	Written int64   // rows; of a Database only
	LastID  int64   // the last rowid given; of a Database only
}

// Errors of storage.
var (
	ErrSQLControl = Wording("To execute a transaction, please use the state.storage.transaction() or state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT statements.")
)

// ErrSQLAmbient is a function of SQL that reads the real clock or real
// randomness: two runs of one seed would differ.
var ErrSQLAmbient = errors.New("wasmtest: SQL that reads the clock or randomness is not implemented: pass the value as a parameter")

var (
	sqlControl = regexp.MustCompile(`(?i)^\s*(BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE|ATTACH|DETACH|VACUUM)\b`)
	sqlReads   = regexp.MustCompile(`(?i)^\s*(SELECT|PRAGMA|EXPLAIN|VALUES)\b`)
	sqlAmbient = regexp.MustCompile(`(?i)\b(random|randomblob)\s*\(|\bCURRENT_(TIME|DATE|TIMESTAMP)\b|'now'|\bunixepoch\s*\(\s*\)`)
)

// Exec runs a guest's statements.
func (s *Storage) Exec(query string, args []any) (Rows, error) {
	st, err := s.prepare(query)
	if err != nil {
		return Rows{}, err
	}
	if !st.reads {
		if err := s.beginTurn(); err != nil {
			return Rows{}, err
		}
	}
	return st.query(args)
}

func (s *Storage) query(query string, args []any) (Rows, error) {
	st, err := s.prepare(query)
	if err != nil {
		return Rows{}, err
	}
	return st.query(args)
}

func (st *statement) query(args []any) (Rows, error) {
	rows, err := st.QueryContext(context.Background(), args...)
	if err != nil {
		return Rows{}, err
	}
	defer rows.Close()
	var out Rows
	if out.Columns, err = rows.Columns(); err != nil {
		return Rows{}, err
	}
	for rows.Next() {
		values := make([]any, len(out.Columns))
		refs := make([]any, len(values))
		for i := range values {
			refs[i] = &values[i]
		}
		if err := rows.Scan(refs...); err != nil {
			return Rows{}, err
		}
		for i, v := range values {
			values[i] = plain(v)
		}
		out.Values = append(out.Values, values)
	}
	return out, rows.Err()
}

// plain undoes what the driver makes of declared column types.
func plain(v any) any {
	switch v := v.(type) {
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case time.Time:
		return v.UnixMilli()
	case []byte:
		return append([]byte{}, v...)
	}
	return v
}

// beginTurn opens the unit of the current turn at its first statement.
func (s *Storage) beginTurn() error {
	if s.open {
		return nil
	}
	if s.turns == 0 {
		if err := s.run("BEGIN"); err != nil {
			return err
		}
	}
	s.turns++
	s.open = true
	return s.run(fmt.Sprintf("SAVEPOINT turn%d", s.turns))
}

// EndTurn closes the unit of the turn. It reports whether there was one, which
// then waits for Confirm.
func (s *Storage) EndTurn() bool {
	was := s.open
	s.open = false
	return was
}

// Unconfirmed is how many turns wait for Confirm.
func (s *Storage) Unconfirmed() int { return s.turns }

// Confirm makes every turn so far durable.
func (s *Storage) Confirm() error {
	if s.turns == 0 {
		return nil
	}
	s.turns, s.open = 0, false
	return s.run("COMMIT")
}

// Crash keeps the first keep unconfirmed turns and loses the rest; of a turn
// that is still running nothing is kept.
func (s *Storage) Crash(keep int) error {
	s.crashes++
	if s.turns == 0 {
		return nil
	}
	ended := s.turns
	if s.open {
		ended--
	}
	keep = min(keep, ended)
	if keep < s.turns {
		if err := s.run(fmt.Sprintf("ROLLBACK TO turn%d", keep+1)); err != nil {
			return err
		}
	}
	s.turns, s.open, s.depth = 0, false, 0
	return s.run("COMMIT")
}

// Tx runs fn as one unit inside the turn: undone when fn fails.
func (s *Storage) Tx(fn func() error) error {
	if err := s.beginTurn(); err != nil {
		return err
	}
	crashes := s.crashes
	s.depth++
	name := fmt.Sprintf("tx%d", s.depth)
	if err := s.run("SAVEPOINT " + name); err != nil {
		return err
	}
	err := fn()
	if s.crashes != crashes { // it died in there: all of this is undone
		return err
	}
	s.depth--
	if err != nil {
		if back := s.run("ROLLBACK TO " + name + "; RELEASE " + name); back != nil {
			return errors.Join(err, back)
		}
		return err
	}
	return s.run("RELEASE " + name)
}

// alarmKey is the row of _cf_METADATA that holds the alarm, as in workerd.
const alarmKey = 1

// SetAlarm sets the alarm; the zero time deletes it. It is part of the turn.
func (s *Storage) SetAlarm(at time.Time) error {
	if err := s.beginTurn(); err != nil {
		return err
	}
	if at.IsZero() {
		return s.run("DELETE FROM _cf_METADATA WHERE key = ?", alarmKey)
	}
	return s.run("INSERT INTO _cf_METADATA (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", alarmKey, at.UnixMilli())
}

// Alarm is when the alarm is due; ok is false when none is set.
func (s *Storage) Alarm() (at time.Time, ok bool, err error) {
	rows, err := s.query("SELECT value FROM _cf_METADATA WHERE key = ?", []any{alarmKey})
	if err != nil || len(rows.Values) == 0 {
		return time.Time{}, false, err
	}
	ms, isInt := rows.Values[0][0].(int64)
	return time.UnixMilli(ms).UTC(), isInt, nil
}

// DeleteAll empties the storage, alarm included (delete_all_deletes_alarm,
// the default from 2026-02-24).
func (s *Storage) DeleteAll() error {
	if err := s.beginTurn(); err != nil {
		return err
	}
	rows, err := s.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> '_cf_METADATA'", nil)
	if err != nil {
		return err
	}
	for _, row := range rows.Values {
		name, _ := row[0].(string)
		if err := s.run(`DROP TABLE "` + strings.ReplaceAll(name, `"`, `""`) + `"`); err != nil {
			return err
		}
	}
	return s.run("DELETE FROM _cf_METADATA")
}
