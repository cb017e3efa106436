package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

func TestOffer(t *testing.T) {
	ring, err := seal.Parse("k1:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", aesgcm.Suite{})
	require.NoError(t, err)
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	sealed, err := SealOffer(ring, "acme", "notion", &Offer{Secret: []byte("secret_token"), At: at})
	require.NoError(t, err)
	require.NotContains(t, sealed, "secret_token")

	o, err := OpenOffer(ring, "acme", "notion", sealed, at.Add(OfferAge-time.Millisecond))
	require.NoError(t, err)
	require.Equal(t, &Offer{Secret: []byte("secret_token"), At: at}, o)

	_, err = OpenOffer(ring, "acme", "notion", sealed, at.Add(OfferAge))
	require.ErrorIs(t, err, ErrOfferOver)
	_, err = OpenOffer(ring, "other", "notion", sealed, at)
	require.ErrorIs(t, err, seal.ErrOpen, "another tenant's")
	_, err = OpenOffer(ring, "acme", "other", sealed, at)
	require.ErrorIs(t, err, seal.ErrOpen, "another source's")
	_, err = OpenOffer(nil, "acme", "notion", sealed, at)
	require.ErrorIs(t, err, seal.ErrNoRing)
}
