package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
)

// ErrElsewhere refuses development's token to who does not ask by a name of
// this machine.
var ErrElsewhere = errors.New("access: the token of development is taken on this machine only")

// Operator is who may do everything, by one of his tokens: two while one is
// rotated.
type Operator struct {
	// Tokens are none where there is no such token.
	Tokens []string
	// Local: a token is development's, which everybody knows, so only a name of this
	// machine is taken with it. What comes through a tunnel has the tunnel's
	// name, and so has a page whose name was rebound to this machine.
	Local bool
}

// Check reports whether a token is the operator's. Errors: ErrUnknown,
// ErrElsewhere.
//
// It compares hashes: of equal length, so the time tells nothing about the
// token's, and in constant time.
func (o Operator) Check(r *http.Request, token string) error {
	found, got := 0, sha256.Sum256([]byte(token))
	for _, t := range o.Tokens {
		want := sha256.Sum256([]byte(t))
		found |= subtle.ConstantTimeCompare(want[:], got[:])
	}
	if found != 1 {
		return ErrUnknown
	}
	if o.Local && !loopback(r.URL.Scheme+"://"+r.Host) {
		return ErrElsewhere
	}
	return nil
}
