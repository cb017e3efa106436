package knowledge

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// lite is a real SQLite that counts what comes out of it, in bytes.
type lite struct {
	*memsql.DB
	came   int
	asked  []string
	expire int // the query, from 1, that is over its deadline; 0 for none
}

func (l *lite) Query(_ context.Context, deadline time.Duration, sql string, args ...any) ([]string, [][]any, error) {
	l.asked = append(l.asked, sql)
	if deadline != MaxTime {
		return nil, nil, fmt.Errorf("a deadline of %v", deadline)
	}
	if len(l.asked) == l.expire {
		return nil, nil, ErrDeadline
	}
	rows, err := l.Exec(sql, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	if !strings.HasPrefix(sql, "EXPLAIN") {
		l.came = 0
		for _, row := range rows.Values {
			for _, v := range row {
				switch v := v.(type) {
				case string:
					l.came += len(v)
				case []byte:
					l.came += len(v)
				default:
					l.came += 8
				}
			}
		}
	}
	return rows.Columns, rows.Values, nil
}

func newBase(t *testing.T, statements ...string) (Base, *lite) {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for _, s := range append([]string{"CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT)", "CREATE TABLE salaries (euros REAL)", "INSERT INTO people VALUES (1, 'Ada'), (2, 'Grace')"}, statements...) {
		_, err := db.Exec(s)
		require.NoError(t, err)
	}
	l := &lite{DB: db}
	return Base{DB: l, Tables: []string{"people"}}, l
}

type answer struct {
	Columns   []string `json:"columns"`
	Rows      [][]any  `json:"rows"`
	Truncated bool     `json:"truncated"`
}

func ask(t *testing.T, b Base, sql string, params ...any) answer {
	t.Helper()
	raw, err := b.Query(t.Context(), sql, params)
	require.NoError(t, err, "%.200s", sql)
	var a answer
	require.NoError(t, json.Unmarshal(raw, &a))
	return a
}

const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "

// What is in a result is what the query says: names, kinds, order.
func TestRowsAreTheQuerys(t *testing.T) {
	b, _ := newBase(t)
	for sql, want := range map[string]answer{
		"SELECT id, name FROM people ORDER BY id DESC":            {[]string{"id", "name"}, [][]any{{2., "Grace"}, {1., "Ada"}}, false},
		"SELECT name FROM people WHERE 0 -- none":                 {[]string{"name"}, [][]any{}, false},
		"SELECT 1.5 AS r, NULL AS n, x'00ff' AS b, '1' AS t":      {[]string{"r", "n", "b", "t"}, [][]any{{1.5, nil, "AP8=", "1"}}, false},
		"SELECT id AS c0, id + 1 AS size FROM people LIMIT 1":     {[]string{"c0", "size"}, [][]any{{1., 2.}}, false},
		"SELECT name FROM people UNION ALL SELECT 'x' ORDER BY 1": {[]string{"name"}, [][]any{{"Ada"}, {"Grace"}, {"x"}}, false},
		endless + "SELECT n FROM c LIMIT 2":                       {[]string{"n"}, [][]any{{1.}, {2.}}, false},
		"SELECT hex(randomblob(4)) = NULL AS x":                   {[]string{"x"}, [][]any{{nil}}, false},
	} {
		assert.Equal(t, want, ask(t, b, sql), sql)
	}
	assert.Equal(t, [][]any{{"Ada"}}, ask(t, b, "SELECT name FROM people WHERE name = ? AND id < ?", "Ada", json.Number("5")).Rows)
}

// TestResultsAreBounded: rows, values and bytes over the limits are left out
// by the database, so that they never come into memory.
func TestResultsAreBounded(t *testing.T) {
	b, db := newBase(t)
	for why, c := range map[string]struct {
		sql  string
		rows int // -1: as many as fit
	}{
		"without an end":                    {endless + "SELECT n FROM c", MaxRows},
		"one row too many":                  {endless + "SELECT n FROM c LIMIT 1001", MaxRows},
		"rows of 120 KB":                    {endless + "SELECT n, hex(zeroblob(60000)) FROM c LIMIT 300", -1},
		"rows of many values":               {endless + "SELECT " + strings.Repeat("hex(zeroblob(8000)),", 20) + "n FROM c LIMIT 99", 0},
		"as wide as they may be":            {endless + "SELECT " + strings.Repeat("hex(zeroblob(999)),", maxColumns-1) + "n FROM c LIMIT 99", -1},
		"blobs":                             {endless + "SELECT zeroblob(60000) FROM c LIMIT 300", -1},
		"characters of four bytes":          {endless + "SELECT replace(hex(zeroblob(9000)), '0', char(128512)) FROM c LIMIT 90", -1},
		"characters that JSON writes as \\": {endless + "SELECT replace(hex(zeroblob(8000)), '0', char(1)) FROM c LIMIT 90", -1},
		"a row that is too much by itself":  {"SELECT " + strings.Repeat("hex(zeroblob(8000)),", 14) + "1", 0},
	} {
		a := ask(t, b, c.sql)
		assert.True(t, a.Truncated, why)
		if c.rows >= 0 {
			assert.Len(t, a.Rows, c.rows, why)
		} else {
			assert.NotEmpty(t, a.Rows, why)
		}
		size := 0
		for _, row := range a.Rows {
			text, err := json.Marshal(row)
			require.NoError(t, err)
			size += len(text)
		}
		assert.LessOrEqual(t, size, MaxBytes, why)
		// Numbers, and the NULLs of the row that is one too many, are on top.
		assert.LessOrEqual(t, db.came, MaxBytes+16*(MaxRows+1), "%s: that came out of the database", why)
	}
	exact := ask(t, b, endless+"SELECT n FROM c LIMIT 1000")
	assert.Len(t, exact.Rows, MaxRows)
	assert.False(t, exact.Truncated)
}

func TestValuesAreCut(t *testing.T) {
	b, _ := newBase(t)
	for sql, want := range map[string]string{
		"SELECT replace(hex(zeroblob(8192)), '0', 'a')":        strings.Repeat("a", maxCell),
		"SELECT replace(hex(zeroblob(8193)), '0', 'a')":        strings.Repeat("a", maxCell) + "…",
		"SELECT 'b' || replace(hex(zeroblob(9000)), '0', 'ä')": "b" + strings.Repeat("ä", maxCell/2-1) + "…", // never half of a character
		"SELECT replace(hex(zeroblob(500000)), '0', 'a')":      strings.Repeat("a", maxCell) + "…",           // a megabyte
	} {
		a := ask(t, b, sql)
		assert.Equal(t, want, a.Rows[0][0], sql)
		assert.Equal(t, strings.HasSuffix(want, "…"), a.Truncated, sql)
	}
}

func TestRefusals(t *testing.T) {
	b, _ := newBase(t, "CREATE TABLE hookweir_query (a)")
	for sql, want := range map[string]error{
		"SELECT * FROM salaries":                                  ErrTable,
		"SELECT * FROM people JOIN salaries":                      ErrTable,
		"SELECT * FROM main.sqlite_schema":                        ErrTable,
		"SELECT * FROM json_each('[1]')":                          ErrVirtual,
		"SELECT " + strings.Repeat("1,", maxColumns) + "1":        ErrColumns,
		"WITH x AS (SELECT 1) SELECT * FROM people; DROP TABLE x": ErrSecond,
	} {
		_, err := b.Query(t.Context(), sql, nil)
		assert.Equal(t, want, err, "%.80s", sql)
	}
	// The steps of the wrapping are nobody's to name.
	for _, name := range []string{"hookweir_query", "hookweir_named", "hookweir_cut", "hookweir_own", "hookweir_sized"} {
		_, err := b.Query(t.Context(), "SELECT * FROM "+name, nil)
		var refusal Refusal
		assert.ErrorAs(t, err, &refusal, name)
	}
	_, err := Base{DB: b.DB}.Query(t.Context(), "SELECT name FROM people", nil)
	assert.Equal(t, ErrTable, err, "no allow-list")
}

// Whichever of its questions the database does not answer in time, the query
// is refused and says so; and nothing runs that was not looked at before.
func TestDeadline(t *testing.T) {
	b, db := newBase(t)
	for i := range 4 {
		db.asked, db.expire = nil, i+1
		_, err := b.Query(t.Context(), "SELECT name FROM people", nil)
		if i == 0 {
			assert.ErrorIs(t, err, ErrDeadline) // not the query's fault: it was not asked yet
		} else {
			assert.Equal(t, ErrTime, err)
		}
		assert.Len(t, db.asked, i+1)
	}
	assert.Equal(t, "EXPLAIN "+db.asked[3], db.asked[2])
}
