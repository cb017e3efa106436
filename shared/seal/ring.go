package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
)

const (
	// KeyBytes is the length of a key: AES-256.
	KeyBytes = 32
	// MaxKeyID bounds a key id, in bytes; it is stored with every value.
	MaxKeyID = 32
	// MaxKeys bounds a ring. A rotation needs two; the rest is slack.
	MaxKeys = 16
)

var (
	// ErrNoRing reports that no key ring is configured. Nothing can be sealed
	// or opened; callers fail closed.
	ErrNoRing = errors.New("seal: no key ring")
	// ErrKey reports a ring that cannot be used; see [KeyError].
	ErrKey = errors.New("seal: bad key ring")
)

// KeyError says which entry of a ring is wrong, by number from 1, and why. It
// wraps [ErrKey] and quotes nothing of the entry: what stands in the place of
// an id may be a key.
type KeyError struct {
	Entry  int
	Reason string
}

func (e *KeyError) Error() string {
	return "seal: key ring entry " + strconv.Itoa(e.Entry) + ": " + e.Reason
}

// Fault says in a word or two what an error of [Parse] found, for the operator:
// "missing", or "malformed (entry 2: the key is all zero)".
func Fault(err error) string {
	entry, ok := err.(*KeyError) // errors.As would add 60 KB to the worker's module
	if !ok {
		return "missing"
	}
	return "malformed (entry " + strconv.Itoa(entry.Entry) + ": " + entry.Reason + ")"
}

// Unwrap makes errors.Is(err, ErrKey) hold.
func (e *KeyError) Unwrap() error { return ErrKey }

// Ring is an ordered set of keys. The first, the primary, seals; all open.
// A nil Ring answers [ErrNoRing]. Safe for concurrent use.
type Ring struct {
	// Rand gives the nonces; nil means the system's generator. Only tests set
	// it: a repeated nonce under one key gives the key stream away.
	Rand io.Reader

	suite Suite
	keys  []key
}

// Suite is AES-256-GCM. A box is the nonce of 12 bytes, the ciphertext and
// the tag of 16, one after the other. Package aesgcm is Go's.
type Suite interface {
	// Seal makes a box. A nil nonce is drawn by the suite.
	Seal(key, nonce, plaintext, aad []byte) (box []byte, err error)
	// Open opens one; ok is false for a wrong key, nonce, aad or tag.
	Open(key, box, aad []byte) (plaintext []byte, ok bool)
}

type key struct {
	id string
	// raw is behind a pointer, so that no verb prints it.
	raw *[KeyBytes]byte
}

// Parse reads `id:base64,id2:base64`. Ids are [A-Za-z0-9_-]{1,32} and differ;
// keys are 32 bytes in standard or URL base64, padded or not, are not all
// zero, and differ. White space around the whole is ignored, since a pasted
// secret often ends in a newline. Errors: ErrNoRing for an empty string,
// ErrKey (a *KeyError) for anything else.
func Parse(ring string, suite Suite) (*Ring, error) {
	ring = strings.TrimSpace(ring)
	if ring == "" {
		return nil, ErrNoRing
	}
	entries := strings.Split(ring, ",")
	if len(entries) > MaxKeys {
		return nil, &KeyError{MaxKeys + 1, "too many keys"}
	}
	r := &Ring{suite: suite, keys: make([]key, 0, len(entries))}
	for i, entry := range entries {
		id, text, found := strings.Cut(entry, ":")
		if !found || !validKeyID(id) {
			return nil, &KeyError{i + 1, "want id:base64, the id of 1 to 32 letters, digits, _ or -"}
		}
		b, ok := decodeKey(text)
		switch {
		case !ok || len(b) != KeyBytes:
			return nil, &KeyError{i + 1, "the key must be 32 bytes in base64"}
		case bytes.Equal(b, make([]byte, KeyBytes)):
			return nil, &KeyError{i + 1, "the key is all zero"}
		}
		for j := range r.keys {
			if r.keys[j].id == id {
				return nil, &KeyError{i + 1, "the id appears twice"}
			}
			if bytes.Equal(r.keys[j].raw[:], b) {
				return nil, &KeyError{i + 1, "the key appears twice"}
			}
		}
		r.keys = append(r.keys, key{id, (*[KeyBytes]byte)(b)})
	}
	return r, nil
}

// decodeKey takes both alphabets, with or without padding. Line breaks, which
// encoding/base64 would skip, are refused.
func decodeKey(text string) ([]byte, bool) {
	text = strings.TrimSuffix(text, "=")
	if strings.ContainsAny(text, "\r\n=") {
		return nil, false
	}
	enc := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		enc = base64.RawURLEncoding
	}
	b, err := enc.Strict().DecodeString(text)
	return b, err == nil
}

func validKeyID(id string) bool {
	if len(id) == 0 || len(id) > MaxKeyID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// Primary is the id of the key that seals; empty for no ring.
func (r *Ring) Primary() string {
	if r == nil || len(r.keys) == 0 {
		return ""
	}
	return r.keys[0].id
}

// PrimaryIn reports whether the key that seals is one of another ring's, by
// whatever id: who has that ring opens what this one seals. Both are the
// operator's own, so the time it takes tells nobody anything.
func (r *Ring) PrimaryIn(other *Ring) bool {
	if r == nil || other == nil || len(r.keys) == 0 {
		return false
	}
	for i := range other.keys {
		if *other.keys[i].raw == *r.keys[0].raw {
			return true
		}
	}
	return false
}

// find returns the key of an id. Key ids are public: no constant time needed.
func (r *Ring) find(id string) *key {
	for i := range r.keys {
		if r.keys[i].id == id {
			return &r.keys[i]
		}
	}
	return nil
}

// String names the keys by id and shows nothing else, so that a ring that
// slips into a log line leaks nothing.
func (r *Ring) String() string {
	if r == nil {
		return "seal.Ring()"
	}
	ids := make([]string, len(r.keys))
	for i := range r.keys {
		ids[i] = r.keys[i].id
	}
	return "seal.Ring(" + strings.Join(ids, ",") + ")"
}

// GoString is String: %#v would show the keys otherwise.
func (r *Ring) GoString() string { return r.String() }
