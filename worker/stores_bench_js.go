//go:build hookweirbench

package main

import (
	"context"
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
)

// nothing is a store that has nothing and keeps nothing: with it the bench
// sees the cost of verifying alone. It is compiled into the bench's build
// only.
type nothing struct{}

func seen() ingest.SeenStore { return nothing{} }

func events() ingest.Queue { return nothing{} }

func payloads() ingest.Bucket { return nothing{} }

func (nothing) Put(context.Context, string, []byte) error { return nil }

func (nothing) Get(context.Context, string) ([]byte, error) { return nil, ingest.ErrAbsent }

func (nothing) PutLater(context.Context, string, string, time.Duration) {}

func (nothing) Send(context.Context, []byte) error { return nil }

func (nothing) SendBatch(context.Context, [][]byte) error { return nil }
