package webhook

import (
	"encoding/base64"
	"strings"
)

const (
	// maxElements bounds the elements of a signature header that are looked
	// at, those of other versions included.
	maxElements = 32
	// maxCandidates bounds the signatures of one delivery. A provider sends
	// one per secret it is rotating, and nobody rotates sixteen.
	maxCandidates = 16
	// maxSignature is the longest decoded signature, in bytes: RSA with 4096
	// bits.
	maxSignature = 512
)

// Strict refuses set bits after the last byte, so that each signature has one
// spelling (RFC 4648 §3.5).
var (
	strictBase64        = base64.StdEncoding.Strict()
	strictBase64URL     = base64.URLEncoding.Strict()
	strictBase64URLBare = base64.RawURLEncoding.Strict()
)

// candidate is one decoded signature.
type candidate struct {
	label string
	size  int
	bytes [maxSignature]byte
}

// candidates splits the signature header into candidates, and takes the
// timestamp out of it where the row says it is there. Elements of other
// versions (Stripe's v0, a scheme that comes later) are passed over.
func (v *Verifier) candidates(w *work, header string) error {
	if err := v.elements(w, header); err != nil {
		return err
	}
	if w.count == 0 {
		return ErrMalformed
	}
	return nil
}

func (v *Verifier) elements(w *work, header string) error {
	rest, more := header, true
	for n := 0; more; n++ {
		if n == maxElements {
			return ErrMalformed
		}
		element := rest
		more = false
		if v.scheme.Separator != 0 {
			if i := strings.IndexByte(rest, v.scheme.Separator); i >= 0 {
				element, rest, more = rest[:i], rest[i+1:], true
			}
		}
		if err := v.element(w, element, n == 0); err != nil {
			return err
		}
	}
	return nil
}

func (v *Verifier) element(w *work, element string, first bool) error {
	if ts := &v.scheme.Timestamp; ts.Source == FromElement && (first || ts.Label != "") {
		if text, ok := strings.CutPrefix(element, ts.Label); ok {
			if w.timestamp != "" {
				return ErrDuplicateHeader
			}
			if text == "" {
				return ErrMalformed
			}
			w.timestamp = text
			return nil
		}
	}
	for i := range v.scheme.Keys {
		label := v.scheme.Keys[i].Label
		text, ok := strings.CutPrefix(element, label)
		if !ok {
			continue
		}
		if w.count == maxCandidates {
			return ErrMalformed
		}
		c := &w.found[w.count]
		c.label = label
		if c.size = decode(c.bytes[:], text, v.scheme.Encoding); c.size > 0 {
			w.count++
		} // else it can match nothing; another may
		return nil
	}
	return nil
}

// decode decodes text into dst and returns the length, or -1 for a text that
// is not encoded so or does not fit.
func decode(dst []byte, text string, e Encoding) int {
	switch e {
	case Raw:
		if len(text) > len(dst) {
			return -1
		}
		return copy(dst, text)
	case Hex:
		return decodeHex(dst, text)
	case Base64:
		return decodeBase64(dst, text, strictBase64)
	case Base64URL:
		return decodeBase64(dst, text, strictBase64URL)
	case Base64URLBare:
		return decodeBase64(dst, text, strictBase64URLBare)
	}
	return -1
}

// decodeHex is here and not encoding/hex because that links fmt.
func decodeHex(dst []byte, text string) int {
	if len(text)%2 != 0 || len(text)/2 > len(dst) {
		return -1
	}
	for i := 0; i < len(text); i += 2 {
		hi, lo := nibble(text[i]), nibble(text[i+1])
		if hi > 15 || lo > 15 {
			return -1
		}
		dst[i/2] = hi<<4 | lo
	}
	return len(text) / 2
}

func nibble(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// maxBase64 is the length of maxSignature bytes in padded base64.
const maxBase64 = (maxSignature + 2) / 3 * 4

// decodeBase64 is strict: padding is as e says, unused bits are zero, and nothing
// is skipped (Go's decoder passes over CR and LF, so their absence is asked).
func decodeBase64(dst []byte, text string, e *base64.Encoding) int {
	var in, out [maxBase64]byte
	if len(text) > len(in) || strings.ContainsAny(text, "\r\n") {
		return -1
	}
	n, err := e.Decode(out[:], in[:copy(in[:], text)])
	if err != nil || n > len(dst) {
		return -1
	}
	return copy(dst, out[:n])
}
