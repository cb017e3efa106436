// Package sqlstoretest is the conformance suite of [sqlstore.DB]. The suite
// runs against memsql on the host and against the platform's storage on
// workerd.
package sqlstoretest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Run checks the DB that open returns; every check opens an empty one.
func Run(t *testing.T, open func(t *testing.T) sqlstore.DB) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(t *testing.T, db sqlstore.DB)
	}{
		{"values come back as they went in", values},
		{"an integer column holds integers", affinity},
		{"a statement returns its rows", returning},
		{"columns are named", columns},
		{"arguments the platform cannot bind are refused", arguments},
		{"limits are those of the platform", limits},
		{"transaction control is refused", control},
		{"a transaction commits", commits},
		{"an error rolls back", rollsBack},
		{"a panic rolls back and goes on", panics},
		{"transactions do not nest", nests},
		{"a failed statement leaves the transaction usable", failedStatement},
		{"migrations run once, in order and whole", migrates},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

func exec(t *testing.T, db sqlstore.DB, query string, args ...any) sqlstore.Rows {
	t.Helper()
	rows, err := db.Exec(query, args...)
	require.NoError(t, err, query)
	return rows
}

func count(t *testing.T, db sqlstore.DB, table string) int64 {
	t.Helper()
	n, err := sqlstore.Int64(db, "SELECT count(*) FROM "+table)
	require.NoError(t, err)
	return n
}

func values(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE v (n INTEGER PRIMARY KEY, i INTEGER, r REAL, s TEXT, b BLOB)`)
	exec(t, db, `INSERT INTO v VALUES (1, ?, ?, ?, ?)`, int64(1<<53), 0.5, "héllo\x00", []byte{0, 255, 1})
	exec(t, db, `INSERT INTO v VALUES (2, ?, ?, ?, ?)`, true, -3, "", []byte{})
	exec(t, db, `INSERT INTO v VALUES (3, ?, ?, ?, ?)`, nil, nil, nil, []byte(nil))
	rows := exec(t, db, `SELECT i, r, s, b FROM v ORDER BY n`)
	require.Equal(t, 3, rows.Len())

	first := rows.Row(0)
	require.Equal(t, int64(1<<53), first.Int64())
	require.Equal(t, 0.5, first.Float64())
	require.Equal(t, "héllo\x00", first.Text())
	require.Equal(t, []byte{0, 255, 1}, first.Blob())
	require.NoError(t, first.Done())

	second := rows.Row(1)
	require.True(t, second.Bool())
	require.Equal(t, -3.0, second.Float64())
	require.Equal(t, "", second.Text())
	require.False(t, second.IsNull(), "an empty blob is not NULL")
	require.Empty(t, second.Blob())
	require.NoError(t, second.Done())

	third := rows.Row(2)
	for range 4 {
		require.True(t, third.IsNull())
		third.Skip()
	}
	require.NoError(t, third.Done())
}

func affinity(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE a (i INTEGER)`)
	exec(t, db, `INSERT INTO a VALUES (?)`, 7)
	row, ok := exec(t, db, `SELECT typeof(i), i || '' FROM a WHERE i = ?`, 7).First()
	require.True(t, ok)
	require.Equal(t, "integer", row.Text())
	require.Equal(t, "7", row.Text())
	// LIMIT takes an integral REAL.
	require.Equal(t, 1, exec(t, db, `SELECT i FROM a LIMIT ?`, 5).Len())
}

func returning(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE r (k TEXT PRIMARY KEY, n INTEGER)`)
	require.Zero(t, exec(t, db, `INSERT INTO r VALUES ('a', 1), ('b', 2)`).Len())
	require.Equal(t, 2, exec(t, db, `UPDATE r SET n = n + 1 RETURNING k`).Len())
	require.Zero(t, exec(t, db, `UPDATE r SET n = 9 WHERE k = 'none' RETURNING k`).Len())
	require.Equal(t, 1, exec(t, db, `DELETE FROM r WHERE k = ? RETURNING n`, "a").Len())
	require.EqualValues(t, 1, count(t, db, "r"))
}

func columns(t *testing.T, db sqlstore.DB) {
	require.Equal(t, []string{"a", "b"}, exec(t, db, `SELECT 1 AS a, 'x' AS b`).Columns)
}

func arguments(t *testing.T, db sqlstore.DB) {
	for _, bad := range []any{int32(1), uint(1), struct{}{}, int64(1<<53 + 1), int64(-1<<53 - 1), []string{"a"}, errors.New("no")} {
		_, err := db.Exec(`SELECT ?`, bad)
		require.ErrorIs(t, err, sqlstore.ErrArgument, "%T", bad)
	}
}

func limits(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE l (b)`)
	args := make([]any, sqlstore.MaxParams)
	for i := range args {
		args[i] = i
	}
	query := "SELECT " + strings.Repeat("?,", len(args)-1) + "?"
	exec(t, db, query, args...)
	_, err := db.Exec(query+",?", append(args, 1)...)
	require.ErrorIs(t, err, sqlstore.ErrParams)

	exec(t, db, `INSERT INTO l VALUES (?)`, bytes.Repeat([]byte{1}, 1_900_000))
	big := sqlstore.MaxValueBytes + 1
	_, err = db.Exec(`INSERT INTO l VALUES (?)`, make([]byte, big))
	require.ErrorIs(t, err, sqlstore.ErrTooBig)
	_, err = db.Exec(`INSERT INTO l VALUES (?)`, strings.Repeat("x", big))
	require.ErrorIs(t, err, sqlstore.ErrTooBig)
	_, err = db.Exec("SELECT 1" + strings.Repeat(" ", sqlstore.MaxStatementBytes))
	require.ErrorIs(t, err, sqlstore.ErrTooBig)
	require.EqualValues(t, 1, count(t, db, "l"))
}

