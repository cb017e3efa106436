package seal

import (
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/wire"
)

// version opens every sealed value and is part of its additional data.
const version = "hw1"

const (
	// nonceBytes is GCM's native nonce, 96 bits (SP 800-38D §5.2.1.1).
	nonceBytes = 12
	// tagBytes is the full tag, 128 bits.
	tagBytes = 16
	// MaxPlaintext bounds what is sealed, in bytes. Sealed and in base64 it
	// stays under a Durable Object's row limit of 2 MB.
	MaxPlaintext = 1 << 20
	// maxPrefix is `hw1.` + key id + `.` + the digits of an int64 + `.`.
	maxPrefix = len(version) + 1 + MaxKeyID + 1 + 19 + 1
	// maxSealed bounds the text Open looks at, in bytes: base64 makes four of
	// three.
	maxSealed = maxPrefix + (nonceBytes+MaxPlaintext+tagBytes+2)/3*4
)

// encoding is strict: one sealed value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

var (
	// ErrFormat reports text that is not a sealed value of this version, or
	// something that must not be sealed: an AAD with a negative generation, a
	// plaintext over MaxPlaintext.
	ErrFormat = errors.New("seal: not a sealed value")
	// ErrUnknownKey reports a value under a key the ring does not have.
	ErrUnknownKey = errors.New("seal: sealed under a key that is not in the ring")
	// ErrOpen reports that a value does not open. Tampering, a wrong place, a
	// wrong generation and a wrong key under a right id are one error: the
	// difference helps only an attacker.
	ErrOpen = errors.New("seal: value does not open")
)

// AAD says where a sealed value lives. All of it is authenticated, none of it
// but the generation is stored with the value: the reader must know it.
type AAD struct {
	Purpose    string // which part sealed it: "source", "agent", "token", …
	Tenant     string // the tenant's name
	Object     string // the row: a source, a connection, …
	Field      string // the column
	Generation int64  // counts rewrites of the row, from 0; a reader that knows it refuses an older value
}

// encode is unambiguous: every string carries its length, so no two AADs
// share bytes (("ab","c") against ("a","bc")). Version and key id are in it,
// so neither can be swapped in the text.
func (a *AAD) encode(keyID string) []byte {
	b := make([]byte, 0, 96)
	for _, s := range [...]string{version, keyID, a.Purpose, a.Tenant, a.Object, a.Field} {
		b = wire.AppendBytes(b, s)
	}
	return wire.AppendInt64(b, a.Generation)
}

// Seal encrypts plaintext for one place under the primary key:
// `hw1.{key id}.{generation}.{base64url(nonce‖ciphertext‖tag)}`. Errors:
// ErrNoRing, ErrFormat, or the error of Rand or of the suite.
//
// The nonce is 96 random bits (SP 800-38D §8.2.2). With random nonces one key
// may seal 2³² values before a repeat becomes likelier than 2⁻³² (§8.3). We
// seal on configuration changes and token refreshes: a thousand tenants with
// ten connections each, refreshed hourly, take 49 years to get there, and a
// new primary key starts the count again.
func (r *Ring) Seal(plaintext []byte, aad AAD) (string, error) {
	if r == nil || len(r.keys) == 0 {
		return "", ErrNoRing
	}
	if aad.Generation < 0 || len(plaintext) > MaxPlaintext {
		return "", ErrFormat
	}
	k := &r.keys[0]
	var nonce []byte
	if r.Rand != nil {
		nonce = make([]byte, nonceBytes)
		if _, err := io.ReadFull(r.Rand, nonce); err != nil {
			return "", err
		}
	}
	box, err := r.suite.Seal(k.raw[:], nonce, plaintext, aad.encode(k.id))
	if err != nil {
		return "", err
	}
	out := make([]byte, 0, maxPrefix+encoding.EncodedLen(len(box)))
	out = append(out, version...)
	out = append(out, '.')
	out = append(out, k.id...)
	out = append(out, '.')
	out = strconv.AppendInt(out, aad.Generation, 10)
	out = append(out, '.')
	return string(encoding.AppendEncode(out, box)), nil
}

// Open decrypts a value that [Ring.Seal] made for the same AAD, under any key
// of the ring. Errors: ErrNoRing, ErrFormat, ErrUnknownKey, ErrOpen.
func (r *Ring) Open(sealed string, aad AAD) ([]byte, error) {
	if r == nil || len(r.keys) == 0 {
		return nil, ErrNoRing
	}
	v, err := split(sealed)
	if err != nil {
		return nil, err
	}
	k := r.find(v.keyID)
	if k == nil {
		return nil, ErrUnknownKey
	}
	box, err := encoding.DecodeString(v.box)
	if err != nil || len(box) < nonceBytes+tagBytes {
		return nil, ErrFormat
	}
	// The generation in the text is only a hint to the reader; what counts is
	// the one in the AAD, and the two must not disagree.
	if v.generation != aad.Generation {
		return nil, ErrOpen
	}
	plaintext, ok := r.suite.Open(k.raw[:], box, aad.encode(k.id))
	if !ok {
		return nil, ErrOpen
	}
	return plaintext, nil
}

// Header reads the key id and the generation without opening the value.
// Neither is authenticated until [Ring.Open] succeeds with that generation.
// Errors: ErrFormat.
func Header(sealed string) (keyID string, generation int64, err error) {
	v, err := split(sealed)
	return v.keyID, v.generation, err
}

// NeedsRewrap reports whether the value should be sealed again: it is not
// under the primary key, or cannot be read at all.
func (r *Ring) NeedsRewrap(sealed string) bool {
	v, err := split(sealed)
	return err != nil || r == nil || len(r.keys) == 0 || r.keys[0].id != v.keyID
}

type value struct {
	keyID      string
	generation int64
	box        string
}

func split(sealed string) (value, error) {
	if len(sealed) > maxSealed {
		return value{}, ErrFormat
	}
	v, rest, _ := strings.Cut(sealed, ".")
	id, rest, _ := strings.Cut(rest, ".")
	gen, box, ok := strings.Cut(rest, ".")
	// encoding/base64 skips line breaks; a value has one spelling.
	if !ok || v != version || !validKeyID(id) || strings.ContainsAny(box, "\r\n") {
		return value{}, ErrFormat
	}
	n, err := strconv.ParseInt(gen, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != gen {
		return value{}, ErrFormat
	}
	return value{keyID: id, generation: n, box: box}, nil
}
