package webhook_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

func secrets(values ...string) []webhook.Secret {
	out := make([]webhook.Secret, len(values))
	for i, v := range values {
		out[i] = webhook.Secret{ID: fmt.Sprint(i), Value: []byte(v)}
	}
	return out
}

func TestNewRefuses(t *testing.T) {
	const good = "a-good-secret"
	many := slices.Repeat([]string{good}, webhook.MaxSecrets+1)
	b64 := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	for _, c := range []struct {
		name, provider string
		secrets        []string
		want           error
	}{
		{"unknown provider", "gitbub", []string{good}, webhook.ErrUnknownProvider},
		{"provider in another case", "GitHub", []string{good}, webhook.ErrUnknownProvider},
		{"no provider", "", []string{good}, webhook.ErrUnknownProvider},
		{"no secret", "github", nil, webhook.ErrNoSecret},
		{"empty secret", "github", []string{""}, webhook.ErrEmptySecret},
		{"one of two empty", "github", []string{good, ""}, webhook.ErrEmptySecret},
		{"too many", "github", many, webhook.ErrTooManySecrets},
		{"too short", "github", []string{"1234567"}, webhook.ErrWeakKey},
		{"all zero bytes", "github", []string{strings.Repeat("\x00", 32)}, webhook.ErrWeakKey},
		{"short and zero-padded", "github", []string{"1234567" + strings.Repeat("\x00", 25)}, webhook.ErrWeakKey},
		{"too long", "github", []string{strings.Repeat("x", 4097)}, webhook.ErrSecretFormat},
		{"prefix alone", "standard-webhooks", []string{"whsec_"}, webhook.ErrEmptySecret},
		{"padding alone", "standard-webhooks", []string{"whsec_=="}, webhook.ErrEmptySecret},
		{"not base64", "standard-webhooks", []string{"whsec_!!!!"}, webhook.ErrSecretFormat},
		{"base64 with a line feed", "standard-webhooks", []string{"whsec_AAAA\nAAAAAAAAAAAA"}, webhook.ErrSecretFormat},
		{"too much padding", "standard-webhooks", []string{"whsec_" + b64([]byte(good)) + "===="}, webhook.ErrSecretFormat},
		{"base64 of zero bytes", "standard-webhooks", []string{"whsec_" + b64(make([]byte, 32))}, webhook.ErrWeakKey},
		{"secret key for a public one", "standard-webhooks", []string{"whsk_" + b64(bytes.Repeat([]byte{1}, 32))}, webhook.ErrSecretFormat},
		{"public key too short", "standard-webhooks", []string{"whpk_" + b64(bytes.Repeat([]byte{1}, 31))}, webhook.ErrSecretFormat},
		{"public key too long", "standard-webhooks", []string{"whpk_" + b64(bytes.Repeat([]byte{1}, 33))}, webhook.ErrSecretFormat},
		{"zero public key", "standard-webhooks", []string{"whpk_" + b64(make([]byte, 32))}, webhook.ErrWeakKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: c.provider, Secrets: secrets(c.secrets...)})
			require.ErrorIs(t, err, c.want)
			assert.Nil(t, v)
		})
	}
	_, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "github", Secrets: secrets(slices.Repeat([]string{good}, webhook.MaxSecrets)...)})
	require.NoError(t, err)
}

// Pitfall 2: variants of an empty key. A key of zero bytes is the empty key to
// HMAC, so a forger needs no secret.
func TestPitfall2ZeroKeyIsTheEmptyKey(t *testing.T) {
	sign := func(key []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte("forged"))
		return m.Sum(nil)
	}
	assert.Equal(t, sign(nil), sign(make([]byte, 32)), "the premise")
	for _, n := range []int{0, 1, 8, 32, 64} {
		_, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "github", Secrets: secrets(strings.Repeat("\x00", n))})
		require.Error(t, err, "%d zero bytes", n)
	}
}

// Pitfall 3: Go's ed25519.Verify accepts a signature anybody can write under a
// public key of low order. Here S is 0 and R the neutral point, whose
// encoding is 1: [0]B = R + [k]A holds when [k]A is neutral.
func TestPitfall3LowOrderPublicKey(t *testing.T) {
	identity := append([]byte{1}, make([]byte, 31)...)
	forged := append(slices.Clone(identity), make([]byte, 32)...)
	assert.True(t, ed25519.Verify(identity, []byte("anything"), forged), "the premise")

	for _, y := range lowOrderPoints(t) {
		for _, sign := range []byte{0, 0x80} {
			k := slices.Clone(y)
			k[31] |= sign
			_, err := webhook.New(webhook.Config{
				Crypto:   gocrypto.Crypto{},
				Provider: "standard-webhooks", Secrets: secrets("whpk_" + base64.StdEncoding.EncodeToString(k)),
			})
			require.ErrorIs(t, err, webhook.ErrWeakKey, "%x", k)
		}
	}
}

