//go:build !js

// Package memsql is a [sqlstore.DB] in memory, for tests and for wasmtest: the
// SQLite of modernc.org/sqlite dressed as a Durable Object's.
//
// It refuses what the platform refuses and hands numbers over as the platform
// does: integers are bound as REAL and every number comes back as a float64.
package memsql

import (
	"context"
	"database/sql"
	"fmt"
	"sync"

	"github.com/hookweir/hookweir/shared/sqlstore"

	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// DB is one in-memory database. Like the platform's it has one caller at a
// time; concurrent calls are safe in memory but not isolated from a running
// Tx. A caller that has several goroutines holds a lock around Exec and Tx.
type DB struct {
	pool *sql.DB
	conn *sql.Conn

	mu sync.Mutex // guards tx
	tx bool
}

var _ sqlstore.DB = (*DB)(nil)

// Open returns an empty database. Close frees it.
func Open() (*DB, error) {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(context.Background())
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &DB{pool: pool, conn: conn}, nil
}

// Close frees the database.
func (d *DB) Close() error {
	d.conn.Close()
	return d.pool.Close()
}

// Exec implements sqlstore.DB.
func (d *DB) Exec(query string, args ...any) (sqlstore.Rows, error) {
	var out sqlstore.Rows
	bound, err := sqlstore.Check(query, args)
	if err != nil {
		return out, err
	}
	rows, err := d.conn.QueryContext(context.Background(), query, bound...)
	if err != nil {
		return out, err
	}
	defer rows.Close()
	if out.Columns, err = rows.Columns(); err != nil {
		return out, err
	}
	for rows.Next() {
		values := make([]any, len(out.Columns))
		into := make([]any, len(values))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return sqlstore.Rows{}, err
		}
		for i, v := range values {
			if values[i], err = column(v); err != nil {
				return sqlstore.Rows{}, err
			}
		}
		out.Values = append(out.Values, values)
	}
	return out, rows.Err()
}

func column(v any) (any, error) {
	switch v := v.(type) {
	case nil, float64, string:
		return v, nil
	case []byte:
		if v == nil {
			return []byte{}, nil // the driver's empty blob
		}
		return v, nil
	case int64:
		if v > sqlstore.MaxInteger || v < -sqlstore.MaxInteger {
			return nil, fmt.Errorf("%w: integer beyond 2^53", sqlstore.ErrColumn)
		}
		return float64(v), nil
	}
	// The driver makes a time.Time of a column declared DATE or TIMESTAMP and
	// a bool of one declared BOOLEAN; the platform does not.
	return nil, fmt.Errorf("%w: declared type yields %T", sqlstore.ErrColumn, v)
}

// Tx implements sqlstore.DB.
func (d *DB) Tx(f func() error) (err error) {
	if !d.enter() {
		return sqlstore.ErrNested
	}
	defer d.leave()
	if err := d.control("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // f panicked: undo, and let the panic go on
			_ = d.control("ROLLBACK")
		}
	}()
	err = f()
	done = true
	if err != nil {
		if rollback := d.control("ROLLBACK"); rollback != nil {
			return fmt.Errorf("%w (and rollback failed: %w)", err, rollback)
		}
		return err
	}
	return d.control("COMMIT")
}

func (d *DB) control(statement string) error {
	_, err := d.conn.ExecContext(context.Background(), statement)
	return err
}

func (d *DB) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.tx {
		return false
	}
	d.tx = true
	return true
}

func (d *DB) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tx = false
}
