package gocrypto_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
)

func spki(t *testing.T, key any) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(key)
	require.NoError(t, err)
	return b
}

func TestCheckKey(t *testing.T) {
	var c gocrypto.Crypto
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	big2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	weak := &rsa.PublicKey{N: new(big.Int).Rsh(big2048.N, 1024), E: 65537}
	ed, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	ec, rs := spki(t, &p256.PublicKey), spki(t, &big2048.PublicKey)
	for _, x := range []struct {
		name string
		a    webhook.Algorithm
		key  []byte
		want bool
	}{
		{"P-256", webhook.ECDSAP256, ec, true},
		{"P-256, plain", webhook.ECDSAP256P1363, ec, true},
		{"P-384", webhook.ECDSAP256, spki(t, &p384.PublicKey), false},
		{"RSA as ECDSA", webhook.ECDSAP256, rs, false},
		{"ECDSA as RSA", webhook.RSASHA256, ec, false},
		{"RSA", webhook.RSASHA256, rs, true},
		{"RSA for SHA-1", webhook.RSASHA1, rs, true},
		{"RSA of 1024 bits", webhook.RSASHA256, spki(t, weak), false},
		{"trailing byte", webhook.RSASHA256, append(slices.Clone(rs), 0), false},
		{"nothing", webhook.RSASHA256, nil, false},
		{"Ed25519", webhook.Ed25519, ed, true},
		{"Ed25519 with a byte more", webhook.Ed25519, append(slices.Clone(ed), 0), false},
		{"Ed25519 in DER", webhook.Ed25519, spki(t, ed), false},
		{"HMAC", webhook.HMACSHA256, ed, false},
	} {
		assert.Equal(t, x.want, c.CheckKey(x.a, x.key), x.name)
	}
}

// ECDSA signatures that verifiers have accepted and should not (Wycheproof,
// ecdsa_secp256r1_sha256), and the second one that everybody accepts: (r, n-s)
// is as good, so nothing may tell deliveries apart by their signature.
func TestECDSAOddities(t *testing.T) {
	var c gocrypto.Crypto
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	key, msg := spki(t, &k.PublicKey), []byte("message")
	sum := sha256.Sum256(msg)
	r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
	require.NoError(t, err)
	n := elliptic.P256().Params().N
	der := func(r, s *big.Int) []byte {
		b, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
		require.NoError(t, err)
		return b
	}
	good := der(r, s)
	plain := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	require.True(t, c.Verify(webhook.ECDSAP256, key, msg, good))
	require.True(t, c.Verify(webhook.ECDSAP256, key, msg, der(r, new(big.Int).Sub(n, s))))
	require.True(t, c.Verify(webhook.ECDSAP256P1363, key, msg, plain))
	zero := new(big.Int)
	for name, sig := range map[string][]byte{
		"r and s zero":      der(zero, zero),
		"r zero":            der(zero, s),
		"s is the order":    der(r, n),
		"r plus the order":  der(new(big.Int).Add(r, n), s),
		"s plus the order":  der(r, new(big.Int).Add(s, n)),
		"negative r":        der(new(big.Int).Neg(r), s),
		"trailing byte":     append(slices.Clone(good), 0),
		"cut":               good[:len(good)-1],
		"long form length":  append([]byte{0x30, 0x81}, good[1:]...),
		"indefinite length": append([]byte{0x30, 0x80}, append(slices.Clone(good[2:]), 0, 0)...),
		"the other form":    plain,
		"nothing":           {},
	} {
		assert.False(t, c.Verify(webhook.ECDSAP256, key, msg, sig), name)
	}
	for name, sig := range map[string][]byte{
		"zeros": make([]byte, 64), "the other form": good, "cut": plain[:63], "longer": append(slices.Clone(plain), 0),
	} {
		assert.False(t, c.Verify(webhook.ECDSAP256P1363, key, msg, sig), name)
	}
}

func TestUnknownHash(t *testing.T) {
	assert.Nil(t, gocrypto.Crypto{}.HMAC(99, []byte("key"), nil))
	assert.Nil(t, gocrypto.Crypto{}.HMAC(webhook.SHA256, nil, nil), "the empty key signs for anybody")
}
