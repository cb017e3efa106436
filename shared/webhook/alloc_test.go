//go:build !race

package webhook_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The race detector drops what a sync.Pool holds now and then, so these run
// without it.

// One allocation is the event type; the id is the header's own bytes.
func TestVerifyAllocatesLittle(t *testing.T) {
	c := signedGitHub(t, 1<<10)
	v := verifier(t, &c)
	allocs := testing.AllocsPerRun(200, func() {
		if _, err := v.Verify(&c.Request, c.Now); err != nil {
			t.Fatal(err)
		}
	})
	assert.LessOrEqual(t, allocs, 1.0)
}

// The body is scanned in place: a body a thousand times larger costs no more
// memory.
func TestVerifyMemoryIsFlat(t *testing.T) {
	measure := func(n int) float64 {
		c := signedBody(t, []byte(`{"data":"`+strings.Repeat("x", n)+`","id":"evt_1","type":"x"}`))
		v := verifier(t, &c)
		return testing.AllocsPerRun(20, func() {
			got, err := v.Verify(&c.Request, c.Now)
			if err != nil || got.EventID != "evt_1" {
				t.Fatal(err)
			}
		})
	}
	assert.InDelta(t, measure(1<<10), measure(1<<20), 1)
}
