package webhook

import (
	"crypto/subtle"
	"time"
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
	case RSASHA256, RSASHA1:
		return n >= minRSASignature
	}
	return n > 0 && n == a.hash().Size()
}

// match returns the first active key under which one of the candidates
// verifies, or nil.
func (v *Verifier) match(w *work, now time.Time) *key {
	for _, k := range v.keys {
		if !k.active(now) {
			continue
		}
		ok := false
		if k.rule.Algorithm.hash() == 0 {
			ok = v.verifyPublic(w, k)
		} else {
			ok = v.verifyMAC(w, k)
		}
		if ok {
			return k
		}
	}
	return nil
}

// verifyMAC computes the key's MAC once and compares it with each candidate.
// The comparison takes the same time wherever the bytes differ, and no
// candidate cuts it short (CWE-208).
func (v *Verifier) verifyMAC(w *work, k *key) bool {
	if !w.has(k) {
		return false
	}
	h := k.rule.Algorithm.hash()
	size := h.Size()
	mac := v.crypto.HMAC(h, k.secret, w.head, w.body, w.tail)
	if len(mac) != size {
		return false
	}
	found := 0
	for i := range w.found[:w.count] {
		if c := &w.found[i]; c.label == k.rule.Label && c.size == size {
			found |= subtle.ConstantTimeCompare(c.bytes[:size], mac)
		}
	}
	return found == 1
}

// verifyPublic verifies each candidate under a public key. There is no secret
// to leak by the time it takes.
func (v *Verifier) verifyPublic(w *work, k *key) bool {
	if !w.has(k) {
		return false
	}
	message := w.body
	if len(w.head)+len(w.tail) > 0 {
		message = make([]byte, 0, len(w.head)+len(w.body)+len(w.tail))
		message = append(append(append(message, w.head...), w.body...), w.tail...)
	}
	for i := range w.found[:w.count] {
		c := &w.found[i]
		if c.label == k.rule.Label && k.rule.Algorithm.fits(c.size) && v.crypto.Verify(k.rule.Algorithm, k.secret, message, c.bytes[:c.size]) {
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
