package jsontext

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const missing = "\x00missing"

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, doc string
		path      []string
		want      string
	}{
		{"top level", `{"id":"evt_1","type":"x"}`, []string{"id"}, `"evt_1"`},
		{"spaces are outside the value", " {\n\"id\" :\t [ 1 , 2 ]  , \"a\":0 } ", []string{"id"}, `[ 1 , 2 ]`},
		{"whole document", ` {"a":1} `, nil, `{"a":1}`},
		{"whole scalar", ` 12 `, nil, `12`},
		{"nested", `{"event":{"x":{"id":0},"id":{"id":7}}}`, []string{"event", "id", "id"}, `7`},
		{"not a deeper key of the same name", `{"a":{"id":1},"b":2}`, []string{"id"}, missing},
		{"not a key in a sibling", `{"event":{"a":1},"other":{"id":2}}`, []string{"event", "id"}, missing},
		{"array index", `[[0,1],[2,[3,4]]]`, []string{"1", "1", "0"}, `3`},
		{"array in object", `{"entry":[{"id":"a"},{"id":"b"}]}`, []string{"entry", "1", "id"}, `"b"`},
		{"index past the end", `[1,2]`, []string{"2"}, missing},
		{"index with a leading zero", `[1,2]`, []string{"01"}, missing},
		{"index is a key in an object", `{"0":5}`, []string{"0"}, `5`},
		{"key is not an index", `[5]`, []string{"a"}, missing},
		{"path through a scalar", `{"a":"b"}`, []string{"a", "b"}, missing},
		{"null is a value", `{"a":null}`, []string{"a"}, `null`},
		{"escaped key", `{"\u0069d":1}`, []string{"id"}, `1`},
		{"escaped key, surrogate pair", `{"\ud83d\ude00":1}`, []string{"😀"}, `1`},
		{"other case is another key", `{"ID":1}`, []string{"id"}, missing},
		{"empty key", `{"":1}`, []string{""}, `1`},
		{"brackets in strings", `{"a":"}]\"{","id":1}`, []string{"id"}, `1`},

		// What a parser keeps of a repeated key is its own choice: nothing is found.
		{"duplicate key", `{"id":"first","id":"last"}`, []string{"id"}, missing},
		{"duplicate key, equal values", `{"id":1,"id":1}`, []string{"id"}, missing},
		{"duplicate key, one escaped", `{"id":"first","\u0069d":"last"}`, []string{"id"}, missing},
		{"duplicate on the way", `{"event":{"id":1},"event":{"id":2}}`, []string{"event", "id"}, missing},
		{"duplicate on the way, one without", `{"event":{"id":1},"event":0}`, []string{"event", "id"}, missing},
		{"duplicate beside the path", `{"x":1,"x":2,"id":3}`, []string{"id"}, `3`},
		{"same key in two array elements", `{"a":[{"id":1},{"id":2}]}`, []string{"a", "1", "id"}, `2`},
		{"duplicate in another element", `[{"id":1,"id":1},{"id":2}]`, []string{"1", "id"}, `2`},

		// Nothing is taken out of a text that is not JSON.
		{"truncated after the value", `{"id":1`, []string{"id"}, missing},
		{"trailing text", `{"id":1}x`, []string{"id"}, missing},
		{"two documents", `{"id":1}{"id":2}`, []string{"id"}, missing},
		{"wrong bracket", `{"id":[1}]`, []string{"id"}, missing},
		{"trailing comma", `{"id":1,}`, []string{"id"}, missing},
		{"trailing comma in an array", `[1,]`, []string{"0"}, missing},
		{"leading comma", `[,1]`, []string{"0"}, missing},
		{"missing comma", `{"id":1 "a":2}`, []string{"id"}, missing},
		{"missing colon", `{"id" 1}`, []string{"id"}, missing},
		{"bare key", `{id:1}`, []string{"id"}, missing},
		{"single quotes", `{'id':1}`, []string{"id"}, missing},
		{"control character", "{\"id\":\"a\nb\"}", []string{"id"}, missing},
		{"bad escape", `{"id":"\x41"}`, []string{"id"}, missing},
		{"short unicode escape", `{"id":"\u12"}`, []string{"id"}, missing},
		{"leading zero", `{"id":01}`, []string{"id"}, missing},
		{"plus sign", `{"id":+1}`, []string{"id"}, missing},
		{"bare fraction", `{"id":1.}`, []string{"id"}, missing},
		{"bare exponent", `{"id":1e}`, []string{"id"}, missing},
		{"NaN", `{"id":NaN}`, []string{"id"}, missing},
		{"half a literal", `{"id":tru}`, []string{"id"}, missing},
		{"byte order mark", "\ufeff{\"id\":1}", []string{"id"}, missing},
		{"empty", ``, nil, missing},
		{"only spaces", `  `, nil, missing},
		{"unclosed string", `"abc`, nil, missing},
		{"backslash at the end", `"abc\`, nil, missing},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, ok := Find([]byte(c.doc), c.path...)
			if c.want == missing {
				assert.False(t, ok, "found %q", raw)
				assert.Nil(t, raw)
				return
			}
			require.True(t, ok)
			assert.Equal(t, c.want, string(raw))
		})
	}
}

// What no path leads into is read by another loop: it must be as strict.
func TestSkippedContainersAreRead(t *testing.T) {
	scalars := []string{`"a"`, `"\u00e9\n"`, `-1.5e3`, `0`, `true`, `null`, `{}`, `[]`, ` [ 1 , 2 ] `, `{"a":[{"b":[[]]},{}],"c":"]}"}`, `[[1],[2,[3]],4]`}
	broken := []string{
		``, `,`, `1,`, `,1`, `1 2`, `[1 2]`, `[1,]`, `[,1]`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{"a" 1}`, `{a:1}`, `{1:2}`,
		`[}`, `{]`, `[[1]`, `[1]]`, `{"a":[}`, `"a`, `"\x"`, "\"\n\"", `01`, `1.`, `+1`, `tru`, `nulll`, `{"a":1}}`, `["a":1]`, `{"a",1}`, `{"a":1:2}`, `'a'`, `:`,
	}
	for _, v := range append(scalars, broken...) {
		for _, doc := range []string{
			`{"cold":[` + v + `],"z":7}`, `{"cold":[0,` + v + `,0],"z":7}`, `{"cold":{"k":` + v + `},"z":7}`,
			`{"cold":{"j":[0],"k":` + v + `,"l":{}},"z":7}`, `{"cold":[[{"k":[` + v + `]}]],"z":7}`,
		} {
			raw, ok := Find([]byte(doc), "z")
			require.Equal(t, json.Valid([]byte(doc)), ok, doc)
			if ok {
				assert.Equal(t, "7", string(raw))
			}
		}
	}
}

