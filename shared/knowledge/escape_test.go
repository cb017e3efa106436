package knowledge

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestProbe(t *testing.T) {
	b, l := newBase(t)
	for _, sql := range []string{
		"SELECT $a('), 1); DELETE FROM people; --')",
		"SELECT $a('), n FROM c) SELECT * FROM people /*')",
		"SELECT 9007199254740993 AS x, 9e999 AS y",
	} {
		raw, err := b.Query(t.Context(), sql, []any{"x"})
		t.Log(sql, "->", string(raw), err)
		raw, err = b.Query(t.Context(), sql, []any{})
		t.Log(sql, "->", string(raw), err)
	}
	assert.Len(t, ask(t, b, "SELECT * FROM people").Rows, 2)
	_ = l
}
