package webhook

import (
	"crypto/subtle"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// Crypto is the cryptography of a Verifier: package gocrypto on the host, the
// platform's own in the worker, whose module then links none. The methods are
// safe for concurrent use and keep nothing of what they are given.
type Crypto interface {
	// HMAC is the MAC over the parts of msg one after the other. Nil, or a
	// MAC of another length than the hash's, verifies nothing.
	HMAC(h Hash, key []byte, msg ...[]byte) []byte
	// Sum is the hash of the parts of msg one after the other, h.Size() bytes.
	// It is not asked for a hash it does not know.
	Sum(h Hash, msg ...[]byte) []byte
	// Verify says whether signature is the key's over message. It is false
	// for a key that CheckKey would not take.
	Verify(a Algorithm, key, message, signature []byte) bool
	// Certificate returns the public key (a DER SubjectPublicKeyInfo) of the
	// first of one to four certificates in PEM, leaf first, with white space
	// between and around them and nothing else. Each is valid at
	// the time, and each but the last is issued and signed by the one after
	// it. Nothing is held against a trust store: where the chain came from is
	// what vouches for its end.
	Certificate(chain []byte, at time.Time) (key []byte, ok bool)
	// CheckKey says whether key is a public key of the algorithm that Verify
	// takes: 32 bytes for Ed25519, a DER SubjectPublicKeyInfo (RFC 5280
	// §4.1.2.7) for the others, on P-256 or with an RSA modulus of 2048 to
	// 4096 bits.
	CheckKey(a Algorithm, key []byte) bool
}

// Hash is a hash function that HMAC runs over.
type Hash uint8

// The hash functions.
const (
	SHA256 Hash = iota + 1
	SHA1
	SHA512
	MD5
)

// Size is the length of a hash, in bytes; 0 for one that is not known.
func (h Hash) Size() int {
	switch h {
	case SHA256:
		return 32
	case SHA1:
		return 20
	case SHA512:
		return 64
	case MD5:
		return 16
	}
	return 0
}

// hash is the hash function of an HMAC; 0 for what is none.
func (a Algorithm) hash() Hash {
	switch a {
	case HMACSHA256:
		return SHA256
	case HMACSHA1:
		return SHA1
	case HMACSHA512:
		return SHA512
	case HMACMD5:
		return MD5
	}
	return 0
}

// Lengths of public-key signatures, in bytes. A DER signature on P-256 has two
// integers of 1 to 33 bytes, each with a head of two, in a sequence with one.
const (
	ed25519Signature = 64
	p1363Signature   = 64
	minDERSignature  = 2 + 2*(2+1)
	maxDERSignature  = 2 + 2*(2+33)
	minRSASignature  = 2048 / 8
)

// fits says whether a signature can have this length, in bytes.
func (a Algorithm) fits(n int) bool {
	switch a {
	case Ed25519:
		return n == ed25519Signature
	case ECDSAP256P1363:
		return n == p1363Signature
	case ECDSAP256:
		return n >= minDERSignature && n <= maxDERSignature
	case RSASHA256, RSASHA1, X509:
		return n >= minRSASignature
	case SharedToken:
		return n > 0
	case SHA256Digest:
		return n == SHA256.Size()
	}
	return n > 0 && n == a.hash().Size()
}

// public says that the secret of a row is a public key.
func (a Algorithm) public() bool {
	switch a {
	case Ed25519, ECDSAP256, ECDSAP256P1363, RSASHA256, RSASHA1:
		return true
	}
	return false
}

// match returns the first active key under which one of the candidates
// verifies, or ErrSignature. Other errors say that it could not be found out.
func (v *Verifier) match(d *delivery, now time.Time) (*key, error) {
	for _, k := range v.keys {
		if !k.active(now) {
			continue
		}
		if v.plan.perKey {
			if err := v.content(d, k); err != nil {
				return nil, err
			}
		}
		ok, err := v.tryKey(d, k, now)
		if err != nil {
			return nil, err
		}
		if ok {
			return k, nil
		}
	}
	return nil, ErrSignature
}

func (v *Verifier) tryKey(d *delivery, k *key, now time.Time) (bool, error) {
	switch w := d.work; k.rule.Algorithm {
	case HMACSHA256, HMACSHA1, HMACSHA512, HMACMD5:
		return v.verifyMAC(w, k), nil
	case SharedToken:
		return v.verifyToken(w, k), nil
	case SHA256Digest:
		return isJSON(w.body) && w.compare(k, v.crypto.Sum(SHA256, w.head, w.body, w.tail)), nil
	case JWTHS256, JWTPublic:
		return v.verifyJWT(d, k, now)
	case X509:
		return v.verifyCertificate(d, k, now)
	default:
		return v.verifyPublic(w, k, k.rule.Algorithm, k.secret), nil
	}
}

// isJSON says that body is one JSON text. A SHA256Digest vouches for no other
// body: whoever has seen one digest can compute that of the same content, its
// padding (FIPS 180-4 §5.1.1: a byte 0x80, zeros and a length) and more, without
// the secret. After a JSON text those bytes make none.
func isJSON(body []byte) bool { return jsontext.FindAll(body, nil, nil) }

// verifyMAC computes the key's MAC once and compares it with each candidate.
func (v *Verifier) verifyMAC(w *work, k *key) bool {
	if !w.has(k) {
		return false
	}
	h := k.rule.Algorithm.hash()
	mac := v.crypto.HMAC(h, k.secret, w.head, w.body, w.tail)
	return len(mac) == h.Size() && w.compare(k, mac)
}

// compare holds every candidate of the key against the one right answer. It
// takes the same time wherever the bytes differ, and no candidate cuts it
// short (CWE-208).
func (w *work) compare(k *key, want []byte) bool {
	found := 0
	for i := range w.found[:w.count] {
		if c := &w.found[i]; c.label == k.rule.Label && c.size == len(want) {
			found |= same(c.bytes[:c.size], want)
		}
	}
	return found == 1
}

// same is the one comparison of secrets in the package: 1 when a and b are
// equal, in a time that depends on their lengths alone.
func same(a, b []byte) int { return subtle.ConstantTimeCompare(a, b) }

// verifyToken compares hashes, so that the time does not tell the length of
// the secret either.
func (v *Verifier) verifyToken(w *work, k *key) bool {
	want := v.crypto.Sum(SHA256, k.secret)
	found := 0
	for i := range w.found[:w.count] {
		if c := &w.found[i]; c.label == k.rule.Label {
			found |= same(v.crypto.Sum(SHA256, c.bytes[:c.size]), want)
		}
	}
	return found == 1
}

// verifyPublic verifies each candidate under a public key. There is no secret
// to leak by the time it takes.
func (v *Verifier) verifyPublic(w *work, k *key, a Algorithm, public []byte) bool {
	if !w.has(k) {
		return false
	}
	message := w.message()
	for i := range w.found[:w.count] {
		c := &w.found[i]
		if c.label == k.rule.Label && a.fits(c.size) && v.crypto.Verify(a, public, message, c.bytes[:c.size]) {
			return true
		}
	}
	return false
}

// has says that a candidate could match the key: it has its label and length.
// If none has, nothing is hashed.
func (w *work) has(k *key) bool {
	for i := range w.found[:w.count] {
		if c := &w.found[i]; c.label == k.rule.Label && k.rule.Algorithm.fits(c.size) {
			return true
		}
	}
	return false
}
