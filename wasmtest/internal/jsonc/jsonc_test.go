package jsonc

import (
	"encoding/json"
	"testing"

	"github.com/hookweir/hookweir/wasmtest/internal/toml"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	got, err := Parse(`/* a
worker */ {
	"name": "w", // and a comment with "quotes", }
	"url": "https://w.example/*,]", "escaped": "\"//",
	"half": 1.5, "big": 25, "on": true, "none": null,
	"kv_namespaces": [
		{"binding": "A", "id": "a",},
		{"binding": "B", "id": "b"}, /* the last */
	],
	"triggers": {"crons": ["* * * * *", ], },
	"empty": [],
}
`)
	require.NoError(t, err)
	require.Equal(t, toml.Table{
		"name": "w", "url": "https://w.example/*,]", "escaped": `"//`,
		"half": 1.5, "big": int64(25), "on": true, "none": nil,
		"kv_namespaces": []toml.Table{{"binding": "A", "id": "a"}, {"binding": "B", "id": "b"}},
		"triggers":      toml.Table{"crons": []any{"* * * * *"}},
		"empty":         []any{},
	}, got)
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "line 1: EOF",
		"null":                   "no object",
		"[]":                     "cannot unmarshal array",
		"{\n\"a\": 1,\n,}":       "line 3: invalid character ','",
		`{"a": [,]}`:             "invalid character ','",
		"{,}":                    "invalid character ','",
		"{\n// only\n\"a\": b}":  "line 3: invalid character 'b'",
		"{} {}":                  "line 1: something follows the object",
		"{\"a\": \"never closed": "unexpected EOF",
		"{ /* never closed":      "unexpected EOF",
	} {
		_, err := Parse(text)
		require.ErrorContains(t, err, want, text)
	}
}

// FuzzParse: comments and commas change nothing that JSON means, and nothing
// that is no JSON without them is taken.
func FuzzParse(f *testing.F) {
	f.Add(`{"a": "//", "b": [1, 2]}`)
	f.Add("{\"a\": 1, // x\n /* y */ }")
	f.Fuzz(func(t *testing.T, text string) {
		var plainly map[string]any
		valid := json.Unmarshal([]byte(text), &plainly) == nil && plainly != nil
		got, err := Parse(text)
		if valid {
			require.NoError(t, err)
			require.Len(t, got, len(plainly))
		}
		if err == nil {
			require.True(t, json.Valid(plain([]byte(text))), text)
		}
	})
}
