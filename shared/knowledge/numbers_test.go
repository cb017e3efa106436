package knowledge

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestLargeNumbers: D1 gives and takes numbers as JavaScript has them. An
// integer beyond 2^53 would arrive as another one, an id as somebody else's.
func TestLargeNumbers(t *testing.T) {
	b, _ := newBase(t, "INSERT INTO people VALUES (CAST('9007199254740993' AS INTEGER), 'Zed')")
	a := ask(t, b, "SELECT id, id - 2, -id, max(id) * 1.0 AS r, name FROM people WHERE name = 'Zed'")
	assert.Equal(t, [][]any{{"9007199254740993", 9007199254740991., "-9007199254740993", 9007199254740992., "Zed"}}, a.Rows)
	assert.Equal(t, [][]any{{"Zed"}}, ask(t, b, "SELECT name FROM people WHERE id = ?", "9007199254740993").Rows)
	for _, n := range []string{"9007199254740993", "-9007199254740992", "100000000000000000000", "1e999"} {
		_, err := b.Query(t.Context(), "SELECT name FROM people WHERE id = ?", []any{json.Number(n)})
		assert.Equal(t, ErrNumber, err, n)
	}
	for _, n := range []string{"9007199254740991", "-9007199254740991", "1e15", "0.1"} {
		_, err := b.Query(t.Context(), "SELECT name FROM people WHERE id = ?", []any{json.Number(n)})
		assert.NoError(t, err, n)
	}
}
