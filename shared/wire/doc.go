// Package wire packs and unpacks the small binary messages that Hookweir's
// parts hand each other: between JavaScript and Go in the worker, on the
// queues, and between a queue consumer and a Durable Object.
//
// A message is a run of fields. Every integer is little-endian and fixed in
// width; every byte string is its length (uint32) and then its bytes:
//
//	uint8   1 byte
//	uint32  4 bytes
//	int64   8 bytes, two's complement
//	bytes   uint32 length n, then n bytes
//
// There are no tags and no padding: both sides know the order. A message that
// outlives one deployment (a queued event) starts with a version byte, see
// package event.
//
// The package uses no reflection and no encoding/json so that the worker's
// module stays small.
//
// Failure mode: a [Reader] that runs past the end stops, keeps returning zero
// values, and says so in [Reader.Err]; it never panics on bytes from outside.
package wire
