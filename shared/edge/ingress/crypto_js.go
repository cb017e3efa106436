package ingress

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/webhook"
)

// Crypto is the host's cryptography (BoringSSL in workerd) as a
// webhook.Crypto and a seal.Suite: the module links none of Go's.
type Crypto struct{}

// HMAC implements webhook.Crypto. At 1 KB it takes about half of what Go's
// takes in Wasm, at 200 KB a tenth (`make bench`).
func (Crypto) HMAC(h webhook.Hash, key []byte, msg ...[]byte) []byte {
	alg, size := hostHash(h), h.Size()
	if alg == 0 || len(key) == 0 {
		return nil
	}
	whole := join(msg)
	mac := make([]byte, size)
	hostHMAC(alg, bytesPtr(key), int32(len(key)), bytesPtr(whole), int32(len(whole)), bytesPtr(mac))
	return mac
}

// Sum implements webhook.Crypto.
func (Crypto) Sum(h webhook.Hash, msg ...[]byte) []byte {
	whole := join(msg)
	sum := make([]byte, h.Size())
	hostDigest(hostHash(h), bytesPtr(whole), int32(len(whole)), bytesPtr(sum))
	return sum
}

// Overhead of an AES-GCM box, in bytes: nonce and tag.
const boxOverhead = 12 + 16

// Open implements seal.Suite.
func (Crypto) Open(key, box, aad []byte) ([]byte, bool) {
	if len(box) < boxOverhead {
		return nil, false
	}
	plaintext := make([]byte, len(box)-boxOverhead)
	ok := hostOpen(bytesPtr(key), int32(len(key)), bytesPtr(box), int32(len(box)), bytesPtr(aad), int32(len(aad)), bytesPtr(plaintext))
	return plaintext, ok == opened
}

const opened = 1

// errSeal reports a key that the host does not seal with.
var errSeal = errors.New("ingress: the host did not seal")

// Seal implements seal.Suite. The nonce is the host's: the worker seals only
// what a provider offers (source.SealOffer), and has no source of randomness
// of its own.
func (Crypto) Seal(key, nonce, plaintext, aad []byte) ([]byte, error) {
	if nonce != nil {
		return nil, errSeal
	}
	box := make([]byte, len(plaintext)+boxOverhead)
	ok := hostSeal(bytesPtr(key), int32(len(key)), bytesPtr(plaintext), int32(len(plaintext)), bytesPtr(aad), int32(len(aad)), bytesPtr(box))
	if ok != sealed {
		return nil, errSeal
	}
	return box, nil
}

const sealed = 1

// Verify implements webhook.Crypto.
func (Crypto) Verify(a webhook.Algorithm, key, message, signature []byte) bool {
	return verify(a, key, message, signature) == verified
}

// maxSPKI bounds a public key in DER, in bytes: RSA with 4096 bits has 550.
const maxSPKI = 1024

// Certificate implements webhook.Crypto.
func (Crypto) Certificate(chain []byte, at time.Time) ([]byte, bool) {
	out := make([]byte, maxSPKI)
	n := hostCertificate(bytesPtr(chain), int32(len(chain)), uint32(at.Unix()), bytesPtr(out), maxSPKI)
	if n <= 0 {
		return nil, false
	}
	return out[:n], true
}

// CheckKey implements webhook.Crypto.
func (Crypto) CheckKey(a webhook.Algorithm, key []byte) bool {
	return verify(a, key, nil, nil) != unusableKey
}

// Answers of the host's verify.
const (
	verified    = 1
	unusableKey = -1
)

func verify(a webhook.Algorithm, key, message, signature []byte) int32 {
	alg := hostAlgorithm(a)
	if alg == 0 || len(key) == 0 {
		return unusableKey
	}
	return hostVerify(alg, bytesPtr(key), int32(len(key)), bytesPtr(message), int32(len(message)),
		bytesPtr(signature), int32(len(signature)))
}

func hostAlgorithm(a webhook.Algorithm) int32 {
	switch a {
	case webhook.Ed25519:
		return VerifyEd25519
	case webhook.ECDSAP256:
		return VerifyECDSAP256
	case webhook.ECDSAP256P1363:
		return VerifyECDSAP256P1363
	case webhook.RSASHA256:
		return VerifyRSASHA256
	case webhook.RSASHA1:
		return VerifyRSASHA1
	}
	return 0
}

func hostHash(h webhook.Hash) int32 {
	switch h {
	case webhook.SHA256:
		return HashSHA256
	case webhook.SHA1:
		return HashSHA1
	case webhook.SHA512:
		return HashSHA512
	case webhook.MD5:
		return HashMD5
	}
	return 0
}

// join gives the parts as one; where only one has bytes, without a copy.
func join(parts [][]byte) []byte {
	var only []byte
	full, size := 0, 0
	for _, p := range parts {
		if len(p) > 0 {
			only = p
			full++
			size += len(p)
		}
	}
	if full <= 1 {
		return only
	}
	whole := make([]byte, 0, size)
	for _, p := range parts {
		whole = append(whole, p...)
	}
	return whole
}
