package ingest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
)

const challenge = "https://hooks.example.com/.well-known/fastly/logging/challenge"

// TestHostProof: who may send is what the operator said, and nobody's without.
func TestHostProof(t *testing.T) {
	// sha256sum of the two ids.
	const (
		one = "66b01d440c79400570c755aad9d589af5368719067c13fee58710a7198db2de8\n"
		two = "6db2d1c383f7583dbeb21047407f2b049986b13e0ea48c2029505ca01aa7636e\n"
	)
	for name, tc := range map[string]struct {
		method, value string
		status        int
		body          string
	}{
		"unset":            {"GET", "", 404, ""},
		"one":              {"GET", "SU1Z0isxPaozGVKXdv0eY", 200, one},
		"two":              {"GET", "SU1Z0isxPaozGVKXdv0eY, 7i6HN3TK9wS159v2gPAZ8A", 200, one + two},
		"head":             {"HEAD", "SU1Z0isxPaozGVKXdv0eY", 200, ""},
		"anybody":          {"GET", "*", 200, "*\n"},
		"anybody, a space": {"GET", " *\n", 200, "*\n"},
		"a star in a list": {"GET", "SU1Z0isxPaozGVKXdv0eY,*", 503, ""},
		"an empty id":      {"GET", "SU1Z0isxPaozGVKXdv0eY,", 503, ""},
		"no id":            {"GET", "SU1Z-0", 503, ""},
		"a long id":        {"GET", strings.Repeat("a", 65), 503, ""},
		"too many":         {"GET", strings.Repeat("a,", 100) + "a", 503, ""},
		"a hundred":        {"HEAD", strings.Repeat("a,", 99) + "a", 200, ""},
		"post":             {"POST", "*", 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlatform(t)
			asked := ""
			p.gate.cfg.Setting = func(name string) (string, bool) { asked = name; return tc.value, tc.value != "" }
			res := p.serve(&Request{Method: tc.method, URL: challenge + "?x=1"})
			require.NotNil(t, res)
			assert.Equal(t, tc.status, res.Status)
			assert.Equal(t, "FASTLY_SERVICE_IDS", asked)
			assert.Zero(t, p.forwarded)
			if tc.body != "" {
				assert.Equal(t, tc.body, string(res.Body))
			}
			if tc.status == 503 {
				assert.Contains(t, string(res.Body), "FASTLY_SERVICE_IDS")
				assert.Contains(t, p.log.String(), `"event":"edge.bad_setting"`)
				assert.NotContains(t, p.log.String()+string(res.Body), "SU1Z")
			}
		})
	}
	p := newPlatform(t)
	assert.Equal(t, 404, p.serve(&Request{Method: "GET", URL: challenge}).Status, "no settings at all")
	assert.Nil(t, p.serve(&Request{Method: "GET", URL: challenge + "/x"}), "forwarded like any other path")
}

// TestHostProofsAreApart: two rows at one path, or at one of the edge's own,
// and one of them is never answered.
func TestHostProofsAreApart(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range webhook.Providers() {
		if p := row.HostProof; p != nil {
			assert.True(t, strings.HasPrefix(p.Path, "/.well-known/"), row.Name)
			assert.False(t, seen[p.Path], row.Name)
			assert.NotEmpty(t, p.Setting, row.Name)
			seen[p.Path] = true
		}
	}
	assert.NotEmpty(t, seen)
}
