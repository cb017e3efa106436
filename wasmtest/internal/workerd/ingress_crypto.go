package workerd

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
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
	"encoding/pem"
	"fmt"
	"hash"
	"math/big"
	"regexp"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/gojs"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// importRow makes an import of module "edge".
type importRow func(name string, params, results int, call func(in *ingressInstance, a []uint64)) gojs.Import

// cryptoImports are what node:crypto does in ingress.mjs, by Go's standard
// library: none of it is the product's own code.
func cryptoImports(row importRow) []gojs.Import {
	// bytes are the guest's bytes that the arguments i and i+1 name.
	bytes := func(in *ingressInstance, a []uint64, i int) []byte {
		return in.guest.Bytes(uint32(a[i]), uint32(a[i+1]))
	}
	put := func(in *ingressInstance, out uint64, b []byte) { copy(in.guest.Bytes(uint32(out), uint32(len(b))), b) }
	return []gojs.Import{
		row("hmac", 6, 0, func(in *ingressInstance, a []uint64) {
			mac := hmac.New(hashOf(int32(a[0])), bytes(in, a, 1))
			mac.Write(bytes(in, a, 3))
			put(in, a[5], mac.Sum(nil))
		}),
		row("digest", 4, 0, func(in *ingressInstance, a []uint64) {
			h := hashOf(int32(a[0]))()
			h.Write(bytes(in, a, 1))
			put(in, a[3], h.Sum(nil))
		}),
		row("open", 7, 1, func(in *ingressInstance, a []uint64) {
			plaintext, ok := openBox(bytes(in, a, 0), bytes(in, a, 2), bytes(in, a, 4))
			out := a[6]
			a[0] = 0
			if ok {
				put(in, out, plaintext)
				a[0] = 1
			}
		}),
		row("seal", 7, 1, func(in *ingressInstance, a []uint64) {
			box, ok := sealBox(in.iso, bytes(in, a, 0), bytes(in, a, 2), bytes(in, a, 4))
			out := a[6]
			a[0] = 0
			if ok {
				put(in, out, box)
				a[0] = 1
			}
		}),
		row("certificate", 5, 1, func(in *ingressInstance, a []uint64) {
			key, ok := certifiedKey(bytes(in, a, 0), time.Unix(int64(uint32(a[2])), 0))
			if !ok || len(key) > int(uint32(a[4])) {
				a[0] = uint64(uint32(0xffffffff))
				return
			}
			put(in, a[3], key)
			a[0] = uint64(len(key))
		}),
		row("verify", 7, 1, func(in *ingressInstance, a []uint64) {
			a[0] = uint64(uint32(verifyPublic(int32(a[0]), bytes(in, a, 1), bytes(in, a, 3), bytes(in, a, 5))))
		}),
	}
}

func hashOf(alg int32) func() hash.Hash {
	switch alg {
	case 1:
		return sha1.New
	case 2:
		return sha256.New
	case 3:
		return sha512.New
	case 4:
		return md5.New
	}
	panic(&jsobj.Missing{Name: fmt.Sprintf("hash %d of edge.hmac or edge.digest", alg)})
}

// The expressions of the same names in ingress.mjs.
var (
	onlyCertificates = regexp.MustCompile(`^[ \t\r\n]*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= \t\r\n]+-----END CERTIFICATE-----[ \t\r\n]*){1,4}$`)
	oneCertificate   = regexp.MustCompile(`-----BEGIN CERTIFICATE-----[A-Za-z0-9+/= \t\r\n]+-----END CERTIFICATE-----`)
)

// certifiedKey is ingress.mjs's function of the same name.
func certifiedKey(chain []byte, at time.Time) ([]byte, bool) {
	if !onlyCertificates.Match(chain) {
		return nil, false
	}
	var certs []*x509.Certificate
	for _, text := range oneCertificate.FindAll(chain, -1) {
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, false
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return nil, false
		}
		certs = append(certs, c)
	}
	for i := 1; i < len(certs); i++ {
		if certs[i-1].CheckSignatureFrom(certs[i]) != nil {
			return nil, false
		}
	}
	if len(certs) == 0 {
		return nil, false
	}
	return certs[0].RawSubjectPublicKeyInfo, true
}

// openBox opens nonce, ciphertext and tag under AES-256-GCM.
func openBox(key, box, aad []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		return nil, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(box) < gcm.NonceSize() {
		return nil, false
	}
	plaintext, err := gcm.Open(nil, box[:gcm.NonceSize()], box[gcm.NonceSize():], aad)
	return plaintext, err == nil
}

// sealBox seals under a nonce of the isolate's randomness.
func sealBox(iso *Isolate, key, plaintext, aad []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(key) != 32 {
		return nil, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	nonce := make([]byte, gcm.NonceSize())
	iso.Random(nonce)
	return gcm.Seal(nonce, nonce, plaintext, aad), true
}

// Results of edge.verify.
const (
	verified    = 1
	notVerified = 0
	unusableKey = -1
)

// verifyPublic is ingress.mjs's function of the same name: alg is its index
// into VERIFIES.
func verifyPublic(alg int32, key, message, sig []byte) int32 {
	if alg == 1 {
		if len(key) != ed25519.PublicKeySize {
			return unusableKey
		}
		return outcome(ed25519.Verify(key, message, sig))
	}
	parsed, err := x509.ParsePKIXPublicKey(key)
	if err != nil {
		return unusableKey
	}
	sum := sha256.Sum256(message)
	switch public := parsed.(type) {
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return unusableKey
		}
		switch alg {
		case 2:
			return outcome(ecdsa.VerifyASN1(public, sum[:], sig))
		case 3: // r and s, 32 bytes each
			return outcome(len(sig) == 64 && ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])))
		}
	case *rsa.PublicKey:
		if bits := public.N.BitLen(); bits < 2048 || bits > 4096 {
			return unusableKey
		}
		switch alg {
		case 4:
			return outcome(rsa.VerifyPKCS1v15(public, crypto.SHA256, sum[:], sig) == nil)
		case 5:
			old := sha1.Sum(message)
			return outcome(rsa.VerifyPKCS1v15(public, crypto.SHA1, old[:], sig) == nil)
		}
	}
	return unusableKey
}

func outcome(ok bool) int32 {
	if ok {
		return verified
	}
	return notVerified
}
