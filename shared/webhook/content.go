package webhook

import "github.com/hookweir/hookweir/shared/jsontext"

// work is the memory of one Verify, kept for the next.
type work struct {
	set       *HeaderSet
	id        string
	timestamp string
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
	w.set, w.id, w.timestamp, w.count = nil, "", "", 0
	w.body = nil
	w.head, w.tail = w.head[:0], w.tail[:0]
	if cap(w.head)+cap(w.tail) > maxKept {
		w.head, w.tail = nil, nil
	}
	clear(w.values[:])
}

// content builds the signed content from the bytes as received.
func (v *Verifier) content(w *work, req *Request) error {
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
	out := &w.head
	for _, p := range v.scheme.Template {
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
		}
	}
	return nil
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
