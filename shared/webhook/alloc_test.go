//go:build !race

package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

// The race detector drops what a sync.Pool holds now and then, so these run
// without it.

// constant is a Crypto that allocates nothing: what is counted is the engine's.
type constant []byte

func (c constant) HMAC(webhook.Hash, []byte, ...[]byte) []byte           { return c }
func (c constant) Sum(webhook.Hash, ...[]byte) []byte                    { return c }
func (c constant) Verify(webhook.Algorithm, []byte, []byte, []byte) bool { return false }
func (c constant) Certificate([]byte, time.Time) ([]byte, bool)          { return nil, false }
func (c constant) CheckKey(webhook.Algorithm, []byte) bool               { return true }

// One allocation is the event type, one the list of the message's parts; the
// id is the header's own bytes.
func TestVerifyAllocatesLittle(t *testing.T) {
	c := signedGitHub(t, 1<<10)
	mac := gocrypto.Crypto{}.HMAC(webhook.SHA256, c.Secrets[0].Value, c.Request.Body)
	v, err := webhook.New(webhook.Config{Provider: c.Provider, Secrets: c.Secrets, Crypto: constant(mac)})
	require.NoError(t, err)
	allocs := testing.AllocsPerRun(200, func() {
		if _, err := v.Verify(&c.Request, c.Now); err != nil {
			t.Fatal(err)
		}
	})
	assert.LessOrEqual(t, allocs, 2.0)
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
