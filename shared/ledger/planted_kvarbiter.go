//go:build hookweirplanted_kvarbiter

package ledger

// planted: what the KV filter let through is delivered, delivered before or not.
const planted = "kvarbiter"
