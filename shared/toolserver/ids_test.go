//go:build !js

package toolserver

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestIDs: an answer has the id that was asked with, to the last digit, or
// nothing is done. The protocol library reads numbers as float64 and cuts them
// to integers: its answer to 1.5 would be 1's, and a client of large ids would
// wait for an answer that another one got.
func TestIDs(t *testing.T) {
	w := newWorld(t)
	_, session, _ := w.send(t, "POST", "ada", "", initialize)
	for _, id := range []string{`1`, `0`, `-7`, `9007199254740991`, `-9007199254740991`, `"a"`, `""`, `"1.5"`, `"9007199254740993"`} {
		status, _, text := w.send(t, "POST", "ada", session, strings.Replace(callWho, `"id":2`, `"id":`+id, 1))
		assert.Equal(t, 200, status, id)
		assert.Contains(t, text, `"id":`+id+`,`)
	}
	for _, id := range []string{`1.5`, `1.0`, `1e3`, `-0`, `9007199254740992`, `9007199254740993`, `-9007199254740992`, `1e999`, strings.Repeat("9", 400), `true`, `[1]`, `{}`} {
		status, _, text := w.send(t, "POST", "ada", session, strings.Replace(callWho, `"id":2`, `"id":`+id, 1))
		assert.Equal(t, 400, status, "%.20s: %s", id, text)
		assert.Contains(t, text, `"code":-32600`, "%.20s", id)
		assert.Contains(t, text, `"id":null`, "%.20s", id)
		_, bad := readFrames([]byte(`{"jsonrpc":"2.0","id":` + id + `,"result":{}}`))
		assert.Equal(t, errID, bad, "%.20s: of an answer", id)
	}
}
