package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
)

// pieceSize is the largest piece that a stream gives, in bytes.
const pieceSize = 16 << 10

// send is a fetch.Func over net/http.
func send(ctx context.Context, r fetch.Request) (fetch.Response, error) {
	s, err := open(ctx, r)
	if err != nil {
		return fetch.Response{}, err
	}
	defer s.Close()
	out := fetch.Response{Status: s.Status, Header: s.Header}
	for r.MaxBody > 0 {
		piece, err := s.Next()
		switch {
		case err != nil:
			return fetch.Response{}, err
		case piece == nil:
			return out, nil
		}
		if out.Body = append(out.Body, piece...); len(out.Body) > r.MaxBody {
			return fetch.Response{Status: s.Status, Header: s.Header, TooLarge: true}, nil
		}
	}
	return out, nil
}

// open is a fetch.StreamFunc over net/http.
func open(ctx context.Context, r fetch.Request) (fetch.Stream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	clock := time.AfterFunc(r.Deadline, func() { cancel(fetch.ErrTimeout) })
	failed := func(err error) error {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	closed := func() {
		clock.Stop()
		cancel(context.Canceled)
	}
	q, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		closed()
		return fetch.Stream{}, err
	}
	for _, h := range r.Header {
		q.Header.Add(h[0], h[1])
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	a, err := client.Do(q)
	if err != nil {
		err = failed(err)
		closed()
		return fetch.Stream{}, err
	}
	return fetch.Stream{
		Status: a.StatusCode, Header: a.Header,
		Next: func() ([]byte, error) {
			piece := make([]byte, pieceSize)
			n, err := a.Body.Read(piece)
			switch {
			case n > 0:
				return piece[:n], nil
			case errors.Is(err, io.EOF):
				clock.Stop()
				return nil, nil
			}
			return nil, failed(err)
		},
		Extend: func(d time.Duration) { clock.Reset(d) },
		Close: func() {
			closed()
			_ = a.Body.Close()
		},
	}, nil
}
