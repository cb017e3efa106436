package service

import (
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/tenant"
)

// one is a bucket of one object.
type one struct{ content *[]byte }

func (o one) Get(context.Context, string) ([]byte, error)     { return *o.content, nil }
func (o one) Put(_ context.Context, _ string, b []byte) error { *o.content = b; return nil }
func (o one) Delete(context.Context, string) error            { *o.content = nil; return nil }

// TestAnOfferUnderAnotherKeyIsKept: while SOURCE_KEYS is rotated the worker may
// seal with a key that the consumers are yet to get. What does not open for
// lack of a key is not thrown away; what is too old is.
func TestAnOfferUnderAnotherKeyIsKept(t *testing.T) {
	cfg := whole(t)
	key := func(id string, b byte) string {
		raw := make([]byte, seal.KeyBytes)
		raw[0] = b
		return id + ":" + base64.StdEncoding.EncodeToString(raw)
	}
	ring := func(text string) *seal.Ring {
		r, err := seal.Parse(text, aesgcm.Suite{})
		require.NoError(t, err)
		return r
	}
	var content []byte
	cfg.Payloads = one{&content}
	cfg.SourceKeys = key("old", 1)
	s, err := New(cfg)
	require.NoError(t, err)
	offered := func(ring *seal.Ring, at time.Time) {
		text, err := source.SealOffer(ring, "acme", "notion", &source.Offer{Secret: []byte("s3cr3t"), At: at})
		require.NoError(t, err)
		content = []byte(text)
	}

	offered(ring(key("new", 2)+","+key("old", 1)), cfg.Now())
	_, err = s.offer(t.Context(), "acme", "notion")
	assert.ErrorIs(t, err, tenant.ErrUnreadable)
	require.NotNil(t, content, "it is there when the key is")
	cfg.SourceKeys = key("new", 2) + "," + key("old", 1)
	s, err = New(cfg)
	require.NoError(t, err)
	o, err := s.offer(t.Context(), "acme", "notion")
	require.NoError(t, err)
	assert.Equal(t, "s3cr3t", string(o.Secret))

	offered(s.sourceKeys, cfg.Now().Add(-source.OfferAge))
	o, err = s.offer(t.Context(), "acme", "notion")
	assert.NoError(t, err)
	assert.Nil(t, o)
	assert.Nil(t, content, "too old is nobody's")
	content = []byte("no sealed text")
	o, err = s.offer(t.Context(), "acme", "notion")
	assert.NoError(t, err)
	assert.Nil(t, o)
	assert.Nil(t, content)
}
