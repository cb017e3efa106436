package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// signedBody is a Stripe delivery of the given body.
func signedBody(tb testing.TB, body []byte) webhooktest.Case {
	tb.Helper()
	const secret = "whsec_of_a_usual_length_0123456789"
	now := time.Unix(1767268800, 0)
	m := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(m, "%d.%s", now.Unix(), body)
	return webhooktest.Case{
		Provider: "stripe", Secrets: secrets(secret), Now: now,
		Request: webhook.Request{Method: "POST", Body: body, Header: webhooktest.Header{
			{"Stripe-Signature", fmt.Sprintf("t=%d,v1=%x", now.Unix(), m.Sum(nil))},
		}},
	}
}

// signedGitHub is a GitHub delivery of n bytes.
func signedGitHub(tb testing.TB, n int) webhooktest.Case {
	tb.Helper()
	const secret = "a-secret-of-a-usual-length"
	body := []byte(`{"ref":"` + strings.Repeat("x", n-10) + `"}`)
	m := hmac.New(sha256.New, []byte(secret))
	m.Write(body)
	return webhooktest.Case{
		Provider: "github", Secrets: secrets(secret), Now: time.Unix(1767268800, 0),
		Request: webhook.Request{Method: "POST", Body: body, Header: index{
			"x-hub-signature-256": {"sha256=" + hex.EncodeToString(m.Sum(nil))},
			"x-github-event":      {"push"},
			"x-github-delivery":   {"72d3162e-cc78-11e3-81ab-4c9367dc0958"},
		}},
	}
}

// index is a Header that allocates nothing for the names rows use.
type index map[string][]string

func (h index) Values(name string) []string {
	var lower [64]byte
	n := copy(lower[:], name)
	for i := range lower[:n] {
		if c := lower[i]; 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	return h[string(lower[:n])]
}

func BenchmarkVerify(b *testing.B) {
	bench := func(name string, c webhooktest.Case) {
		b.Run(name, func(b *testing.B) {
			v := verifier(b, &c)
			b.ReportAllocs()
			b.SetBytes(int64(len(c.Request.Body)))
			for b.Loop() {
				if _, err := v.Verify(&c.Request, c.Now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, n := range []int{1 << 10, 20 << 10, 200 << 10} {
		bench(fmt.Sprintf("github-%dk", n>>10), signedGitHub(b, n))
		body := append([]byte(`{"id":"evt_1","data":"`), bytes.Repeat([]byte("x"), n)...)
		bench(fmt.Sprintf("stripe-%dk", n>>10), signedBody(b, append(body, `","type":"x","created":1767268790}`...)))
	}
	cases := accepts(b)
	require.NotEmpty(b, cases)
	for _, c := range cases {
		bench(c.Provider+"-"+c.Name, c)
	}
}