func TestFindString(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{`"plain"`, "plain"},
		{`""`, ""},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u00e9é\ud83d\ude00"`, "éé😀"},
		{`"a\ud83d b"`, "a\ufffd b"},
		{`"\ud83d\u0041"`, "\ufffdA"},
		{`"\ude00"`, "\ufffd"},
		{"\"\xff\"", "\ufffd"},
		{`1702650931.000100`, "1702650931.000100"},
		{`-1.5E+9`, "-1.5E+9"},
		{`true`, "true"},
		{`false`, "false"},
		{`null`, missing},
		{`{}`, missing},
		{`[]`, missing},
	} {
		t.Run(c.raw, func(t *testing.T) {
			got, ok := FindString([]byte(`{"a":{"b":`+c.raw+`}}`), "a", "b")
			if c.want == missing {
				assert.False(t, ok)
				return
			}
			require.True(t, ok)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestFindAllInOneScan(t *testing.T) {
	doc := []byte(`{"id":"e","event":{"type":"message","ts":"1.2","type2":{"type":0}},"list":[{"id":1}],"id2":3}`)
	paths := [][]string{{"id"}, {"event", "type"}, {"event", "ts"}, {"event"}, {"list", "0", "id"}, {"none"}, {"event", "type"}}
	values := make([][]byte, len(paths))
	require.True(t, FindAll(doc, paths, values))
	for i, want := range []string{`"e"`, `"message"`, `"1.2"`, `{"type":"message","ts":"1.2","type2":{"type":0}}`, `1`, missing, `"message"`} {
		if want == missing {
			assert.Nil(t, values[i])
			continue
		}
		assert.Equal(t, want, string(values[i]), "%v", paths[i])
	}

	assert.False(t, FindAll(doc[:len(doc)-1], paths, values))
	for i := range values {
		assert.Nil(t, values[i], "a value out of a broken document")
	}
}

// One duplicated key must not hide the values whose own path is clear.
func TestFindAllKeepsClearPaths(t *testing.T) {
	values := make([][]byte, 2)
	require.True(t, FindAll([]byte(`{"a":1,"b":2,"a":3}`), [][]string{{"a"}, {"b"}}, values))
	assert.NotNil(t, values[0], "twice is not absent")
	assert.Empty(t, values[0])
	assert.Equal(t, "2", string(values[1]))
}

func TestNestingIsBounded(t *testing.T) {
	nest := func(n int) []byte {
		return []byte(`{"id":1,"deep":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	raw, ok := Find(nest(MaxDepth-1), "id")
	require.True(t, ok)
	assert.Equal(t, "1", string(raw))
	_, ok = Find(nest(MaxDepth), "id")
	assert.False(t, ok)

	const size = 10 << 20 // the "10 MB JSON nesting"
	for _, unit := range []string{"[", `{"a":`, `[{"id":`} {
		_, ok = Find(bytes.Repeat([]byte(unit), size/len(unit)), "id")
		assert.False(t, ok)
	}
}

func TestBoundsAreProgrammerErrors(t *testing.T) {
	assert.Panics(t, func() { Find(nil, make([]string, MaxPathLen+1)...) })
	assert.Panics(t, func() { FindAll(nil, make([][]string, MaxPaths+1), make([][]byte, MaxPaths+1)) })
	assert.Panics(t, func() { FindAll(nil, make([][]string, 2), make([][]byte, 1)) })
}

func TestFindAllocatesNothing(t *testing.T) {
	doc := []byte(`{"id":"evt_1","list":[1,{"a":{"b":"\u0063"}}],"type":"x"}`)
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		if _, ok := Find(doc, "list", "1", "a", "b"); !ok {
			t.Fatal("not found")
		}
	}))
}

// plain looks at eight bytes at once; every position must agree with one at
// a time.
func TestPlainAgreesWithOneByteAtATime(t *testing.T) {
	for _, special := range []byte{'"', '\\', 0, 0x1f, 0x20, 0x7f, 0x80, 0xff, '!', '#', '[', ']'} {
		for at := range 20 {
			b := bytes.Repeat([]byte("é"), 10)
			b[at] = special
			want := len(b)
			if special < 0x20 || special == '"' || special == '\\' {
				want = at
			}
			assert.Equal(t, want, plain(b, 0), "%#x at %d", special, at)
		}
	}
}

// FuzzFind holds the scanner against encoding/json: the same documents are
// valid, the same values are found, and a repeated key finds nothing.
func FuzzFind(f *testing.F) {
	for _, doc := range []string{
		`{"id":"a","b":[1,2,{"id":null}],"c":{"id":-1.5e3}}`, `{"a":{"b":"\ud83d\ude00\u0000"}}`,
		`{"id":1,"id":2}`, `{"id":1,"\u0069d":2}`, `[[[]]]`, `[{"a":1},{"a":[]}]`, ` "x" `, `{"":{"":0}}`,
		"{\"id\":\"\xff\"}", `{"a":1,}`, `[1 2]`, `{"b":{"id":[`, `-0`, `1e400`, `{"a":true,"b":false}`,
	} {
		f.Add([]byte(doc), "a", "b")
		f.Add([]byte(doc), "id", "0")
		f.Add([]byte(doc), "b", "2")
	}
	f.Fuzz(func(t *testing.T, doc []byte, first, second string) {
		valid := json.Valid(doc)
		for _, path := range [][]string{nil, {first}, {first, second}} {
			raw, ok := Find(doc, path...)
			want, found := reference(doc, path)
			if !valid {
				require.False(t, ok)
				continue
			}
			if depth(doc) > MaxDepth {
				require.False(t, ok)
				continue
			}
			require.Equal(t, found, ok, "%q %q", doc, path)
			if !ok {
				continue
			}
			require.Equal(t, string(want), string(raw))
			text, isText := String(raw)
			var decoded string
			if raw[0] == '"' {
				require.NoError(t, json.Unmarshal(raw, &decoded))
				require.True(t, isText)
				require.Equal(t, decoded, text)
			}
		}
	})
}

// reference finds a value by json.Decoder's tokens, and refuses repeated
// keys.
func reference(doc []byte, path []string) (json.RawMessage, bool) {
	raw := json.RawMessage(bytes.Trim(doc, " \t\r\n"))
	for _, segment := range path {
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.UseNumber()
		open, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var found []json.RawMessage
		for i := 0; dec.More(); i++ {
			key := strconv.Itoa(i)
			if open == json.Delim('{') {
				k, err := dec.Token()
				if err != nil {
					return nil, false
				}
				key = k.(string)
			}
			var v json.RawMessage
			if dec.Decode(&v) != nil {
				return nil, false
			}
			if key == segment {
				found = append(found, v)
			}
		}
		if len(found) != 1 {
			return nil, false
		}
		raw = found[0]
	}
	return raw, true
}

func depth(doc []byte) (deepest int) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	d := 0
	for {
		tok, err := dec.Token()
		if err != nil {
			return deepest
		}
		switch tok {
		case json.Delim('{'), json.Delim('['):
			d++
			deepest = max(deepest, d)
		case json.Delim('}'), json.Delim(']'):
			d--
		}
	}
}

func BenchmarkFindAll(b *testing.B) {
	doc := []byte(`{"id":"evt_1","object":"event","data":{"list":[` + strings.TrimSuffix(strings.Repeat(`{"k":"some text of a usual length","n":12345,"t":true},`, 400), ",") + `]},"type":"x"}`)
	paths := [][]string{{"id"}, {"type"}, {"created"}}
	values := make([][]byte, len(paths))
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if !FindAll(doc, paths, values) {
			b.Fatal("not found")
		}
	}
}
