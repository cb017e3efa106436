package aesgcm

import (
	"crypto/aes"
	"crypto/cipher"
)

// nonceBytes is GCM's native nonce, 96 bits (SP 800-38D §5.2.1.1).
const nonceBytes = 12

// Suite implements seal.Suite.
type Suite struct{}

// Seal implements seal.Suite.
func (Suite) Seal(key, nonce, plaintext, aad []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	if nonce == nil {
		c, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		return c.Seal(nil, nil, plaintext, aad), nil
	}
	c, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return c.Seal(nonce[:nonceBytes:nonceBytes], nonce, plaintext, aad), nil
}

// Open implements seal.Suite.
func (Suite) Open(key, box, aad []byte) ([]byte, bool) {
	block, err := aes.NewCipher(key)
	if err != nil || len(box) < nonceBytes {
		return nil, false
	}
	c, err := cipher.NewGCM(block)
	if err != nil {
		return nil, false
	}
	plaintext, err := c.Open(nil, box[:nonceBytes], box[nonceBytes:], aad)
	return plaintext, err == nil
}
