package destination

import (
	"net/url"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/shared/target"
)

// What a path may get wrong.
const (
	ErrPathForm    Error = "path must start with / and be visible ASCII, without # and backslash, and percent-encoded properly"
	ErrPathEscapes Error = "path must not have empty or dot segments, nor an encoded slash, backslash or control character"
	ErrPathLong    Error = "base_url and path together are longer than 2048 bytes"
)

// URL joins the base URL and a path with its query. Errors: ErrPathForm,
// ErrPathEscapes, ErrPathLong.
func (c *Config) URL(path string) (string, error) {
	bare, _, _ := strings.Cut(path, "?")
	if !strings.HasPrefix(path, "/") {
		return "", ErrPathForm
	}
	for i := range len(path) {
		if b := path[i]; b <= ' ' || b >= 0x7f || b == '\\' || b == '#' {
			return "", ErrPathForm
		}
	}
	if bare != "/" {
		if err := checkPath(bare); err != nil {
			return "", err
		}
	}
	joined := strings.TrimSuffix(c.BaseURL, "/") + path
	if len(joined) > target.MaxURL {
		return "", ErrPathLong
	}
	return joined, nil
}

// Readable reports whether an agent may read a path, which may have a query.
func (c *Config) Readable(path string) bool {
	return slices.ContainsFunc(c.ReadPaths, func(pattern string) bool { return target.MatchPath(pattern, path) })
}

// checkReadPaths refuses what could never match, and what would match other
// than it looks: `/a*` is no prefix.
func checkReadPaths(patterns []string) error {
	if len(patterns) > MaxReadPaths {
		return ErrReadPaths
	}
	var rules Config
	for _, p := range patterns {
		if _, err := rules.URL(p); err != nil || len(p) > maxReadPath || strings.Contains(p, "?") {
			return ErrReadPaths
		}
		segments := strings.Split(p, "/")
		for i, s := range segments {
			if strings.Contains(s, "*") && s != "*" && (s != "**" || i != len(segments)-1) {
				return ErrReadPaths
			}
		}
	}
	return nil
}

// checkPath takes a path that starts with a slash. One slash may end it. A
// segment is decoded until nothing is left to decode, since servers behind
// proxies decode more than once; each round makes it shorter.
func checkPath(path string) error {
	for segment := range strings.SplitSeq(strings.TrimSuffix(path[1:], "/"), "/") {
		if segment == "" {
			return ErrPathEscapes
		}
		for {
			if err := checkSegment(segment); err != nil {
				return err
			}
			decoded, err := url.PathUnescape(segment)
			if err != nil {
				// Not an escape at first sight is malformed; after a decoding
				// it is a plain percent sign.
				break
			}
			if decoded == segment {
				break
			}
			segment = decoded
		}
	}
	if _, err := url.PathUnescape(path); err != nil {
		return ErrPathForm
	}
	return nil
}

func checkSegment(s string) error {
	// Some servers cut parameters off before they look: `..;x`.
	bare, _, _ := strings.Cut(s, ";")
	if bare == "." || bare == ".." {
		return ErrPathEscapes
	}
	for i := range len(s) {
		if b := s[i]; b == '/' || b == '\\' || b < ' ' || b == 0x7f {
			return ErrPathEscapes
		}
	}
	return nil
}
