//go:build hookweirplanted_ackfirst

package ingest

// planted: an event is acknowledged whether or not the queue took it.
const planted = "ackfirst"
