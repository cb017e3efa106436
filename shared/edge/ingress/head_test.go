package ingress

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseHead(t *testing.T) {
	r := parseHead("POST\nhttps://h/webhooks/a/b?x=1\nstripe-signature\nt=1,v1=a\nx-empty\n\nx-letters\n\xc3\xa9\xc4\x8a\nX-Twice\n1\nx-twice\n2\n")
	assert.Equal(t, "POST", r.Method)
	assert.Equal(t, "https://h/webhooks/a/b?x=1", r.URL)
	for name, want := range map[string][]string{
		"Stripe-Signature": {"t=1,v1=a"}, // a comma is the provider's, not a separator
		"x-empty":          {""},
		"x-letters":        {"éĊ"}, // U+010A: its low byte is a line feed, it is none
		"x-twice":          {"1", "2"},
		"t=1,v1=a":         nil, // a value is not a name
		"":                 nil,
	} {
		assert.Equal(t, want, r.Header.Values(name), name)
	}
	assert.Empty(t, parseHead("").URL)
}
