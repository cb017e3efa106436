package upstream

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestArguments(t *testing.T) {
	const pinned = `{"name":"pay","inputSchema":{"type":"object","properties":{
		"to":{"type":"string"},"note":{"type":"string"},"kind":{"type":["string","integer"]},"at":{"type":["string","null"]},
		"any":{},"either":{"anyOf":[{"type":"string"}]},"deep":{"type":"object","properties":{"x":{"type":"string"}}}},"required":["to"]}}`
	for why, c := range map[string]struct{ given, sent string }{
		"what fits goes as it came":        {`{"to":"a",  "note":"b"}`, `{"to":"a",  "note":"b"}`},
		"a null that may be is sent":       {`{"to":"a","at":null}`, `{"to":"a","at":null}`},
		"a null of anything is sent":       {`{"to":"a","any":null}`, `{"to":"a","any":null}`},
		"a null that may not be goes":      {`{"to":"a","note":null}`, `{"to":"a"}`},
		"of several types":                 {`{"to":"a","kind":null}`, `{"to":"a"}`},
		"the rest stays, numbers as given": {`{"to":"a","note":null,"any":1.10,"at":null}`, `{"any":1.10,"at":null,"to":"a"}`},
		"what is required stays":           {`{"to":null}`, ""},
		"one deeper stays":                 {`{"to":"a","deep":{"x":null}}`, ""},
		"what has no type stays":           {`{"to":"a","either":null}`, ""},
		"nothing else is mended":           {`{"to":"a","note":null,"kind":true}`, ""},
		"null is no object":                {`null`, ""},
	} {
		send, fault := fitting([]byte(pinned), json.RawMessage(c.given))
		if c.sent == "" {
			assert.NotEmpty(t, fault, why)
			continue
		}
		assert.Empty(t, fault, why)
		assert.Equal(t, c.sent, string(send), why)
	}
}
