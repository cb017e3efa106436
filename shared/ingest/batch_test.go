package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	config "github.com/hookweir/hookweir/shared/source"
)

// batch is a signed delivery of n HubSpot events, each of about size bytes.
func batch(n, size int) *Request {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"subscriptionId":1,"eventId":%d,"occurredAt":1795435200000,"subscriptionType":"contact.creation","x":%q}`, i, strings.Repeat("x", size))
	}
	body := "[" + strings.Join(items, ",") + "]"
	sum := sha256.Sum256([]byte(secret + body))
	return &Request{
		Method: "POST", URL: "https://hooks.example.com/webhooks/acme/hs",
		Header: header{"x-hubspot-signature": {hex.EncodeToString(sum[:])}},
		Body:   func(int) ([]byte, error) { return []byte(body), nil },
	}
}

func splitting(t *testing.T) *platform {
	p := newPlatform(t)
	sealed, err := config.SealConfig(p.gate.cfg.Ring, &config.Config{
		Tenant: "acme", Name: "hs", Provider: "hubspot-v1", Retention: config.DefaultRetention, Generation: 1,
		Params: map[string]string{"split": "true"}, Secrets: []config.Secret{{ID: "s8", Value: []byte("another secret, while it rotates")}, {ID: "s7", Value: []byte(secret)}},
	})
	require.NoError(t, err)
	p.kv[config.KVKey("acme", "hs")] = sealed
	return p
}

func TestBatchIsSplit(t *testing.T) {
	p := splitting(t)
	require.Equal(t, 202, p.serve(batch(3, 10)).Status)
	require.Len(t, p.queue, 3)
	for i, msg := range p.queue {
		m, err := event.Decode(msg)
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("acme/hs/1:%d:1795435200000", i), m.Key)
		assert.Equal(t, "com.hubspot.contact.creation", m.Event.Type)
		assert.Contains(t, string(m.Event.Body), fmt.Sprintf(`"eventId":%d`, i))
		assert.Equal(t, int64(len(m.Event.Body)), m.Event.Size)
	}
	assert.Contains(t, p.log.String(), `"event":"webhook.accepted","tenant":"acme","source":"hs"`)
	assert.Contains(t, p.log.String(), `"secret":"s7","secret_uses":"1","events":"3"`)

	require.Equal(t, 200, p.serve(batch(3, 10)).Status, "the same delivery again")
	require.Len(t, p.queue, 3)
}

// All or none: a queue that is down leaves nothing behind.
func TestBatchIsAllOrNothing(t *testing.T) {
	p := splitting(t)
	p.queueDown = errors.New("down")
	require.Equal(t, 503, p.serve(batch(3, 10)).Status)
	require.Empty(t, p.queue)
	p.queueDown = nil
	require.Equal(t, 202, p.serve(batch(3, 10)).Status)
	require.Len(t, p.queue, 3)
}

// What one send cannot hold stays one event, and the log says so.
func TestBatchOverTheLimitsStaysWhole(t *testing.T) {
	for _, r := range []*Request{batch(101, 10), batch(3, 90<<10), batch(1, 101<<10)} {
		p := splitting(t)
		require.Equal(t, 202, p.serve(r).Status)
		require.Len(t, p.queue, 1)
		assert.Contains(t, p.log.String(), "webhook.batch_kept_whole")
	}
	p := splitting(t)
	require.Equal(t, 202, p.serve(batch(100, 10)).Status)
	require.Len(t, p.queue, 100)
}

// The query is that of the call: the URL that was registered has none.
func TestPublicURL(t *testing.T) {
	for _, c := range [][3]string{
		{"", "https://h/webhooks/a/b?x=1", "https://h/webhooks/a/b?x=1"},
		{"https://public/p", "https://h/webhooks/a/b?x=1", "https://public/p?x=1"},
		{"https://public/p?x=1", "https://h/webhooks/a/b", "https://public/p"},
		{"https://public/p?x=1", "https://h/webhooks/a/b?x=1&bodySHA256=0", "https://public/p?x=1&bodySHA256=0"},
	} {
		d := delivery{src: &source{url: c[0]}, req: &Request{URL: c[1]}}
		assert.Equal(t, c[2], d.publicURL())
	}
}

func TestNoFetcherFetchesNothing(t *testing.T) {
	p := newPlatform(t)
	d := delivery{gate: p.gate}
	_, err := d.fetch(context.Background(), "https://h.example", 1)
	require.ErrorIs(t, err, ErrNotConfigured)
}
