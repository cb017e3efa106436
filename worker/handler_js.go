//go:build !hookweirtest

package main

import "github.com/hookweir/hookweir/shared/ingest"

func handler(h ingest.Handler) ingest.Handler { return h }
