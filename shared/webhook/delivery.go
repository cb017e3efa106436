package webhook

import (
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
)

const (
	// maxTypeBytes bounds an event type without the row's prefix.
	maxTypeBytes = 128
	// maxYear is the last year that RFC 3339 can say (§5.6: four digits), and so
	// a CloudEvent. A number that is later is in another unit than the row's.
	maxYear     = 9999
	hashPrefix  = "sha256-"
	unknownType = "unknown"
	lowerHex    = "0123456789abcdef"
)

// delivery reads values out of a request: of its body only once it is parsed,
// which is after it was verified wherever the proof is not in it. Reading a
// header that was repeated ends in d.err.
type delivery struct {
	*plan
	crypto Crypto
	req    *Request
	work   *work
	// parsed says that form and work.values are set.
	parsed bool
	form   bool // the body is no JSON
	json   bool // it is, whole and valid
	err    error
	// request tells an element of a batch from every other, see HashRequest.
	// A whole delivery has none: its request's headers do.
	request string
}

// text returns a value's text; ok is false when there is none, or it is empty.
func (d *delivery) text(v *value) (text string, ok bool) {
	switch {
	case v.Text != "":
		return v.Text, true
	case v.Header == HeaderTimestamp:
		text = d.work.timestamp
	case v.Header != 0:
		text = d.header(d.work.set.role(v.Header))
	case v.Name != "":
		text = d.header(v.Name)
	case v.Query != "":
		text = queryValue(d.req.URL, v.Query)
	case v.Form != "":
		text = d.formText(v)
	case v.path >= 0:
		text, _ = jsontext.String(d.work.values[v.path])
	}
	return text, text != ""
}

func (d *delivery) header(name string) string {
	text, err := field(d.req, name, false)
	if err != nil {
		d.err = err
	}
	return text
}

func (s *HeaderSet) role(r Role) string {
	switch r {
	case HeaderID:
		return s.ID
	case HeaderType:
		return s.Type
	case HeaderTime:
		return s.Time
	}
	return ""
}

func (d *delivery) formText(v *value) string {
	if !d.parsed || !d.form {
		return ""
	}
	field, ok := formField(d.req.Body, v.Form)
	if !ok || len(v.JSON) == 0 {
		return field
	}
	text, _ := jsontext.FindString([]byte(field), v.JSON...)
	return text
}

// present says that there is a value, be it an object, an array or empty. A
// JSON null is none.
func (d *delivery) present(v *value) bool {
	if v.path >= 0 {
		raw := d.work.values[v.path]
		return raw != nil && string(raw) != "null"
	}
	_, ok := d.text(v)
	return ok
}

// twice says that a key on the way to the value occurs twice: which of them is
// meant, nobody knows.
func (d *delivery) twice(v *value) bool {
	return v.path >= 0 && d.work.values[v.path] != nil && len(d.work.values[v.path]) == 0
}

// blank says that there is an empty string, or nothing at all.
func (d *delivery) blank(v *value) bool {
	if v.path < 0 {
		return true
	}
	raw := d.work.values[v.path]
	return raw == nil || string(raw) == "null" || string(raw) == `""`
}

// hold says that every condition does. One about a JSON body holds of no other:
// in what cannot be read nothing is absent.
func (d *delivery) hold(cs []condition) bool {
	for i := range cs {
		c := &cs[i]
		if c.path >= 0 && !d.json {
			return false
		}
		if c.is == "" {
			if d.present(&c.value) {
				return false
			}
			continue
		}
		if text, _ := d.text(&c.value); text != c.is {
			return false
		}
	}
	return true
}

// first returns the text of the first rule that applies.
func (d *delivery) first(rules []rule) (string, bool) {
	for i := range rules {
		r := &rules[i]
		if !d.hold(r.when) {
			continue
		}
		if text, ok := d.join(r.parts); ok {
			return text, true
		}
	}
	return "", false
}

func (d *delivery) join(parts []value) (string, bool) {
	if len(parts) == 1 {
		return d.text(&parts[0])
	}
	var b strings.Builder
	for i := range parts {
		text, ok := d.text(&parts[i])
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// eventID returns the provider's id for the event. One that is too long for a
// key, or has bytes that a header, a URL or a log would not carry, is
// replaced by its hash; so is one that looks like such a hash.
func (d *delivery) eventID(scope HashScope, now time.Time) (string, error) {
	id, ok := d.first(d.id)
	switch {
	case d.err != nil:
		return "", d.err
	case !ok && scope == HashRequest:
		return d.requestID(now)
	case !ok && scope == HashTyped:
		return d.typedID()
	case !ok:
		return hashID(d.work.digest(d.crypto, scope, d.req.Body)), nil
	case len(id) > event.MaxIDBytes || !visible(id) || strings.HasPrefix(id, hashPrefix):
		return hashID(d.crypto.Sum(SHA256, []byte(id))), nil
	}
	return id, nil
}

// requestID is the id of one request, see HashRequest. A ray id has no line
// end, so what comes before the body is told from it.
func (d *delivery) requestID(now time.Time) (string, error) {
	request := d.request
	if request == "" {
		request = d.header("CF-Ray")
	}
	if d.err != nil {
		return "", d.err
	}
	if request == "" {
		request = strconv.FormatInt(now.UnixMilli(), 10)
	}
	return hashID(d.crypto.Sum(SHA256, []byte(request), []byte("\n"), d.req.Body)), nil
}

// typedID is the id of a delivery by what its headers and its body say, see
// HashTyped. A header has no line end, so the parts cannot be told otherwise.
func (d *delivery) typedID() (string, error) {
	named := d.header(d.work.set.ID)
	kind, _ := d.first(d.types)
	if d.err != nil {
		return "", d.err
	}
	return hashID(d.crypto.Sum(SHA256, []byte(named+"\n"+kind+"\n"), d.req.Body)), nil
}

// eventType returns prefix and the provider's own type in lower case. What is
// no letter, digit, `-`, `_` or full stop becomes a full stop (`orders/create`
// is `orders.create`).
func (d *delivery) eventType(prefix string) (string, error) {
	name, ok := d.first(d.types)
	if d.err != nil {
		return "", d.err
	}
	if !ok || len(name) > maxTypeBytes {
		name = unknownType
	}
	var buf [maxTypeBytes + 64]byte
	return string(event.AppendType(append(buf[:0], prefix...), name)), nil
}

// eventTime returns when the event happened, or zero.
func (d *delivery) eventTime() (time.Time, error) {
	for i := range d.time {
		text, ok := d.text(&d.time[i].value)
		if d.err != nil {
			return time.Time{}, d.err
		}
		if !ok {
			continue
		}
		if t, ok := parseTime(text, d.time[i].format); ok && t.Year() >= 0 && t.Year() <= maxYear {
			return t, nil
		}
	}
	return time.Time{}, nil
}

func hashID(sum []byte) string {
	return string(appendHex(append(make([]byte, 0, len(hashPrefix)+2*len(sum)), hashPrefix...), sum))
}

func appendHex(dst, src []byte) []byte {
	for _, c := range src {
		dst = append(dst, lowerHex[c>>4], lowerHex[c&0xf])
	}
	return dst
}
