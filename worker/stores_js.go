//go:build !hookweirbench

package main

import (
	"github.com/hookweir/hookweir/shared/edge/ingress"
	"github.com/hookweir/hookweir/shared/ingest"
)

func seen() ingest.SeenStore { return ingress.KV{Binding: "IDEMPOTENCY", Filter: true} }

func events() ingest.Queue { return ingress.Queue{Binding: "EVENTS"} }

func payloads() ingest.Bucket { return ingress.Bucket{Binding: "PAYLOADS"} }
