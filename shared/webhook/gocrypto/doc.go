// Package gocrypto is the cryptography of package webhook by Go's standard
// library: for the host's tests, for the consumers and for wasmtest. The
// public worker does not link it; there the platform computes (package
// ingress), and its module is a seventh smaller.
//
// Both are held to the same corpus.
package gocrypto