func control(t *testing.T, db sqlstore.DB) {
	for _, q := range []string{"BEGIN", "begin immediate", " \n COMMIT", "-- c\nROLLBACK", "/* c */ SAVEPOINT x", ";END", "RELEASE x", "ATTACH ':memory:' AS y", "VACUUM"} {
		_, err := db.Exec(q)
		require.ErrorIs(t, err, sqlstore.ErrStatement, q)
	}
}

func commits(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE c (n INTEGER)`)
	for n := range 3 {
		require.NoError(t, db.Tx(func() error {
			exec(t, db, `INSERT INTO c VALUES (?)`, n)
			require.EqualValues(t, n+1, count(t, db, "c"), "a transaction sees its own writes")
			return nil
		}))
	}
	require.EqualValues(t, 3, count(t, db, "c"))
}

func rollsBack(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE c (n INTEGER)`)
	stop := errors.New("stop")
	require.ErrorIs(t, db.Tx(func() error {
		exec(t, db, `INSERT INTO c VALUES (1)`)
		return stop
	}), stop)
	require.Zero(t, count(t, db, "c"))
	exec(t, db, `INSERT INTO c VALUES (2)`)
	require.EqualValues(t, 1, count(t, db, "c"))
}

func panics(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE c (n INTEGER)`)
	require.PanicsWithValue(t, "boom", func() {
		_ = db.Tx(func() error {
			exec(t, db, `INSERT INTO c VALUES (1)`)
			panic("boom")
		})
	})
	require.Zero(t, count(t, db, "c"))
	require.NoError(t, db.Tx(func() error { return nil }), "the next transaction works")
}

func nests(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE c (n INTEGER)`)
	require.NoError(t, db.Tx(func() error {
		exec(t, db, `INSERT INTO c VALUES (1)`)
		require.ErrorIs(t, db.Tx(func() error { return nil }), sqlstore.ErrNested)
		return nil
	}))
	require.EqualValues(t, 1, count(t, db, "c"))
}

func failedStatement(t *testing.T, db sqlstore.DB) {
	exec(t, db, `CREATE TABLE c (n INTEGER PRIMARY KEY)`)
	_, err := db.Exec(`SELECT * FROM missing`)
	require.Error(t, err)
	require.NoError(t, db.Tx(func() error {
		exec(t, db, `INSERT INTO c VALUES (1)`)
		_, err := db.Exec(`INSERT INTO c VALUES (1)`)
		require.Error(t, err)
		return nil
	}))
	require.EqualValues(t, 1, count(t, db, "c"))
}

func migrates(t *testing.T, db sqlstore.DB) {
	first := [][]string{{`CREATE TABLE m (a INTEGER)`, `INSERT INTO m VALUES (1)`}}
	require.NoError(t, sqlstore.Migrate(db, first))
	require.NoError(t, sqlstore.Migrate(db, first))
	require.EqualValues(t, 1, count(t, db, "m"))

	broken := append(first, []string{`INSERT INTO m VALUES (2)`, `nonsense`})
	require.Error(t, sqlstore.Migrate(db, broken))
	require.EqualValues(t, 1, count(t, db, "m"), "half a step is none")

	second := append(first, []string{`INSERT INTO m VALUES (2)`})
	require.NoError(t, sqlstore.Migrate(db, second))
	require.EqualValues(t, 2, count(t, db, "m"))
	require.ErrorIs(t, sqlstore.Migrate(db, first), sqlstore.ErrSchema)
}
