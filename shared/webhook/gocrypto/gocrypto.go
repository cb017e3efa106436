package gocrypto

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"hash"
	"math/big"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/webhook"
)

// RSA moduli that are taken, in bits. Under 2048 is too weak (NIST SP 800-131A
// §3), over 4096 costs more than any provider asks for.
const (
	minRSABits = 2048
	maxRSABits = 4096
)

// Crypto implements webhook.Crypto.
type Crypto struct{}

// HMAC implements webhook.Crypto.
func (Crypto) HMAC(h webhook.Hash, key []byte, msg ...[]byte) []byte {
	f := function(h)
	if f == nil || len(key) == 0 {
		return nil
	}
	m := hmac.New(f, key)
	for _, part := range msg {
		m.Write(part)
	}
	return m.Sum(nil)
}

// Sum implements webhook.Crypto.
func (Crypto) Sum(h webhook.Hash, msg ...[]byte) []byte {
	m := function(h)()
	for _, part := range msg {
		m.Write(part)
	}
	return m.Sum(nil)
}

func function(h webhook.Hash) func() hash.Hash {
	switch h {
	case webhook.SHA256:
		return sha256.New
	case webhook.SHA1:
		return sha1.New
	case webhook.SHA512:
		return sha512.New
	case webhook.MD5:
		return md5.New
	}
	return nil
}

// CheckKey implements webhook.Crypto.
func (Crypto) CheckKey(a webhook.Algorithm, key []byte) bool { return public(a, key) != nil }

// Verify implements webhook.Crypto.
func (Crypto) Verify(a webhook.Algorithm, key, message, signature []byte) bool {
	switch k := public(a, key).(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(message)
		if a == webhook.ECDSAP256P1363 {
			return verifyP1363(k, sum[:], signature)
		}
		return ecdsa.VerifyASN1(k, sum[:], signature)
	case *rsa.PublicKey:
		if a == webhook.RSASHA1 {
			sum := sha1.Sum(message)
			return rsa.VerifyPKCS1v15(k, crypto.SHA1, sum[:], signature) == nil
		}
		sum := sha256.Sum256(message)
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], signature) == nil
	}
	return false
}

// maxChain bounds the certificates of a chain.
const maxChain = 4

// Certificate implements webhook.Crypto.
func (Crypto) Certificate(chain []byte, at time.Time) ([]byte, bool) {
	var certs []*x509.Certificate
	for rest := trim(chain); len(rest) > 0; {
		der, after, ok := cutCertificate(rest)
		if !ok || len(certs) == maxChain {
			return nil, false
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, false
		}
		certs, rest = append(certs, c), after
	}
	for i, c := range certs {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return nil, false
		}
		if i+1 < len(certs) && c.CheckSignatureFrom(certs[i+1]) != nil {
			return nil, false
		}
	}
	if len(certs) == 0 {
		return nil, false
	}
	return certs[0].RawSubjectPublicKeyInfo, true
}

const (
	beginCertificate = "-----BEGIN CERTIFICATE-----"
	endCertificate   = "-----END CERTIFICATE-----"
)

// cutCertificate takes the block off that text starts with. (pem.Decode looks
// for one anywhere, and passes over what it cannot read.)
func cutCertificate(text []byte) (der, rest []byte, ok bool) {
	inner, ok := bytes.CutPrefix(text, []byte(beginCertificate))
	if !ok {
		return nil, nil, false
	}
	inner, rest, ok = bytes.Cut(inner, []byte(endCertificate))
	if !ok {
		return nil, nil, false
	}
	line := bytes.Map(func(r rune) rune {
		if strings.ContainsRune(space, r) {
			return -1
		}
		return r
	}, inner)
	der, err := base64.StdEncoding.DecodeString(string(line))
	return der, trim(rest), err == nil
}

// space is what may stand around the blocks, and in their lines.
const space = " \t\r\n"

func trim(b []byte) []byte { return bytes.Trim(b, space) }

func verifyP1363(k *ecdsa.PublicKey, sum, signature []byte) bool {
	if len(signature) != 64 {
		return false
	}
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(k, sum, r, s)
}

// public parses a key of the algorithm, or returns nil.
func public(a webhook.Algorithm, key []byte) any {
	if a == webhook.Ed25519 {
		if len(key) != ed25519.PublicKeySize {
			return nil
		}
		return ed25519.PublicKey(key)
	}
	parsed, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return nil
	}
	switch k := parsed.(type) {
	case *ecdsa.PublicKey:
		if (a == webhook.ECDSAP256 || a == webhook.ECDSAP256P1363) && k.Curve == elliptic.P256() {
			return k
		}
	case *rsa.PublicKey:
		if n := k.N.BitLen(); (a == webhook.RSASHA256 || a == webhook.RSASHA1) && n >= minRSABits && n <= maxRSABits {
			return k
		}
	}
	return nil
}
