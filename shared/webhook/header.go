package webhook

import "strings"

// maxHeaderBytes bounds the value of one header that is read. Sixteen
// signatures of the longest kind take under 3 KB.
const maxHeaderBytes = 8 << 10

// one returns the value of a header that must occur at most once; empty is
// absent. commas says that the header's own format has commas. Errors:
// ErrDuplicateHeader, ErrMalformed.
//
// net/http's Header.Get and the Fetch standard's Headers.get both hide a
// repetition, the first by dropping lines, the second by joining them with
// ", " (fetch.spec.whatwg.org#concept-header-list-get). What a signature was
// read from and what anybody else reads must be one thing, so neither form
// passes.
func one(h Header, name string, commas bool) (string, error) {
	if name == "" {
		return "", nil
	}
	values := h.Values(name)
	switch len(values) {
	case 0:
		return "", nil
	case 1:
	default:
		return "", ErrDuplicateHeader
	}
	v := values[0]
	if len(v) > maxHeaderBytes {
		return "", ErrMalformed
	}
	if comma := strings.IndexByte(v, ','); comma >= 0 && (!commas || strings.Contains(v, ", ")) {
		return "", ErrDuplicateHeader
	}
	return v, nil
}

// visible says that s is not empty and each byte is printable ASCII, spaces
// excluded.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return s != ""
}

// pick finds the header set of a request by its signature header and returns
// that header's value.
func (v *Verifier) pick(h Header) (*HeaderSet, string, error) {
	for i := range v.scheme.Headers {
		set := &v.scheme.Headers[i]
		value, err := one(h, set.Signature, v.plan.commas)
		if err != nil {
			return nil, "", err
		}
		if value != "" {
			return set, value, nil
		}
	}
	return nil, "", ErrMissingHeader
}

// read takes everything out of the headers that is needed to build the signed
// content.
func (v *Verifier) read(w *work, req *Request) error {
	set, value, err := v.pick(req.Header)
	if err != nil {
		return err
	}
	w.set = set
	if err := v.candidates(w, value); err != nil {
		return err
	}
	if v.scheme.Timestamp.Source == FromHeader {
		if w.timestamp, err = one(req.Header, set.Timestamp, false); err != nil {
			return err
		}
	}
	if v.plan.signsTimestamp && w.timestamp == "" {
		return ErrMissingHeader
	}
	if !v.plan.signsID {
		return nil
	}
	if w.id, err = one(req.Header, set.ID, false); err != nil {
		return err
	}
	switch {
	case w.id == "":
		return ErrMissingHeader
	case !visible(w.id):
		return ErrMalformed
	}
	return nil
}
