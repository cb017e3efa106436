//go:build !js

package tenant_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/tenant"
)

const agentURL = "https://agent.example.com/events"

func ringText(fill byte) string {
	return "k" + hex.EncodeToString([]byte{fill}) + ":" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, seal.KeyBytes))
}

func whsec(fill byte, n int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, n))
}

func TestAgentSecretIsShownOnce(t *testing.T) {
	w := newWorld(t)
	a, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentActive, a.State)
	assert.True(t, strings.HasPrefix(a.Secret, "whsec_"))
	raw, err := base64.StdEncoding.DecodeString(a.Secret[6:])
	require.NoError(t, err)
	assert.Len(t, raw, 32)

	got, err := w.Agent(ctx)
	require.NoError(t, err)
	assert.Empty(t, got.Secret)
	target, err := w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentTarget{URL: agentURL, State: tenant.AgentActive, Secrets: []string{a.Secret}, Generation: a.Generation}, target)

	// Another PUT without a secret keeps it and shows nothing.
	b, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL + "/2"})
	require.NoError(t, err)
	assert.Empty(t, b.Secret)
	assert.Equal(t, a.Secrets, b.Secrets)
	target, err = w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{a.Secret}, target.Secrets)
	assert.Equal(t, agentURL+"/2", target.URL)

	// A given secret replaces all and is never shown.
	c, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL, Secret: whsec(7, 24)})
	require.NoError(t, err)
	assert.Empty(t, c.Secret)
	target, err = w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{whsec(7, 24)}, target.Secrets)
}

func TestRotateAgent(t *testing.T) {
	w := newWorld(t)
	_, err := w.RotateAgent(ctx, tenant.RotateAgent{})
	require.ErrorIs(t, err, tenant.ErrNotFound)
	_, err = w.PutAgent(ctx, tenant.PutAgent{URL: agentURL, Secret: whsec(1, 32)})
	require.NoError(t, err)
	a, err := w.RotateAgent(ctx, tenant.RotateAgent{Overlap: time.Hour})
	require.NoError(t, err)
	assert.NotEmpty(t, a.Secret)

	both, err := w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{a.Secret, whsec(1, 32)}, both.Secrets, "both sign, the new one first")
	w.now = w.now.Add(time.Hour)
	one, err := w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{a.Secret}, one.Secrets)

	b, err := w.RotateAgent(ctx, tenant.RotateAgent{Secret: whsec(2, 64)})
	require.NoError(t, err)
	assert.Empty(t, b.Secret)
	assert.Len(t, b.Secrets, 1)

	for i := range tenant.MaxAgentSecrets - 1 {
		_, err := w.RotateAgent(ctx, tenant.RotateAgent{Secret: whsec(byte(10+i), 32), Overlap: time.Hour})
		require.NoError(t, err, strconv.Itoa(i))
	}
	_, err = w.RotateAgent(ctx, tenant.RotateAgent{Overlap: time.Hour})
	require.ErrorIs(t, err, tenant.ErrSecrets)
	_, err = w.RotateAgent(ctx, tenant.RotateAgent{Overlap: -1})
	require.ErrorIs(t, err, tenant.ErrRequest)
	_, err = w.RotateAgent(ctx, tenant.RotateAgent{Overlap: tenant.MaxOverlap + 1})
	require.ErrorIs(t, err, tenant.ErrRequest)
}

