package workerd

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
)

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
