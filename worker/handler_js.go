//go:build !hookweirtest

package main

import (
	"time"

	"github.com/hookweir/hookweir/shared/ingest"
)

func now() time.Time { return time.Now() }

func handler(h ingest.Handler) ingest.Handler { return h }
