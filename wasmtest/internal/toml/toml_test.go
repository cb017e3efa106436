package toml

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	got, err := Parse(`
name = "a # b" # comment
n = 1_000
on = true
list = ["x", 'y',
  "z"]
[a.b]
k = ""
[[q.consumers]]
queue = "one"
[[q.consumers]]
queue = "two"
`)
	require.NoError(t, err)
	require.Equal(t, Table{
		"name": "a # b", "n": int64(1000), "on": true, "list": []any{"x", "y", "z"},
		"a": Table{"b": Table{"k": ""}},
		"q": Table{"consumers": []Table{{"queue": "one"}, {"queue": "two"}}},
	}, got)
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{"a", "line 1: want name = value"},
		{"a = 1\na = 2", "line 2: a is there twice"},
		{"a = {x = 1}", "inline tables are not implemented"},
		{"a = 1.5", `value "1.5" is not implemented`},
		{"a = \"x", "bad string"},
		{"a = \"x\" y", `"y" after the value`},
		{"a = [1, 2", "array a does not end"},
		{"a = [1 2]", "want , or ]"},
		{"[a]\n[a]", "there twice"},
		{"a = 1\n[[a]]", "no array of tables"},
		{"[a", "want [name]"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.text)
		require.ErrorContains(t, err, tt.want, tt.text)
	}
}
