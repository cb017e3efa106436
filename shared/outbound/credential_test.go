package outbound_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
)

// TestAKeyInAHeader: sealed as any credential, sent in its header and in no
// other.
func TestAKeyInAHeader(t *testing.T) {
	w := newWorld(t)
	w.target.Config.AuthHeader = "x-api-key"
	w.sealCredential(destination.Header, destination.Credential{Secret: "key-4711"})
	_, err := w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Equal(t, "key-4711", headerOf(w.sent[0], "x-api-key"))
	assert.Empty(t, headerOf(w.sent[0], "authorization"))

	_, err = w.do(outbound.Call{Method: "GET", Path: "/", Header: [][2]string{{"x-api-key", "mine"}}})
	assert.ErrorIs(t, err, destination.ErrHeaderAuth)

	w.target.Config.AuthHeader = "authorization"
	w.sealCredential(destination.Header, destination.Credential{Secret: "Token abc"})
	_, err = w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Equal(t, "Token abc", headerOf(w.sent[1], "authorization"))
}
