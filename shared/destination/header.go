package destination

import (
	"slices"
	"strings"
)

// Bounds of a caller's headers; the platforms and most servers refuse more.
const (
	MaxHeaders     = 64
	maxHeaderBytes = 16 << 10
)

// What a caller's headers may get wrong.
const (
	ErrHeaders        Error = "at most 64 headers of 16 KiB in all, each name once, values of visible ASCII, spaces and tabs"
	ErrHeaderReserved Error = "host, content-length, hop-by-hop and proxy headers are not yours to set"
	ErrHeaderMethod   Error = "a read must not name another method in a header"
	ErrHeaderAuth     Error = "authorization comes from the destination's connection or credential"
)

// reservedNames are headers that say how a message travels, or whose it is:
// the platform's and the proxies' business (RFC 9110 §7.6.1). Read only.
var reservedNames = [...]string{
	"host", "content-length", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "expect",
	"accept-encoding", "content-encoding", "via", "forwarded", "x-real-ip", "http2-settings",
}

var reservedPrefixes = [...]string{"proxy-", "x-forwarded-", "cf-", "sec-", "x-original-", "x-rewrite-"}

func reserved(lower string) bool {
	if slices.Contains(reservedNames[:], lower) {
		return true
	}
	for _, p := range reservedPrefixes {
		if strings.HasPrefix(lower, p) {
			return true
		}
	}
	return false
}

// CheckHeader checks a caller's headers, whose names are in lower case.
// Errors: ErrHeaders, ErrHeaderReserved, ErrHeaderAuth.
func (c *Config) CheckHeader(header [][2]string) error {
	if len(header) > MaxHeaders {
		return ErrHeaders
	}
	size := 0
	for i, h := range header {
		size += len(h[0]) + len(h[1])
		if !validName(h[0]) || !validValue(h[1]) {
			return ErrHeaders
		}
		for _, earlier := range header[:i] {
			if earlier[0] == h[0] {
				return ErrHeaders
			}
		}
		switch {
		case reserved(h[0]):
			return ErrHeaderReserved
		case h[0] == "authorization" && c.Authorized(), h[0] == c.AuthHeader:
			return ErrHeaderAuth
		}
	}
	if size > maxHeaderBytes {
		return ErrHeaders
	}
	return nil
}

// methodNames are headers by which frameworks take one method for another.
// Read only.
var methodNames = [...]string{"x-http-method", "x-http-method-override", "x-method-override"}

// CheckReadHeader refuses what could make a read something else:
// ErrHeaderMethod.
func CheckReadHeader(header [][2]string) error {
	for _, h := range header {
		if slices.Contains(methodNames[:], h[0]) {
			return ErrHeaderMethod
		}
	}
	return nil
}

// validName is a token (RFC 9110 §5.6.2) in lower case.
func validName(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		switch b := s[i]; {
		case 'a' <= b && b <= 'z', '0' <= b && b <= '9', strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0:
		default:
			return false
		}
	}
	return true
}

// validValue is a field value without obs-text (RFC 9110 §5.5): what is not
// ASCII is read differently by different servers.
func validValue(s string) bool {
	for i := range len(s) {
		if b := s[i]; (b < ' ' && b != '\t') || b > '~' {
			return false
		}
	}
	return s == strings.Trim(s, " \t")
}
