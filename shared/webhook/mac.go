package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"time"
)

// Hash is a hash function that HMAC runs over.
type Hash uint8

// The hash functions.
const (
	SHA256 Hash = iota + 1
	SHA1
	SHA512
	MD5
)

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

// size is the length of a signature, in bytes.
func (a Algorithm) size() int {
	switch a {
	case HMACSHA256:
		return sha256.Size
	case HMACSHA1:
		return sha1.Size
	case HMACSHA512:
		return sha512.Size
	case HMACMD5:
		return md5.Size
	case Ed25519:
		return ed25519.SignatureSize
	}
	return 0
}

// macState is an HMAC in progress. Kept between deliveries because a reset
// HMAC has its key's two blocks already hashed.
type macState struct {
	mac hash.Hash
	sum [maxSignature]byte
}

func newMACState(a Algorithm, secret []byte) *macState {
	var h func() hash.Hash
	switch a {
	case HMACSHA256:
		h = sha256.New
	case HMACSHA1:
		h = sha1.New
	case HMACSHA512:
		h = sha512.New
	case HMACMD5:
		h = md5.New
	default:
		return nil
	}
	return &macState{mac: hmac.New(h, secret)}
}

// match returns the first active key under which one of the candidates
// verifies, or nil.
func (v *Verifier) match(w *work, now time.Time) *key {
	for _, k := range v.keys {
		if !k.active(now) {
			continue
		}
		ok := false
		if k.rule.Algorithm == Ed25519 {
			ok = w.verifyPublic(k)
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
	size := k.rule.Algorithm.size()
	mac := v.foreign(w, k)
	if mac == nil {
		s := k.states.Get().(*macState)
		defer k.states.Put(s)
		s.mac.Reset()
		s.mac.Write(w.head)
		s.mac.Write(w.body)
		s.mac.Write(w.tail)
		mac = s.mac.Sum(s.sum[:0])
	}
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

// foreign asks the configured HMAC, if there is one.
func (v *Verifier) foreign(w *work, k *key) []byte {
	if v.hmac == nil {
		return nil
	}
	return v.hmac(k.rule.Algorithm.hash(), k.secret, w.head, w.body, w.tail)
}

// verifyPublic verifies each candidate under a public key. There is no secret
// to leak by the time it takes.
func (w *work) verifyPublic(k *key) bool {
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
		if c.label == k.rule.Label && c.size == ed25519.SignatureSize && ed25519.Verify(k.secret, message, c.bytes[:]) {
			return true
		}
	}
	return false
}

// has says that a candidate could match the key: it has its label and length.
// If none has, nothing is hashed.
func (w *work) has(k *key) bool {
	for i := range w.found[:w.count] {
		if c := &w.found[i]; c.label == k.rule.Label && c.size == k.rule.Algorithm.size() {
			return true
		}
	}
	return false
}