// lowOrderPoints computes the y coordinates of the points of order 1, 2, 4 and
// 8 on -x² + y² = 1 + dx²y², in every encoding of 255 bits, the ones not
// reduced modulo p included. For order 1 and 2, y is 1 and -1; for order 4 it
// is 0. Doubling a point of order 8 gives y = 0, which is x² = -y²; put into
// the curve: dy⁴ + 2y² - 1 = 0, so y² = (-1 ± √(1+d)) / d.
func lowOrderPoints(t *testing.T) [][]byte {
	t.Helper()
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	inv := func(x *big.Int) *big.Int { return new(big.Int).ModInverse(x, p) }
	mul := func(x, y *big.Int) *big.Int { return new(big.Int).Mod(new(big.Int).Mul(x, y), p) }
	neg := func(x *big.Int) *big.Int { return new(big.Int).Mod(new(big.Int).Neg(x), p) }
	d := mul(neg(big.NewInt(121665)), inv(big.NewInt(121666)))

	ys := []*big.Int{big.NewInt(0), big.NewInt(1), new(big.Int).Sub(p, big.NewInt(1))}
	root := new(big.Int).ModSqrt(new(big.Int).Mod(new(big.Int).Add(big.NewInt(1), d), p), p)
	if root != nil {
		for _, r := range []*big.Int{root, neg(root)} {
			square := mul(new(big.Int).Sub(r, big.NewInt(1)), inv(d))
			if y := new(big.Int).ModSqrt(new(big.Int).Mod(square, p), p); y != nil {
				ys = append(ys, y, neg(y))
			}
		}
	}
	require.Len(t, ys, 5)
	var out [][]byte
	for _, y := range ys {
		for _, e := range []*big.Int{y, new(big.Int).Add(y, p)} {
			if e.BitLen() > 255 {
				continue
			}
			b := e.FillBytes(make([]byte, 32))
			slices.Reverse(b)
			out = append(out, b)
		}
	}
	require.Len(t, out, 7)
	return out
}

func TestSecretsDoNotPrint(t *testing.T) {
	const value = "whsec_TellNobodyAboutThis"
	s := webhook.Secret{ID: "main", Value: []byte(value)}
	v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "github", Secrets: []webhook.Secret{s}})
	require.NoError(t, err)
	cfg := webhook.Config{Crypto: gocrypto.Crypto{}, Provider: "github", Secrets: []webhook.Secret{s}}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "secret", s, "verifier", v)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "secret", s, "verifier", v)
	out := logged.String()
	for _, x := range []any{s, &s, v, cfg, []webhook.Secret{s}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			out += fmt.Sprintf(verb, x)
		}
	}
	for _, leak := range []string{value, hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value)), fmt.Sprint([]byte(value))} {
		assert.NotContains(t, out, leak)
	}
	_, err = json.Marshal(s)
	require.Error(t, err, "a secret must not be stored unsealed by accident")
}

func TestErrorsHoldNothingOfTheRequest(t *testing.T) {
	for _, c := range corpus(t) {
		_, err := verifier(t, &c).Verify(&c.Request, c.Now)
		if err == nil {
			continue
		}
		for _, s := range c.Secrets {
			assert.NotContains(t, err.Error(), string(s.Value))
		}
		for _, line := range c.Request.Header.(webhooktest.Header) {
			if len(line[1]) > 8 {
				assert.NotContains(t, err.Error(), line[1])
			}
		}
		assert.Regexp(t, `^[a-z_]+$`, webhook.Code(err))
	}
}

// The configured secrets may be wiped by the caller after New.
func TestNewCopiesSecrets(t *testing.T) {
	c := accepts(t)[0]
	v := verifier(t, &c)
	for _, s := range c.Secrets {
		clear(s.Value)
	}
	_, err := v.Verify(&c.Request, c.Now)
	require.NoError(t, err)
}

func TestSecretIsActiveFromStartToJustBeforeEnd(t *testing.T) {
	c := accepts(t)[0]
	for _, tc := range []struct {
		from, until time.Duration
		want        error
	}{
		{0, time.Second, nil},
		{-time.Second, time.Nanosecond, nil},
		{time.Nanosecond, time.Second, webhook.ErrNoSecret},
		{-time.Second, 0, webhook.ErrNoSecret},
	} {
		c.Secrets[0].NotBefore, c.Secrets[0].NotAfter = c.Now.Add(tc.from), c.Now.Add(tc.until)
		_, err := verifier(t, &c).Verify(&c.Request, c.Now)
		require.ErrorIs(t, err, tc.want)
	}
}
