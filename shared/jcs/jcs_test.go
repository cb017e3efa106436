package jcs_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/jcs"
)

// The first two are RFC 8785 §3.2.2 and §3.2.3, the numbers are of its
// appendix B.
var accepted = map[string]string{
	`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`: `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
	`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew","1":"One","\ud83d\ude00":"Emoji","\u0080":"Control","\u00f6":"o"}`:                                    "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\",\"ö\":\"o\",\"€\":\"Euro Sign\",\"😀\":\"Emoji\",\"\ufb33\":\"Hebrew\"}",
	`[-0, 5e-324, -5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 9.999999999999997e22, 1e23, 1e21, 1e-6, 1e-7]`:                                `[0,5e-324,-5e-324,1.7976931348623157e+308,9007199254740992,295147905179352830000,9.999999999999997e+22,1e+23,1e+21,0.000001,1e-7]`,
	` { "b" : [ ] , "a" : { } } `: `{"a":{},"b":[]}`,
	`"\u007f\u001f\b"`:            "\"\u007f\\u001f\\b\"",
	`"\\ud800"`:                   `"\\ud800"`,
}

func TestCanonical(t *testing.T) {
	for in, want := range accepted {
		got, err := jcs.Canonical([]byte(in))
		require.NoError(t, err, in)
		assert.Equal(t, want, string(got))
	}
}

func TestRefused(t *testing.T) {
	for why, in := range map[string]string{
		"a key twice":           `{"a":1,"a":2}`,
		"twice by an escape":    `{"a":1,"\u0061":2}`,
		"a high surrogate":      `"\ud800"`,
		"two high surrogates":   `"\ud800\ud800"`,
		"a low surrogate":       `"\udc00x"`,
		"a high one at the end": `["\ud800","x"]`,
		"not UTF-8":             "\"\xff\"",
		"beyond a double":       `1e999`,
		"nothing":               ``,
		"two values":            `1 2`,
		"no JSON":               `{a:1}`,
	} {
		_, err := jcs.Canonical([]byte(in))
		assert.ErrorIs(t, err, jcs.ErrInvalid, why)
	}
}

// FuzzCanonical: the canonical form means the same, and is its own.
func FuzzCanonical(f *testing.F) {
	for in := range accepted {
		f.Add([]byte(in))
	}
	f.Add([]byte(`{"a":1,"\u0061":2}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := jcs.Canonical(in)
		if err != nil {
			return
		}
		again, err := jcs.Canonical(out)
		if err != nil || string(again) != string(out) {
			t.Fatalf("%q is not stable: %q, %v", out, again, err)
		}
		var a, b any
		if json.Unmarshal(in, &a) != nil || json.Unmarshal(out, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%q does not mean %q", out, in)
		}
	})
}
