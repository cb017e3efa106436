// Package sourcetest makes sources of the webhook corpus, for the tests that
// run it through a whole Worker: in Wasm under wazero and over HTTP on workerd.
//
//	webhooktest.Case ─▶ source.Config, its URL and secrets ─▶ sealed, for KV
package sourcetest

import (
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

// Name is what a case's source is called: each has one of its own.
func Name(c *webhooktest.Case) string { return c.Provider + "-" + c.Name }

// Seal returns the key and the value in KV of a source that is what the case
// says.
//
// A configuration has no start for a secret: one that is not active yet is
// written as ended, which is the same to the request at hand.
func Seal(ring *seal.Ring, tenant string, c *webhooktest.Case) (key, value string, err error) {
	cfg := &source.Config{
		Tenant: tenant, Name: Name(c), Provider: c.Provider, URL: c.Request.URL, Params: c.Params,
		Retention: source.DefaultRetention, Generation: 1,
	}
	for _, s := range c.Secrets {
		if s.NotBefore.After(c.Now) {
			s.NotAfter = c.Now
		}
		cfg.Secrets = append(cfg.Secrets, source.Secret{ID: s.ID, Value: s.Value, Created: c.Now, NotAfter: s.NotAfter})
	}
	value, err = source.SealConfig(ring, cfg)
	return source.KVKey(tenant, cfg.Name), value, err
}
