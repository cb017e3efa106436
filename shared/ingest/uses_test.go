package ingest

import (
	"testing"

	"github.com/stretchr/testify/assert"

	config "github.com/hookweir/hookweir/shared/source"
)

// An operator sees in the log when a rotated-out secret is no longer used.
func TestLogNamesTheSecretWhileThereAreSeveral(t *testing.T) {
	p := newPlatform(t)
	assert.Equal(t, 202, p.serve(push("d1", "{}")).Status)
	assert.NotContains(t, p.log.String(), "webhook.accepted", "one secret: nothing to tell apart")

	p.put(&config.Config{
		Tenant: "acme", Name: "github", Provider: "github", Retention: config.DefaultRetention, Generation: 2,
		Secrets: []config.Secret{{ID: "new", Value: []byte("the secret after a rotation")}, {ID: "old", Value: []byte(secret)}},
	})
	p.now = p.now.Add(sourceTTL)
	assert.Equal(t, 202, p.serve(push("d2", "{}")).Status)
	assert.Equal(t, 202, p.serve(push("d3", "{}")).Status)
	assert.Contains(t, p.log.String(), `"secret":"old","secret_uses":"1"`)
	assert.Contains(t, p.log.String(), `"secret":"old","secret_uses":"2"`)
	assert.NotContains(t, p.log.String(), secret)
}
