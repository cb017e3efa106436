package oauth

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Outcome is what a failed call says about the refresh token (or the code)
// that it carried.
type Outcome uint8

// Outcomes. The order is of no meaning.
const (
	// Dead: the server refuses the grant for good; a person must authorize
	// again.
	Dead Outcome = iota + 1
	// Misconfigured: the server refuses the client, not the grant. The tokens
	// are good; an operator must look.
	Misconfigured
	// Throttled: the server refused before it looked at the grant. The call
	// may be repeated.
	Throttled
	// Failed: the server, or what stands before it, answered that it failed.
	// Whether it acted first is not known.
	Failed
	// Lost: no answer, or none that can be read. The server may have acted.
	Lost
)

func (o Outcome) String() string {
	return [...]string{"", "dead", "misconfigured", "throttled", "failed", "lost"}[o]
}

// Failure is a call that brought no tokens.
type Failure struct {
	Outcome Outcome
	// Status is the HTTP status; 0 without an answer.
	Status int
	// Code is the server's error code, or one of ours: `timeout`, `no_answer`,
	// `unreadable`, `too_large`, `no_access_token`, `status_502`.
	Code string
	// After is the server's Retry-After; zero without one.
	After time.Duration
}

// Final reports whether no repetition of a revocation will do: the server does
// not revoke tokens of that kind (RFC 7009 §2.2.1).
func (f *Failure) Final() bool { return f.Code == "unsupported_token_type" }

func (f *Failure) Error() string { return "oauth: " + f.Outcome.String() + ": " + f.Code }

// maxCode bounds an error code, in bytes; the longest registered one has 37.
const maxCode = 64

// cleanCode lets through what error codes are made of (RFC 6749 §5.2 has
// more, which nobody uses), so that a server cannot write into our log.
func cleanCode(s string) string {
	if s == "" || len(s) > maxCode {
		return ""
	}
	s = strings.ToLower(s)
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.' || c == '-') {
			return ""
		}
	}
	return s
}

// clientCodes are errors of the client's registration or of the request we
// make (RFC 6749 §5.2, RFC 8707 §2, RFC 9126 §2.3).
var clientCodes = []string{
	"invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request", "invalid_scope",
	"invalid_target", "invalid_client_id", "bad_client_secret", "invalid_client_secret", "incorrect_client_credentials",
	"redirect_uri_mismatch", "access_denied",
}

// transientCodes are errors that pass, whatever status they come with.
var transientCodes = []string{
	"temporarily_unavailable", "server_error", "internal_error", "internal_server_error", "service_unavailable", "ratelimited", "rate_limited",
	"slow_down", "too_many_requests", "fatal_error", "request_timeout",
}

// throttleCodes are those of them that mean "not even looked at".
var throttleCodes = []string{"ratelimited", "rate_limited", "slow_down", "too_many_requests"}

// refused classifies an answer that is not a success.
func (p *Provider) refused(status int, code string) *Failure {
	f := &Failure{Status: status, Code: cleanCode(code)}
	named := f.Code != ""
	if !named {
		f.Code = "status_" + strconv.Itoa(status)
	}
	switch {
	case slices.Contains(p.Dead, f.Code):
		f.Outcome = Dead
	case slices.Contains(throttleCodes, f.Code), status == 429:
		f.Outcome = Throttled
	case slices.Contains(p.Alive, f.Code), slices.Contains(transientCodes, f.Code), status >= 500, status == 408:
		f.Outcome = Failed
	case f.Code == "invalid_grant":
		f.Outcome = Dead
	case slices.Contains(clientCodes, f.Code), status >= 400:
		// Also a code nobody has seen: the server understood and refuses. The
		// tokens are kept, and somebody is asked to look.
		f.Outcome = Misconfigured
	default:
		// A redirect, or a success that says it is none: nobody knows.
		f.Outcome = Lost
		if !named {
			f.Code = "unreadable"
		}
	}
	return f
}

// ErrorCode is an error code from outside, such as a callback's, in the form
// that may be stored and shown.
func ErrorCode(s string) string {
	if c := cleanCode(s); c != "" {
		return c
	}
	return "error"
}
