package webhook

import (
	"encoding/base64"
	"time"
)

// maxChallenge bounds what a handshake echoes, in bytes. Slack's challenge has
// 52, Microsoft's sentence about 130.
const maxChallenge = 1024

// maxOpenBody bounds the body that is searched for a challenge before anybody
// vouches for it, in bytes. The longest is a challenge and a few names; what is
// longer is an event, or a stranger who has us read 25 MiB.
const maxOpenBody = 16 << 10

// handshake returns the answer to a handshake, or nil. open asks for those
// that anybody may have, which are answered before anything is verified.
func (v *Verifier) handshake(d *delivery, now time.Time, open bool) (*Reply, error) {
	for i := range d.handshakes {
		h := &d.handshakes[i]
		if h.Open != open || !h.uses(d.req.Method, v.scheme) || !d.hold(h.when) {
			continue
		}
		if d.err != nil {
			return nil, d.err
		}
		text, ok := d.text(&h.echo)
		switch {
		case d.err != nil:
			return nil, d.err
		case h.Echo.none():
		case !ok && (open || len(h.when) == 0):
			continue // no challenge, so no handshake
		case !ok || len(text) > maxChallenge || !h.Text.holds(text):
			return nil, ErrHandshake
		}
		if !v.known(d, h) {
			return nil, ErrSignature
		}
		if err := v.confirm(d, h); err != nil {
			return nil, err
		}
		return v.reply(h, text, now)
	}
	return nil, d.err
}

func (h *handshake) uses(method string, s *Scheme) bool {
	if h.Method != "" {
		return method == h.Method
	}
	return s.uses(method)
}

// known holds the token that the operator and the provider agreed on against
// the one in the request. Without one configured nobody is known.
func (v *Verifier) known(d *delivery, h *handshake) bool {
	if h.KnownParam == "" {
		return true
	}
	want := v.params[h.KnownParam]
	text, ok := d.text(&h.known)
	return ok && want != "" && same(v.crypto.Sum(SHA256, []byte(text)), v.crypto.Sum(SHA256, []byte(want))) == 1
}

// confirm fetches the URL a provider wants to see fetched.
func (v *Verifier) confirm(d *delivery, h *handshake) error {
	if h.Confirm.none() {
		return nil
	}
	url, ok := d.text(&h.confirm)
	switch {
	case !ok || !allowedURL(url, h.ConfirmAt):
		return ErrHandshake
	case d.req.Fetch == nil:
		return ErrKeysUnavailable
	}
	if _, err := d.req.Fetch(url, maxDocument); err != nil {
		return ErrKeysUnavailable
	}
	return nil
}

func (v *Verifier) reply(h *handshake, text string, now time.Time) (*Reply, error) {
	r := &Reply{Status: h.Status, ContentType: h.ContentType}
	if r.Status == 0 {
		r.Status = 200
	}
	if h.Offers {
		r.Offer = text
		return r, nil
	}
	if h.Header != "" {
		r.Header = [2]string{h.Header, text}
		return r, nil
	}
	r.Body = append(r.Body, h.Before...)
	if h.MAC == Raw || h.Between != "" {
		r.Body = append(append(r.Body, text...), h.Between...)
	}
	if h.MAC != Raw {
		k := v.newest(now)
		if k == nil || k.rule.Algorithm.hash() == 0 {
			return nil, ErrHandshake
		}
		r.Body = appendEncoded(r.Body, v.crypto.HMAC(k.rule.Algorithm.hash(), k.secret, []byte(text)), h.MAC)
	}
	r.Body = append(r.Body, h.After...)
	return r, nil
}

// newest is the first active key: sources list theirs newest first.
func (v *Verifier) newest(now time.Time) *key {
	for _, k := range v.keys {
		if k.active(now) {
			return k
		}
	}
	return nil
}

func appendEncoded(dst, b []byte, e Encoding) []byte {
	switch e {
	case Base64:
		return base64.StdEncoding.AppendEncode(dst, b)
	case Base64URL:
		return base64.URLEncoding.AppendEncode(dst, b)
	}
	for _, c := range b {
		dst = append(dst, lowerHex[c>>4], lowerHex[c&0xf])
	}
	return dst
}

func (c Charset) holds(s string) bool {
	for i := range len(s) {
		b := s[i]
		switch {
		case b == ' ' && c == PlainText:
		case b <= ' ' || b > '~':
			return false
		case c == TokenText && !tokenByte(b):
			return false
		}
	}
	return s != ""
}

func tokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
		c == '+', c == '/', c == '=', c == '_', c == '.', c == '~', c == '-':
		return true
	}
	return false
}
