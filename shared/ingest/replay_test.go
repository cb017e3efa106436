package ingest

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/source/sourcetest"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// corpusCase gives a case of the corpus, its source configured.
func (p *platform) corpusCase(provider, name string) (*Request, *webhooktest.Case) {
	p.t.Helper()
	cases, err := webhooktest.Load(os.DirFS("../webhook/testdata"))
	require.NoError(p.t, err)
	i := slices.IndexFunc(cases, func(c webhooktest.Case) bool { return c.Provider == provider && c.Name == name })
	require.GreaterOrEqual(p.t, i, 0)
	c := &cases[i]
	key, sealed, err := sourcetest.Seal(p.gate.cfg.Ring, "acme", c)
	require.NoError(p.t, err)
	p.kv[key], p.now = sealed, c.Now
	return &Request{
		Method: c.Request.Method, URL: "https://hooks.example.com/webhooks/acme/" + sourcetest.Name(c), Header: c.Request.Header,
		Body: func(int) ([]byte, error) { return c.Request.Body, nil },
	}, c
}

// A delivery that is sent again within its tolerance is the same event, and a
// nonce that a scheme has cannot be exchanged to make it another.
func TestReplayIsADuplicate(t *testing.T) {
	for _, x := range []struct{ provider, nonce string }{
		{"slack", ""},
		{"stripe", ""},
		{"zoom", ""},
		{"mailgun", ""}, // its token is in the body, and the event's name
		{"standard-webhooks", "webhook-id"},
		{"twitch", "Twitch-Eventsub-Message-Id"},
		{"quicknode", "X-QN-Nonce"},
		{"sinch", "x-sinch-webhook-signature-nonce"},
	} {
		t.Run(x.provider, func(t *testing.T) {
			p := newPlatform(t)
			r, c := p.corpusCase(x.provider, "accept")
			require.Contains(t, string(p.serve(r).Body), `{"accepted":true`)
			require.Contains(t, string(p.serve(r).Body), `{"duplicate":true`)
			require.Len(t, p.queue, 1)
			if x.nonce == "" {
				return
			}
			h, ok := c.Request.Header.(webhooktest.Header)
			require.True(t, ok)
			changed := slices.Clone(h)
			at := slices.IndexFunc(changed, func(l [2]string) bool { return l[0] == x.nonce })
			require.GreaterOrEqual(t, at, 0)
			changed[at][1] += "0"
			r.Header = changed
			require.Equal(t, 401, p.serve(r).Status)
			require.Len(t, p.queue, 1)
		})
	}
}

// Mailgun signs a token and not the event: what somebody who saw one delivery
// writes under its token is a duplicate of it.
func TestATokenServesOnce(t *testing.T) {
	p := newPlatform(t)
	r, c := p.corpusCase("mailgun", "accept")
	require.Contains(t, string(p.serve(r).Body), `{"accepted":true`)
	other, err := webhooktest.Load(os.DirFS("../webhook/testdata"))
	require.NoError(t, err)
	i := slices.IndexFunc(other, func(c webhooktest.Case) bool { return c.Provider == "mailgun" && c.Name == "event-not-signed" })
	require.GreaterOrEqual(t, i, 0)
	r.Body = func(int) ([]byte, error) { return other[i].Request.Body, nil }
	require.NotEqual(t, c.Request.Body, other[i].Request.Body)
	assert.Contains(t, string(p.serve(r).Body), `{"duplicate":true`)
	require.Len(t, p.queue, 1)
}
