package webhook

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// FuzzElements holds the splitter of batches to encoding/json's reading of the
// same array.
func FuzzElements(f *testing.F) {
	for _, s := range []string{`[]`, `[1]`, ` [ {"a":"],["} , [1,[2]] ,"\\\"" ] `, `[1,]`, `{}`, `[`, `["\u005d",2]`, `[[],{}]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want []json.RawMessage
		if json.Unmarshal(raw, &want) != nil || jsontext.Trim(raw)[0] != '[' {
			jsontext.Elements(raw, maxBatch) // what is none must only not panic: bodies are scanned first
			return
		}
		got, ok := jsontext.Elements(raw, maxBatch)
		require.Equal(t, len(want) <= maxBatch, ok)
		if !ok {
			return
		}
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, bytes.Equal(jsontext.Trim(want[i]), got[i]), "%q, want %q", got[i], want[i])
		}
	})
}

// FuzzCanonical: the order of a query's parameters is not signed, everything
// else of it is.
func FuzzCanonical(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=2&a=1", "jwt=x&a=", "a+b=%2a", "", "&", "a&b", "%zz"} {
		f.Add("/x/y", s, "")
	}
	f.Add("/base/x", "a=1", "/base")
	f.Fuzz(func(t *testing.T, path, rawQuery, base string) {
		if strings.ContainsAny(path+rawQuery, "#?\x00") || !strings.HasPrefix(path, "/") {
			return
		}
		canonical := func(q string) (string, bool) {
			b, ok := appendCanonical(nil, &Request{Method: "post", URL: "https://h.example" + path + "?" + q}, base)
			return string(b), ok
		}
		one, ok := canonical(rawQuery)
		pairs := strings.Split(rawQuery, "&")
		slices.Reverse(pairs)
		other, okOther := canonical(strings.Join(pairs, "&"))
		require.Equal(t, ok, okOther)
		if !ok {
			return
		}
		require.Equal(t, one, other)
		parts := strings.SplitN(one, "&", 3)
		require.Len(t, parts, 3)
		require.Equal(t, "POST", parts[0])
		require.True(t, strings.HasPrefix(parts[1], "/"))
		added, ok := canonical(strings.TrimPrefix(rawQuery+"&"+url.QueryEscape("zz")+"=1", "&"))
		require.True(t, ok)
		require.NotEqual(t, one, added)
	})
}

// FuzzJWT: whatever is taken for a token is three parts that encode again to
// what was sent.
func FuzzJWT(f *testing.F) {
	f.Add("eyJhbGciOiJIUzI1NiJ9.e30.AA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Add("a.b.c.d")
	f.Fuzz(func(t *testing.T, text string) {
		token, ok := parseJWT(text)
		if !ok {
			return
		}
		require.Equal(t, text, jwtBase64.EncodeToString(token.header)+"."+jwtBase64.EncodeToString(token.claims)+"."+jwtBase64.EncodeToString(token.signature))
		require.True(t, strings.HasPrefix(text, token.signed+"."))
	})
}
