package problem

import (
	"slices"
	"strconv"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// ContentType is the media type of the body (RFC 9457 §3).
const ContentType = "application/problem+json"

// TypePrefix and a code make the `type` member.
const TypePrefix = "https://hookweir.dev/problems/"

// Header is one response header that belongs to the problem, such as Allow or
// Retry-After.
type Header struct{ Name, Value string }

// Problem is one error as its reader sees it.
type Problem struct {
	Status  int    // HTTP status, also the `status` member
	Code    string // one of the codes of this package
	Title   string // the same for every occurrence of the code
	Detail  string // what is wrong this time; empty leaves the member out
	Headers []Header
}

// New returns the problem of a code from the table. A code that is not in the
// table becomes [CodeInternal]: an error path must not fail.
func New(code, detail string) Problem {
	for i := range table {
		if table[i].Code == code {
			p := table[i]
			p.Detail = detail
			return p
		}
	}
	return New(CodeInternal, "")
}

// All is every problem there is, for reference pages.
func All() []Problem { return slices.Clone(table[:]) }

// With returns p with one more header.
func (p Problem) With(name, value string) Problem {
	p.Headers = append(p.Headers[:len(p.Headers):len(p.Headers)], Header{name, value})
	return p
}

// RetryAfter returns p with a Retry-After of so many seconds (RFC 9110
// §10.2.3).
func (p Problem) RetryAfter(seconds int) Problem {
	return p.With("Retry-After", strconv.Itoa(max(seconds, 0)))
}

// Append appends the JSON body:
//
//	{"type":"…","title":"…","status":401,"code":"…","detail":"…"}
func (p Problem) Append(dst []byte) []byte {
	dst = append(dst, `{"type":`...)
	dst = jsontext.AppendString(dst, TypePrefix+p.Code)
	dst = append(dst, `,"title":`...)
	dst = jsontext.AppendString(dst, p.Title)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(p.Status), 10)
	dst = append(dst, `,"code":`...)
	dst = jsontext.AppendString(dst, p.Code)
	if p.Detail != "" {
		dst = append(dst, `,"detail":`...)
		dst = jsontext.AppendString(dst, p.Detail)
	}
	return append(dst, '}')
}
