//go:build hookweirplanted_sharedkey

package ingest

// planted: the idempotency key lacks the tenant.
const planted = "sharedkey"
