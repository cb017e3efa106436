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

// listHeader returns the value of a header that is a list without spaces.
func listHeader(h Header, name string) (string, error) { return one(h, name, true) }

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
func (v *Verifier) pick(r *Request) (*HeaderSet, string, error) {
	for i := range v.scheme.Headers {
		set := &v.scheme.Headers[i]
		value, err := field(r, set.Signature, v.plan.commas)
		if err != nil {
			return nil, "", err
		}
		if value != "" {
			return set, value, nil
		}
	}
	return nil, "", ErrMissingHeader
}

// proof takes the signatures out of the request.
func (v *Verifier) proof(d *delivery) error {
	w := d.work
	if v.plan.inBody {
		w.set = &v.scheme.Headers[0]
		value, ok := d.text(&v.plan.proof)
		switch {
		case d.err != nil:
			return d.err
		case !ok:
			return ErrMissingHeader
		case len(value) > maxHeaderBytes:
			return ErrMalformed
		}
		return v.candidates(w, value)
	}
	set, value, err := v.pick(d.req)
	if err != nil {
		return err
	}
	w.set = set
	if v.scheme.JWT != nil {
		return v.token(w, value)
	}
	if err := v.candidates(w, value); err != nil {
		return err
	}
	for _, name := range set.More {
		value, err := one(d.req.Header, name, v.plan.commas)
		if err != nil {
			return err
		}
		if value == "" {
			continue
		}
		if err := v.elements(w, value); err != nil {
			return err
		}
	}
	return nil
}

// stamp returns the header with the timestamp. An HTTP date has the comma in
// it that else tells of a second line, and has it once.
func (v *Verifier) stamp(r *Request, name string) (string, error) {
	if v.scheme.Timestamp.Format != HTTPDate {
		return field(r, name, false)
	}
	values := r.Header.Values(name)
	switch {
	case len(values) == 0:
		return "", nil
	case len(values) > 1 || strings.Count(values[0], ",") > 1:
		return "", ErrDuplicateHeader
	}
	return values[0], nil
}

// token takes a JWT out of its header.
func (v *Verifier) token(w *work, value string) error {
	for i := range v.scheme.Keys {
		if text, ok := strings.CutPrefix(value, v.scheme.Keys[i].Label); ok {
			w.token = text
			return nil
		}
	}
	return ErrMalformed
}

// read takes everything out of the request that is needed to build the signed
// content.
func (v *Verifier) read(d *delivery) error {
	if err := v.proof(d); err != nil {
		return err
	}
	w, req := d.work, d.req
	var err error
	if v.scheme.Timestamp.Source == FromHeader {
		if w.timestamp, err = v.stamp(req, w.set.Timestamp); err != nil {
			return err
		}
	}
	if v.plan.signsTimestamp && w.timestamp == "" {
		return ErrMissingHeader
	}
	if !v.plan.signsID {
		return nil
	}
	if w.id, err = field(req, w.set.ID, false); err != nil {
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
