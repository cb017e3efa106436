package webhook

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
)

const (
	secretPrefix = "whsec_"
	// The key sizes the Standard Webhooks specification allows, in bytes
	// ("Signature scheme": at least 192 bits, at most 512).
	minSigningKey = 24
	maxSigningKey = 64 // the specification's, too
)

// ParseSecret decodes a secret for [Sign]: `whsec_` and base64 of 24 to 64
// bytes. Errors: ErrEmptySecret, ErrSecretFormat, ErrWeakKey.
func ParseSecret(secret string) ([]byte, error) {
	text, ok := bytes.CutPrefix([]byte(secret), []byte(secretPrefix))
	switch {
	case secret == "":
		return nil, ErrEmptySecret
	case !ok || len(text) > maxSecretBytes:
		return nil, ErrSecretFormat
	}
	k, err := decodeKey(text, Base64)
	if err != nil {
		return nil, err
	}
	return k, checkSigningKey(k)
}

// FormatSecret writes a key as ParseSecret reads it. It does not check it.
func FormatSecret(k []byte) string { return secretPrefix + base64.StdEncoding.EncodeToString(k) }

func checkSigningKey(k []byte) error {
	if len(k) > maxSigningKey {
		return ErrSecretFormat
	}
	return checkHMAC(k, minSigningKey)
}

// Sign signs a message to the agent by Standard Webhooks v1 and returns the
// three headers, names in lower case. There is one signature per key, in
// order, so that the agent may hold any of them while its secret rotates. at
// is the time of this attempt: every attempt is signed anew, or a receiver
// with a tolerance would refuse a retry.
//
// The id may contain full stops (an event key of Slack does). Cutting such a
// message one segment earlier makes a body that starts with digits and a full
// stop, which is no CloudEvent.
//
// Errors: ErrMessageID, ErrNoCrypto, ErrNoSecret, ErrTooManySecrets, and of a key
// ErrEmptySecret, ErrWeakKey, ErrSecretFormat.
func Sign(crypto Crypto, id string, at time.Time, body []byte, keys [][]byte) ([3][2]string, error) {
	var headers [3][2]string
	switch {
	case !visible(id):
		return headers, ErrMessageID
	case len(keys) == 0:
		return headers, ErrNoSecret
	case len(keys) > MaxSecrets:
		return headers, ErrTooManySecrets
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	var signatures []byte
	for _, k := range keys {
		if err := checkSigningKey(k); err != nil {
			return headers, err
		}
		mac := crypto.HMAC(SHA256, k, []byte(id+"."+timestamp+"."), body)
		if len(mac) != SHA256.Size() {
			return headers, ErrNoCrypto
		}
		if len(signatures) > 0 {
			signatures = append(signatures, ' ')
		}
		signatures = base64.StdEncoding.AppendEncode(append(signatures, "v1,"...), mac)
	}
	return [3][2]string{
		{"webhook-id", id},
		{"webhook-timestamp", timestamp},
		{"webhook-signature", string(signatures)},
	}, nil
}
