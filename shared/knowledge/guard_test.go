package knowledge

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestOne(t *testing.T) {
	for sql, want := range map[string]error{
		"SELECT 1":                               nil,
		" select * from t ; -- done\n":           nil,
		"/* a */ WITH x AS (SELECT 1) SELECT":    nil,
		"SELECT ';' || \"a;b\" || [c;d] || `e;`": nil,
		"SELECT 'it''s ('":                       nil,
		"":                                       ErrNoSelect,
		"   ":                                    ErrNoSelect,
		";":                                      ErrNoSelect,
		"(SELECT 1)":                             ErrNoSelect,
		"INSERT INTO t VALUES (1)":               ErrNoSelect,
		"PRAGMA user_version":                    ErrNoSelect,
		"SELECTED":                               ErrNoSelect,
		"SELECT 1; SELECT 2":                     ErrSecond,
		"SELECT 1;;":                             ErrSecond,
		"SELECT 1) UNION SELECT (2":              ErrBrackets,
		"SELECT (1":                              ErrBrackets,
		"SELECT 'a":                              ErrQuote,
		"SELECT [a":                              ErrQuote,
		"SELECT /* a":                            ErrQuote,
		"SELECT 1\x00; DELETE FROM t":            ErrCharacter,
		// To SQLite `$a(')` is one parameter (tokenize.c, TCL variables): what
		// looks like a text behind it is none.
		"SELECT $a('), 1); DELETE FROM t; --')": ErrNamed,
		"SELECT @a('), 1) /*')":                 ErrNamed,
		"SELECT :a, 1":                          ErrNamed,
		"SELECT #a":                             ErrNamed,
		"SELECT a$b, '$a(', ?1, ? FROM t":       nil,
		"SELECT " + strings.Repeat("1", 20_000): ErrTooLong,
	} {
		_, err := one(sql)
		if want == nil {
			assert.NoError(t, err, sql)
		} else {
			assert.Equal(t, want, err, sql)
		}
	}
}

// FuzzOne: what passes has no semicolon outside of quotes and comments, and
// stays in parentheses.
func FuzzOne(f *testing.F) {
	for _, s := range []string{"SELECT 1;", "WITH a AS (SELECT ')') SELECT * FROM a", "SELECT 'a'';b' -- ;", "SELECT \"\"\";\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		text, err := one(sql)
		if err != nil {
			return
		}
		again, err := one("SELECT * FROM (" + text + "\n) LIMIT 1001")
		if err != nil && err != ErrTooLong || err == nil && !strings.HasSuffix(again, "\n) LIMIT 1001") {
			t.Fatalf("%q gets out: %q, %v", sql, again, err)
		}
	})
}
