package destination

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/target"
)

func TestAuthHeader(t *testing.T) {
	for _, c := range []struct {
		name, auth, header string
		want               error
	}{
		{"an API key", Header, "x-api-key", nil},
		{"a scheme of its own", Header, "authorization", nil},
		{"none", Header, "", ErrAuthHeader},
		{"upper case", Header, "X-Api-Key", ErrAuthHeader},
		{"no name", Header, "x api", ErrAuthHeader},
		{"the platform's", Header, "host", ErrAuthHeader},
		{"the idempotency header", Header, DefaultIdempotencyHeader, ErrAuthHeader},
		{"the body's", Header, "content-type", ErrAuthHeader},
		{"a method's", Header, "x-http-method-override", ErrAuthHeader},
		{"for another way", Bearer, "x-api-key", ErrAuthHeader},
		{"for no credential", "", "x-api-key", ErrAuthHeader},
	} {
		cfg := New(base)
		cfg.Auth, cfg.AuthHeader = c.auth, c.header
		assert.Equal(t, c.want, asError(cfg.Check(target.Policy{})), c.name)
	}
	cfg := New(base)
	cfg.Auth, cfg.AuthHeader = Header, "x-api-key"
	assert.Equal(t, ErrHeaderAuth, asError(cfg.CheckHeader([][2]string{{"x-api-key", "mine"}})))
	assert.Equal(t, ErrHeaderAuth, asError(cfg.CheckHeader([][2]string{{"authorization", "Bearer mine"}})))
	assert.NoError(t, asError(cfg.CheckHeader([][2]string{{"x-other-key", "mine"}})))

	for _, c := range []struct {
		cred Credential
		want error
	}{
		{Credential{Secret: "key-1"}, nil},
		{Credential{Secret: "Token a b"}, nil},
		{Credential{}, ErrCredential},
		{Credential{Secret: " a"}, ErrCredential},
		{Credential{Secret: "a\r\nhost: b"}, ErrCredential},
		{Credential{Secret: "ü"}, ErrCredential},
		{Credential{User: "u", Secret: "a"}, ErrCredential},
		{Credential{Secret: strings.Repeat("x", maxCredential+1)}, ErrCredential},
	} {
		assert.Equal(t, c.want, asError(c.cred.Check(Header)))
	}
}
