package ingest

import (
	"context"
	"errors"
)

// What the platform's stores answer with. A binding maps its failures to
// these and nothing else.
var (
	ErrAbsent        = errors.New("ingest: no such key")
	ErrTooLarge      = errors.New("ingest: body over the limit")
	ErrTimeout       = errors.New("ingest: no answer within the deadline")
	ErrBusy          = errors.New("ingest: too much of other bodies is under way")
	ErrNotConfigured = errors.New("ingest: binding is not configured")
	ErrUnavailable   = errors.New("ingest: platform operation failed")
)

// Header gives the header lines of a request.
type Header interface {
	// Values returns the value of each line called name, in any case. The
	// platform joins repeated lines by ", " before anyone sees them.
	Values(name string) []string
}

// Request is one HTTP request.
type Request struct {
	Method string
	URL    string // absolute
	Header Header
	// Body reads the body once. Errors: ErrTooLarge as soon as it is over
	// limit bytes, ErrBusy, ErrTimeout, ErrUnavailable when the client broke
	// off.
	Body func(limit int) ([]byte, error)
}

// Response is the answer to a request.
type Response struct {
	Status int
	Header [][2]string
	Body   []byte
}

// Handler answers requests. A nil response says that the request has been
// answered already (it was forwarded).
type Handler interface {
	Serve(ctx context.Context, r *Request) *Response
}

// KV is a key-value store, eventually consistent.
type KV interface {
	// Get returns ErrAbsent when there is no such key.
	Get(ctx context.Context, key string) ([]byte, error)
}
