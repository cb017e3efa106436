package webhook

import (
	"bytes"
	"encoding/base64"
	"strings"
	"time"
)

// key is one parsed secret.
type key struct {
	id                  string
	notBefore, notAfter time.Time
	rule                *KeyRule
	// secret is the HMAC key, or the public key.
	secret []byte
}

func (k *key) active(now time.Time) bool {
	return !now.Before(k.notBefore) && (k.notAfter.IsZero() || now.Before(k.notAfter))
}

// newKey parses one secret by the first key rule whose prefix it has.
func newKey(s *Scheme, crypto Crypto, secret *Secret) (*key, error) {
	switch {
	case len(secret.Value) == 0:
		return nil, ErrEmptySecret
	case len(secret.Value) > maxSecretBytes:
		return nil, ErrSecretFormat
	}
	for i := range s.Keys {
		rule := &s.Keys[i]
		text, ok := bytes.CutPrefix(secret.Value, []byte(rule.Prefix))
		if !ok {
			continue
		}
		decoded, err := decodeKey(text, rule.Encoding)
		if err != nil {
			return nil, err
		}
		switch {
		case rule.Algorithm.public():
			err = checkPublic(crypto, rule.Algorithm, decoded)
		case rule.Algorithm == JWTPublic && s.JWT.KeySet == "":
			if !crypto.CheckKey(RSASHA256, decoded) && !crypto.CheckKey(ECDSAP256P1363, decoded) {
				err = ErrSecretFormat
			}
		default:
			err = checkHMAC(decoded, s.MinKeyBytes)
		}
		if err != nil {
			return nil, err
		}
		return &key{id: secret.ID, notBefore: secret.NotBefore, notAfter: secret.NotAfter, rule: rule, secret: decoded}, nil
	}
	return nil, ErrSecretFormat
}

// other is the same secret read in its rule's other encoding; nil where the
// rule has none, or the secret is not so encoded.
func (k *key) other(s *Scheme) *key {
	if k.rule.Or == Raw {
		return nil
	}
	decoded, err := decodeKey(k.secret, k.rule.Or)
	if err != nil || checkHMAC(decoded, s.MinKeyBytes) != nil {
		return nil
	}
	o := *k
	o.secret = decoded
	return &o
}

// decodeKey returns a copy of text, decoded.
func decodeKey(text []byte, e Encoding) ([]byte, error) {
	if len(text) == 0 {
		return nil, ErrEmptySecret
	}
	switch e {
	case Raw:
		return bytes.Clone(text), nil
	case Hex:
		out := make([]byte, len(text)/2)
		if decodeHex(out, string(text)) < 0 {
			return nil, ErrSecretFormat
		}
		return out, nil
	case Base64:
		return decodeKeyBase64(text, base64.RawStdEncoding)
	case Base64URL:
		return decodeKeyBase64(text, base64.RawURLEncoding)
	}
	return nil, ErrSecretFormat
}

// decodeKeyBase64 takes padding or none: providers' consoles show both.
func decodeKeyBase64(text []byte, e *base64.Encoding) ([]byte, error) {
	s := strings.TrimRight(string(text), "=")
	if len(text)-len(s) > 2 || strings.ContainsAny(s, "\r\n") {
		return nil, ErrSecretFormat
	}
	out, err := e.DecodeString(s)
	if err != nil {
		return nil, ErrSecretFormat
	}
	return out, nil
}

// checkHMAC refuses keys that protect nothing. HMAC pads a key with zero
// bytes to the hash's block (RFC 2104 §2), so trailing zeros add nothing: a
// key of zeros alone is the empty key, under which anybody can sign.
func checkHMAC(k []byte, minimum int) error {
	if minimum == 0 {
		minimum = MinKeyBytes
	}
	switch n := len(bytes.TrimRight(k, "\x00")); {
	case len(k) == 0:
		return ErrEmptySecret
	case n < minimum:
		return ErrWeakKey
	}
	return nil
}

// lowOrder are the y coordinates of the eight points whose order divides the
// cofactor, with the encodings not reduced modulo p; the sign bit is clear.
// Under such a public key a signature that anybody can write verifies
// (RFC 8032 §5.1.7 checks neither; Chalkias, Garillot, Nikolaenko, "Taming the
// many EdDSAs", table 6).
var lowOrder = [...]string{
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
	"\xec\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
	"\xee\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
}

// checkPublic refuses what is no public key of the algorithm, and Ed25519 keys
// of low order, whoever computes the curve.
func checkPublic(crypto Crypto, a Algorithm, k []byte) error {
	if a == Ed25519 {
		if len(k) != ed25519Key {
			return ErrSecretFormat
		}
		y := bytes.Clone(k)
		y[ed25519Key-1] &= 0x7f
		for _, low := range lowOrder {
			if string(y) == low {
				return ErrWeakKey
			}
		}
	}
	if !crypto.CheckKey(a, k) {
		return ErrSecretFormat
	}
	return nil
}

// ed25519Key is the length of a public key, in bytes (RFC 8032 §5.1.5).
const ed25519Key = 32
