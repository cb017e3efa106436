// Package aesgcm is AES-256-GCM by Go's standard library, as package seal
// wants it: for everything but the public worker, which has its platform open
// what it reads and links no cipher.
//
// It imports nothing of crypto/rand, which would bring math/big: the nonces
// come from crypto/cipher itself.
package aesgcm