func TestPutAgentRefuses(t *testing.T) {
	w := newWorld(t)
	for why, c := range map[string]struct {
		in   tenant.PutAgent
		want error
	}{
		"no url":        {tenant.PutAgent{}, tenant.ErrRequest},
		"no http":       {tenant.PutAgent{URL: "agent.example.com"}, tenant.ErrRequest},
		"no prefix":     {tenant.PutAgent{URL: agentURL, Secret: whsec(1, 32)[6:]}, tenant.ErrSecret},
		"public key":    {tenant.PutAgent{URL: agentURL, Secret: "whpk_" + whsec(1, 32)[6:]}, tenant.ErrSecret},
		"no base64":     {tenant.PutAgent{URL: agentURL, Secret: "whsec_!" + whsec(1, 32)[7:]}, tenant.ErrSecret},
		"with newline":  {tenant.PutAgent{URL: agentURL, Secret: whsec(1, 32) + "\n"}, tenant.ErrSecret},
		"23 bytes":      {tenant.PutAgent{URL: agentURL, Secret: whsec(1, 23)}, tenant.ErrSecret},
		"65 bytes":      {tenant.PutAgent{URL: agentURL, Secret: whsec(1, 65)}, tenant.ErrSecret},
		"empty base64":  {tenant.PutAgent{URL: agentURL, Secret: "whsec_"}, tenant.ErrSecret},
		"no padding":    {tenant.PutAgent{URL: agentURL, Secret: strings.TrimRight(whsec(1, 32), "=")}, tenant.ErrSecret},
		"url alphabet":  {tenant.PutAgent{URL: agentURL, Secret: strings.ReplaceAll(whsec(0xff, 24), "/", "_")}, tenant.ErrSecret},
		"spare bits":    {tenant.PutAgent{URL: agentURL, Secret: whsec(1, 32)[:48] + "F="}, tenant.ErrSecret},
		"all zero":      {tenant.PutAgent{URL: agentURL, Secret: whsec(0, 32)}, tenant.ErrSecret},
		"url and space": {tenant.PutAgent{URL: agentURL + " "}, tenant.ErrRequest},
	} {
		_, err := w.PutAgent(ctx, c.in)
		require.ErrorIs(t, err, c.want, why)
	}
	_, err := w.Agent(ctx)
	require.ErrorIs(t, err, tenant.ErrNotFound)
}

func TestStopAgent(t *testing.T) {
	w := newWorld(t)
	a, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
	require.NoError(t, err)
	w.now = w.now.Add(time.Minute)
	stop := tenant.StopAgent{Generation: a.Generation, Reason: "410 Gone"}
	require.NoError(t, w.StopAgent(ctx, stop))
	got, err := w.Agent(ctx)
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentStopped, got.State)
	assert.Equal(t, "410 Gone", got.Reason)
	assert.Equal(t, w.now, got.StoppedAt)
	target, err := w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentStopped, target.State)

	w.now = w.now.Add(time.Minute)
	require.NoError(t, w.StopAgent(ctx, stop), "stopping twice")
	again, err := w.Agent(ctx)
	require.NoError(t, err)
	assert.Equal(t, got, again)

	// Rotating does not start it, a PUT does.
	r, err := w.RotateAgent(ctx, tenant.RotateAgent{})
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentStopped, r.State)
	p, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentActive, p.State)
	assert.Empty(t, p.Reason)
	assert.Zero(t, p.StoppedAt)

	// A 410 that was under way when the agent changed stops nothing.
	require.ErrorIs(t, w.StopAgent(ctx, stop), tenant.ErrStale)
	p, err = w.Agent(ctx)
	require.NoError(t, err)
	assert.Equal(t, tenant.AgentActive, p.State)

	require.NoError(t, w.StopAgent(ctx, tenant.StopAgent{Generation: p.Generation, Reason: strings.Repeat("é", 500)}))
	got, err = w.Agent(ctx)
	require.NoError(t, err)
	assert.Len(t, got.Reason, 200)
}

func TestVaultKeysMissingOrChanged(t *testing.T) {
	w := newWorld(t)
	w.cfg.VaultKeys = nil
	w.restart()
	_, err := w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
	require.ErrorIs(t, err, seal.ErrNoRing)
	w.put("gh", "s") // sources do not need it

	w.cfg.VaultKeys = ring(t, 2)
	w.restart()
	_, err = w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
	require.NoError(t, err)
	for _, r := range []struct {
		ring *seal.Ring
		want error
	}{{nil, seal.ErrNoRing}, {ring(t, 9), tenant.ErrUnreadable}} {
		w.cfg.VaultKeys = r.ring
		w.restart()
		_, err = w.AgentTarget(ctx)
		require.ErrorIs(t, err, r.want, "never deliver unsigned")
		_, err = w.PutAgent(ctx, tenant.PutAgent{URL: agentURL})
		require.ErrorIs(t, err, r.want)
		_, err = w.RotateAgent(ctx, tenant.RotateAgent{})
		require.ErrorIs(t, err, r.want)
		_, err = w.Agent(ctx)
		require.NoError(t, err)
	}
	_, err = w.PutAgent(ctx, tenant.PutAgent{URL: agentURL, Secret: whsec(3, 32)})
	require.NoError(t, err, "a given secret repairs it")
	target, err := w.AgentTarget(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{whsec(3, 32)}, target.Secrets)
}
