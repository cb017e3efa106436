package webhook

import (
	"bytes"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// maxKeySet bounds the keys of a set that are looked at.
const maxKeySet = 64

// keyOfSet returns the key of a set as a DER SubjectPublicKeyInfo, nil when
// there is none of that id and kind. A set that does not have the id is
// fetched again, but not more than once in refreshAge: issuers publish a key
// before they sign with it.
func (v *Verifier) keyOfSet(r *Request, url, kid string, a Algorithm, now time.Time) ([]byte, error) {
	w := want{
		kind: keySetDocument, url: url, payer: v.payer, age: keySetAge, stale: keySetStale, unusable: ErrKeysUnavailable,
		usable: func(set []byte) bool { _, ok := keysOf(set); return ok },
	}
	for range 2 {
		set, err := v.documents.get(r, &w, now)
		if err != nil {
			return nil, err
		}
		if key := findKey(set, kid, a); key != nil {
			return key, nil
		}
		w.age, w.stale = refreshAge, 0 // the copy at hand does not have it
	}
	return nil, nil
}

// keysOf gives the keys of a set; ok is false for what is none, and for one
// without a key.
func keysOf(set []byte) (keys [][]byte, ok bool) {
	raw, ok := jsontext.Find(set, "keys")
	if !ok {
		return nil, false
	}
	keys, ok = jsontext.Elements(raw, maxKeySet)
	return keys, ok && len(keys) > 0
}

// findKey looks a key up by its id (RFC 7517 §4.5). A set of one key needs
// none.
func findKey(set []byte, kid string, a Algorithm) []byte {
	keys, _ := keysOf(set)
	for _, k := range keys {
		id, _ := jsontext.FindString(k, "kid")
		if id != kid || (kid == "" && len(keys) > 1) {
			continue
		}
		if use, ok := jsontext.FindString(k, "use"); ok && use != "sig" {
			continue
		}
		return publicOfJWK(k, a)
	}
	return nil
}

// publicOfJWK writes the key as DER. Nil: it is not of the algorithm's kind.
func publicOfJWK(k []byte, a Algorithm) []byte {
	member := func(name string) []byte {
		text, _ := jsontext.FindString(k, name)
		b, err := jwtBase64.DecodeString(text)
		if err != nil || len(b) > maxSignature {
			return nil
		}
		return b
	}
	kty, _ := jsontext.FindString(k, "kty")
	crv, _ := jsontext.FindString(k, "crv")
	switch {
	case kty == "RSA" && (a == RSASHA256 || a == RSASHA1):
		return rsaSPKI(member("n"), member("e"))
	case kty == "EC" && crv == "P-256" && (a == ECDSAP256P1363 || a == ECDSAP256):
		x, y := member("x"), member("y")
		if len(x) != 32 || len(y) != 32 {
			return nil
		}
		return bytes.Join([][]byte{[]byte(p256Prefix), x, y}, nil)
	}
	return nil
}

// p256Prefix is the DER before the coordinates of a point on P-256 (RFC 5480
// §2: id-ecPublicKey, prime256v1, an uncompressed point).
const p256Prefix = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"

// rsaAlgorithm is the AlgorithmIdentifier rsaEncryption (RFC 8017 appendix
// A.1).
const rsaAlgorithm = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"

func rsaSPKI(n, e []byte) []byte {
	if len(n) == 0 || len(e) == 0 {
		return nil
	}
	key := derTLV(0x30, append(derInteger(n), derInteger(e)...))
	return derTLV(0x30, append([]byte(rsaAlgorithm), derTLV(0x03, append([]byte{0}, key...))...))
}

// derInteger writes an unsigned number, high byte first.
func derInteger(b []byte) []byte {
	b = bytes.TrimLeft(b, "\x00")
	if len(b) == 0 || b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return derTLV(0x02, b)
}

func derTLV(tag byte, content []byte) []byte {
	out := []byte{tag}
	switch n := len(content); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, content...)
}
