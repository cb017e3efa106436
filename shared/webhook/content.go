package webhook

import (
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// work is the memory of one Verify, kept for the next.
type work struct {
	set       *HeaderSet
	id        string
	timestamp string
	token     string // a JWT
	found     [maxCandidates]candidate
	count     int
	// The signed content is head, body and tail, one after the other. The
	// body is the request's own bytes.
	head, body, tail []byte
	values           [jsontext.MaxPaths][]byte
}

// maxKept bounds the head and tail that are kept for the next delivery, in
// bytes. A scheme without template builds its whole content in head.
const maxKept = 4 << 10

func (w *work) reset() {
	w.set, w.id, w.timestamp, w.token, w.count = nil, "", "", "", 0
	w.body = nil
	w.head, w.tail = w.head[:0], w.tail[:0]
	if cap(w.head)+cap(w.tail) > maxKept {
		w.head, w.tail = nil, nil
	}
	clear(w.values[:])
}

// borrow takes the memory for one Verify.
func (v *Verifier) borrow() *work { return v.work.Get().(*work) }

// giveBack keeps w for the next delivery, and nothing of this one's: a pool
// lets go of what it has only at the second collection from now.
func (v *Verifier) giveBack(w *work) {
	w.reset()
	v.work.Put(w)
}

// content builds the signed content from the bytes as received. k is the key
// that is tried; nil in a row whose content does not depend on it.
func (v *Verifier) content(d *delivery, k *key) error {
	w, req := d.work, d.req
	if v.scheme.Content != nil {
		head, err := v.scheme.Content(w.head, req)
		if err != nil {
			return ErrMalformed
		}
		w.head = head
		return nil
	}
	if v.plan.delimiter != 0 && startsWithNumber(req.Body, v.plan.delimiter) {
		return ErrMalformed
	}
	w.head, w.body, w.tail = w.head[:0], nil, w.tail[:0]
	out := &w.head
	for i, p := range v.scheme.Template {
		var ok bool
		if v.scheme.Delimited && (p.Kind == PartID && !delimited(v.scheme.Template, i, w.id) ||
			p.Kind == PartURL && !delimited(v.scheme.Template, i, req.URL)) {
			return ErrMalformed
		}
		switch p.Kind {
		case Literal:
			*out = append(*out, p.Text...)
		case PartID:
			*out = append(*out, w.id...)
		case PartTimestamp:
			*out = append(*out, w.timestamp...)
		case PartURL:
			*out = append(*out, req.URL...)
		case PartMethod:
			*out = append(*out, req.Method...)
		case PartBody:
			w.body = req.Body
			out = &w.tail
		case PartSecret:
			*out = append(*out, k.secret...)
		default:
			if *out, ok = v.derived(*out, d, p.Kind); !ok {
				if d.err != nil {
					return d.err
				}
				return ErrMalformed
			}
		}
	}
	return d.err
}

// delimited says that the text of the part i ends, or after the body begins,
// where the literal beside it first says so.
func delimited(parts []Part, i int, text string) bool {
	body := slices.IndexFunc(parts, func(p Part) bool { return p.Kind == PartBody })
	if i < body {
		l := parts[i+1].Text
		return strings.Index(text+l, l) == len(text)
	}
	l := parts[i-1].Text
	return strings.LastIndex(l+text, l) == 0
}

// derived appends a part that is made of other parts of the request.
func (v *Verifier) derived(dst []byte, d *delivery, kind PartKind) (out []byte, ok bool) {
	switch kind {
	case PartFields:
		return d.appendFields(dst)
	case PartPath:
		return append(dst, pathAndQuery(d.req.URL)...), true
	case PartURLDecoded:
		return appendDecodedURL(dst, d.req.URL), true
	case PartCRC32:
		return strconv.AppendUint(dst, uint64(crc32.ChecksumIEEE(d.req.Body)), 10), true
	case PartSignedHeaders:
		return v.appendSignedHeaders(dst, d)
	case PartSortedForm:
		return v.appendSortedForm(dst, d.req)
	}
	return dst, false
}

func (d *delivery) appendFields(dst []byte) ([]byte, bool) {
	for i := range d.fields {
		f := &d.fields[i]
		text, ok := d.text(&f.value)
		if !ok {
			if f.Optional && !d.twice(&f.value) {
				continue
			}
			if !f.Blank || !d.blank(&f.value) {
				return dst, false
			}
		}
		dst = append(append(append(dst, f.Before...), text...), f.After...)
	}
	return dst, true
}

// appendSignedHeaders appends the headers that the request says are signed.
// The timestamp must be among them, or it says nothing about freshness.
func (v *Verifier) appendSignedHeaders(dst []byte, d *delivery) ([]byte, bool) {
	const maxSignedHeaders = 32
	list, err := listHeader(d.req.Header, v.scheme.SignedHeaders)
	if err != nil || list == "" {
		return dst, false
	}
	names := strings.Split(list, ",")
	timed := false
	for i, name := range names {
		if i == maxSignedHeaders || !visible(name) {
			return dst, false
		}
		value, err := one(d.req.Header, name, true)
		if err != nil {
			d.err = err
			return dst, false
		}
		timed = timed || name == strings.ToLower(d.work.set.Timestamp)
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(append(append(dst, name...), ':'), value...)
	}
	return dst, timed
}

// appendSortedForm appends the fields of a form, key and value, sorted by key
// and then by value, each pair once. Keys and values run together: a captured
// delivery can be cut anew between them, which is the provider's design.
func (v *Verifier) appendSortedForm(dst []byte, r *Request) ([]byte, bool) {
	if sum := queryValue(r.URL, "bodySHA256"); sum != "" {
		var want [32]byte
		ok := len(sum) == 2*len(want) && decodeHex(want[:], sum) > 0
		return dst, ok && same(want[:], v.crypto.Sum(SHA256, r.Body)) == 1
	}
	pairs, ok := formPairs(r.Body)
	if !ok {
		return dst, false
	}
	slices.SortFunc(pairs, comparePairs)
	for _, p := range slices.Compact(pairs) {
		dst = append(append(dst, p[0]...), p[1]...)
	}
	return dst, true
}

// appendDecodedURL decodes the escapes that HubSpot decodes before it signs
// (developers.hubspot.com, "Validating requests", v3, step 3) and no other.
func appendDecodedURL(dst []byte, url string) []byte {
	const decoded = ":/?@!$'()*,;"
	for i := 0; i < len(url); i++ {
		if url[i] == '%' && i+2 < len(url) {
			hi, lo := nibble(url[i+1]), nibble(url[i+2])
			if hi <= 15 && lo <= 15 && strings.IndexByte(decoded, hi<<4|lo) >= 0 {
				dst = append(dst, hi<<4|lo)
				i += 2
				continue
			}
		}
		dst = append(dst, url[i])
	}
	return dst
}

// message is the signed content in one piece.
func (w *work) message() []byte {
	if len(w.head)+len(w.tail) == 0 {
		return w.body
	}
	m := make([]byte, 0, len(w.head)+len(w.body)+len(w.tail))
	return append(append(append(m, w.head...), w.body...), w.tail...)
}

// startsWithNumber says that body starts with digits and the delimiter: it
// could be a captured delivery, cut one segment earlier (see the package
// doc). The specification asks senders to keep full stops out of ids for the
// same reason; receivers cannot count on it.
func startsWithNumber(body []byte, delimiter byte) bool {
	for i, c := range body {
		if c-'0' > 9 {
			return i > 0 && c == delimiter
		}
	}
	return false
}

// digest is the SHA-256 of the signed content or of the body alone.
func (w *work) digest(crypto Crypto, scope HashScope, body []byte) []byte {
	if scope == HashBody {
		return crypto.Sum(SHA256, body)
	}
	return crypto.Sum(SHA256, w.head, w.body, w.tail)
}
