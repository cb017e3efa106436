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
