package name_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/name"
)

func TestValid(t *testing.T) {
	for _, s := range []string{
		"a", "0", "acme", "acme-prod", "acme_prod", "9lives", "a-", "a_", "a--b",
		strings.Repeat("a", name.MaxLen),
	} {
		assert.True(t, name.Valid(s), "%q", s)
	}
	for why, s := range map[string]string{
		"empty": "", "too long": strings.Repeat("a", name.MaxLen+1),
		"leading dash": "-a", "leading underscore": "_a", "upper case": "Acme",
		"slash": "a/b", "colon": "a:b", "dot": "a.b", "dots": "..", "space": "a b",
		"newline at the end": "a\n", "NUL": "a\x00", "percent": "a%2fb",
		"kelvin sign folds to k": "\u212a", "full-width": "ａ", "not UTF-8": "a\xff",
	} {
		assert.False(t, name.Valid(s), why)
	}
}

func FuzzValid(f *testing.F) {
	for _, s := range []string{"a", "acme-prod", "-a", "A", "a\n", strings.Repeat("a", 64)} {
		f.Add(s)
	}
	rule := regexp.MustCompile(`\A[a-z0-9][a-z0-9_-]{0,62}\z`)
	f.Fuzz(func(t *testing.T, s string) {
		assert.Equal(t, rule.MatchString(s), name.Valid(s), "%q", s)
	})
}
