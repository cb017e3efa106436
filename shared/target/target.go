package target

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// MaxURL bounds a target, in bytes; no agent needs more, and it is stored and
// logged.
const MaxURL = 2048

// Error is the rule a URL breaks. Its text is meant for the operator and
// quotes nothing of the URL, which may hold credentials.
type Error string

func (e Error) Error() string { return "target: " + string(e) }

// The rules, in the order in which they are checked.
const (
	ErrTooLong   Error = "the URL is longer than 2048 bytes"
	ErrSyntax    Error = "the URL must be absolute and plain ASCII, without spaces or backslashes"
	ErrScheme    Error = "the URL must start with https://"
	ErrFragment  Error = "the URL must not have a fragment"
	ErrUserinfo  Error = "the URL must not hold a user name or password"
	ErrPort      Error = "the port must be a plain number from 1 to 65535"
	ErrHost      Error = "the host must be a full ASCII domain name (punycode for others) or a plain IP address"
	ErrNotPublic Error = "the host is not on the public Internet"
)

// Policy says what else is allowed. Its zero value is production.
type Policy struct {
	// AllowLoopback also accepts http and https to this machine: localhost,
	// *.localhost, 127.0.0.0/8 and [::1]. For development only.
	AllowLoopback bool
}

// Check reports whether Hookweir may call the URL, as nil or an [Error].
func Check(rawURL string, p Policy) error {
	if len(rawURL) > MaxURL {
		return ErrTooLong
	}
	for i := range len(rawURL) {
		// WHATWG drops tabs and line breaks and reads `\` as `/`.
		if c := rawURL[i]; c <= ' ' || c >= 0x7f || c == '\\' {
			return ErrSyntax
		}
	}
	if _, err := url.Parse(rawURL); err != nil {
		return syntaxOf(rawURL)
	}
	scheme, rest, ok := strings.Cut(rawURL, "://")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return ErrScheme // also https:host and https:/host, which WHATWG takes
	}
	secure := strings.EqualFold(scheme, "https")
	if !secure && !strings.EqualFold(scheme, "http") {
		return ErrScheme
	}
	if strings.Contains(rest, "#") {
		return ErrFragment
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority = rest[:i]
	}
	if strings.Contains(authority, "@") {
		return ErrUserinfo
	}
	host, err := cutPort(authority)
	if err != nil {
		return err
	}
	kind, err := classify(host)
	switch {
	case err != nil:
		return err
	case kind == loopback && p.AllowLoopback:
		return nil
	case !secure:
		return ErrScheme
	case kind != public:
		return ErrNotPublic
	}
	return nil
}

// syntaxOf names the rule that made net/url give up, where that is one of
// ours: a better word for the operator than "syntax".
func syntaxOf(rawURL string) error {
	_, rest, ok := strings.Cut(rawURL, "://")
	if !ok {
		return ErrSyntax
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	if strings.Contains(rest, "@") {
		return ErrUserinfo
	}
	if host, err := cutPort(rest); err != nil {
		return err
	} else if _, err := classify(host); err != nil {
		return err
	}
	return ErrSyntax
}

// cutPort splits the authority and checks the port. The host keeps its
// brackets.
func cutPort(authority string) (string, error) {
	i := strings.LastIndexByte(authority, ':')
	if i < 0 || i < strings.LastIndexByte(authority, ']') {
		return authority, nil
	}
	host, port := authority[:i], authority[i+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return "", ErrPort // empty, zero, 0443, +443, over 65535
	}
	return host, nil
}

type kind int

const (
	public kind = iota
	private
	loopback
)

func classify(host string) (kind, error) {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		if !ok || err != nil || !a.Is6() || a.Zone() != "" {
			return private, ErrHost
		}
		return classifyAddr(a), nil
	}
	if a, err := netip.ParseAddr(host); err == nil && a.Is4() {
		return classifyAddr(a), nil
	}
	return classifyName(strings.ToLower(host))
}
