package toolserver

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

const plainCall = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":{"a":7},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`

func shape(body string, header ...string) again {
	r := httptest.NewRequest("POST", "/", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	frames, bad := readFrames([]byte(body))
	if bad != nil || len(frames) != 1 {
		return again{}
	}
	return shapeOf(r, frames[0], []byte(body))
}

func TestShapes(t *testing.T) {
	replaced := func(was, is string) string {
		return string(bytes.ReplaceAll([]byte(plainCall), []byte(was), []byte(is)))
	}
	first := shape(plainCall)
	assert.Equal(t, `{"jsonrpc":"2.0","id":`+"\x00"+`,"method":"tools/call","params":{"name":"x","arguments":`+"\x00"+`,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`, first.shape)
	assert.Equal(t, []string{"7", `{"a":7}`}, []string{string(first.id), string(first.arguments)})
	assert.Equal(t, first.shape, shape(replaced(`"id":7`, `"id":"seven"`)).shape)
	assert.Equal(t, first.shape, shape(replaced(`{"a":7}`, `{"b":[]}`)).shape)
	for why, other := range map[string]again{
		"another tool": shape(replaced(`"x"`, `"y"`)), "another client": shape(replaced(`"2026-07-28"`, `"2026-07-28","z":1`)),
		"a header": shape(plainCall, "Accept", "text/html"), "a header twice": shape(plainCall, "Accept", "", "Accept", ""), "spaces": shape(replaced(`"id":7`, `"id": 7`)),
	} {
		assert.NotEmpty(t, other.shape, why)
		assert.NotEqual(t, first.shape, other.shape, why)
	}
	for why, none := range map[string]again{
		"progress":            shape(replaced(`"_meta":{`, `"_meta":{"progressToken":1,`)),
		"a state":             shape(replaced(`"name"`, `"requestState":"s","name"`)),
		"answers":             shape(replaced(`"name"`, `"inputResponses":{},"name"`)),
		"an id of no kind":    shape(replaced(`"id":7`, `"id":[7]`)),
		"an id with escapes":  shape(replaced(`"id":7`, `"id":"\u0037"`)),
		"a fraction":          shape(replaced(`"id":7`, `"id":7.5`)),
		"an id twice":         shape(replaced(`"id":7`, `"id":7,"id":8`)),
		"arguments twice":     shape(replaced(`"name"`, `"arguments":{},"name"`)),
		"no arguments":        shape(replaced(`"arguments":{"a":7},`, ``)),
		"an older protocol":   shape(replaced(`"_meta"`, `"other"`)),
		"parameters' headers": shape(plainCall, "Mcp-Param-Region", "x"),
		"another method":      shape(replaced("tools/call", "prompts/get")),
		"a page":              shape(replaced(`tools/call","params":{`, `tools/list","params":{"cursor":"x",`)),
	} {
		assert.Empty(t, none.shape, why)
	}
}

func TestKnownIsBounded(t *testing.T) {
	k := known{shapes: map[string]bool{}, lists: map[string][]byte{}}
	for i := range 1000 {
		k.accept(string(rune(i)))
		k.keep(0, string(rune(i)), nil)
	}
	assert.LessOrEqual(t, len(k.shapes), maxShapes)
	assert.LessOrEqual(t, len(k.lists), maxLists)
}

// TestListsOfOneVersion: lists of an older version are not kept, large ones
// neither.
func TestListsOfOneVersion(t *testing.T) {
	k := known{shapes: map[string]bool{}, lists: map[string][]byte{}}
	k.keep(1, "a", []byte("{}"))
	k.keep(1, "large", make([]byte, maxList+1))
	assert.Equal(t, "{}", string(k.list(1, "a")))
	assert.Nil(t, k.list(1, "large"))
	assert.Nil(t, k.list(2, "a"))
	k.keep(2, "b", []byte("{}"))
	k.keep(1, "a", []byte("{}")) // was under way when it changed
	assert.Equal(t, map[string][]byte{"b": []byte("{}")}, k.lists)

	l := &learner{ResponseWriter: httptest.NewRecorder(), keep: true}
	for range 100 {
		_, err := l.Write(make([]byte, 1<<10))
		assert.NoError(t, err)
	}
	assert.Nil(t, l.body)
	assert.Nil(t, l.result())
}

// FuzzShape: what is cut out, put back, is the message; and another id and
// other arguments in their place have the same shape.
func FuzzShape(f *testing.F) {
	f.Add([]byte(plainCall))
	f.Fuzz(func(t *testing.T, body []byte) {
		m := shape(string(body))
		if m.shape == "" {
			return
		}
		if !json.Valid(m.id) || m.arguments != nil && !json.Valid(m.arguments) {
			t.Fatalf("%q: %q and %q", body, m.id, m.arguments)
		}
		one := bytes.Replace([]byte(m.shape), []byte{0}, m.id, 1)
		back := bytes.Replace(one, []byte{0}, m.arguments, 1)
		other := bytes.Replace(bytes.Replace([]byte(m.shape), []byte{0}, m.arguments, 1), []byte{0}, m.id, 1)
		if !bytes.Equal(back, body) && !bytes.Equal(other, body) {
			t.Fatalf("%q from %q", back, body)
		}
	})
}
