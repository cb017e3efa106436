package fetch

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// ErrTimeout reports that the deadline passed before the answer was whole. Any
// other error of a [Func] is a failure below HTTP.
var ErrTimeout = errors.New("fetch: no answer within the deadline")

// Request is one request.
type Request struct {
	Method string
	URL    string
	Header [][2]string // names in lower case
	Body   []byte      // nil for none
	// Deadline covers the whole exchange, the answer's body included.
	Deadline time.Duration
	// MaxBody bounds the answer's body, in bytes. Zero: nobody reads it, nor
	// waits for it; the answer is its head.
	MaxBody int
	// Abort ends the request with the context. Without it a request that has
	// begun goes on to its end, whatever becomes of who asked: its answer may be
	// a token, or say what was done.
	Abort bool
}

// Response is its answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// TooLarge says that the body was over MaxBody; then Body is empty.
	TooLarge bool
}

// Func sends one request.
type Func func(ctx context.Context, r Request) (Response, error)

// Stream is an answer that is read as it comes.
type Stream struct {
	Status int
	Header http.Header
	// Next waits for the next piece; nil at the end. Errors as of a Func, or the
	// context's when it ended: then the request has ended as well.
	Next func() ([]byte, error)
	// Extend sets the deadline to d from now.
	Extend func(d time.Duration)
	// Close gives up what has not come. Every stream is closed, once or more.
	Close func()
}

// StreamFunc sends one request and returns when the answer's head is there.
// The request ends with the context, or at its deadline; MaxBody is the
// reader's to keep.
type StreamFunc func(ctx context.Context, r Request) (Stream, error)
