//go:build !js

package tenant_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/tenant"
)

func TestKeys(t *testing.T) {
	w := newWorld(t)
	a, err := w.CreateKey(ctx, tenant.NewKey{Label: "ci"})
	require.NoError(t, err)
	assert.Regexp(t, regexp.MustCompile(`\Ahwk_acme_[a-z2-7]{8}_[A-Za-z0-9_-]{43}\z`), a.Key)
	name, ok := tenant.TenantOf(a.Key)
	assert.True(t, ok)
	assert.Equal(t, "acme", name)
	w.now = w.now.Add(time.Second)
	b, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.NoError(t, err)
	assert.NotEqual(t, a.Key, b.Key)

	require.NoError(t, w.Authenticate(ctx, a.Key))
	list, err := w.Keys(ctx)
	require.NoError(t, err)
	require.Len(t, list, 2)
	assert.Equal(t, tenant.Key{ID: a.ID, Label: "ci", Created: start, LastUsed: start.Truncate(time.Hour)}, list[0])
	assert.Equal(t, tenant.Key{ID: b.ID, Created: w.now}, list[1])

	require.NoError(t, w.DeleteKey(ctx, a.ID))
	require.ErrorIs(t, w.DeleteKey(ctx, a.ID), tenant.ErrNotFound)
	require.ErrorIs(t, w.Authenticate(ctx, a.Key), tenant.ErrUnauthenticated)
	require.NoError(t, w.Authenticate(ctx, b.Key))
}

func TestLastUsedIsCoarse(t *testing.T) {
	w := newWorld(t)
	k, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.NoError(t, err)
	writes := 0
	var last time.Time
	for range 3 * 60 {
		require.NoError(t, w.Authenticate(ctx, k.Key))
		list, err := w.Keys(ctx)
		require.NoError(t, err)
		if !list[0].LastUsed.Equal(last) {
			writes++
			last = list[0].LastUsed
		}
		w.now = w.now.Add(time.Minute)
	}
	assert.Equal(t, 4, writes, "12, 13, 14 and 15 o'clock")
}

func TestAuthenticateRefuses(t *testing.T) {
	w := newWorld(t)
	k, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.NoError(t, err)
	secret := k.Key[len(k.Key)-43:]
	tokens := map[string]string{
		"empty":         "",
		"prefix only":   "hwk_",
		"other prefix":  "hwx" + k.Key[3:],
		"other tenant":  "hwk_evil_" + k.ID + "_" + secret,
		"no tenant":     "hwk__" + k.ID + "_" + secret,
		"other id":      "hwk_acme_aaaaaaaa_" + secret,
		"upper-case id": "hwk_acme_" + strings.ToUpper(k.ID) + "_" + secret,
		"truncated":     k.Key[:len(k.Key)-1],
		"longer":        k.Key + "A",
		"space":         k.Key + " ",
		"other secret":  "hwk_acme_" + k.ID + "_" + strings.Repeat("A", 43),
		"bad tenant":    "hwk_../x_" + k.ID + "_" + secret,
		"very long":     "hwk_" + strings.Repeat("a", 1<<16) + "_" + k.ID + "_" + secret,
		"hash of it":    fmt.Sprintf("hwk_acme_%s_%043d", k.ID, 0),
		"SQL":           "hwk_acme_' OR 1=1_" + secret,
	}
	for i := range len(k.Key) {
		b := []byte(k.Key)
		b[i] ^= 1
		tokens[fmt.Sprintf("bit of byte %d", i)] = string(b)
	}
	for why, token := range tokens {
		require.ErrorIs(t, w.Authenticate(ctx, token), tenant.ErrUnauthenticated, why)
	}
	require.NoError(t, w.Authenticate(ctx, k.Key))
}

func TestKeyOfATenantWithUnderscores(t *testing.T) {
	w := newWorld(t)
	w.Client.Tenant = "a_b_-c__"
	k, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.NoError(t, err)
	name, ok := tenant.TenantOf(k.Key)
	assert.True(t, ok)
	assert.Equal(t, "a_b_-c__", name)
	require.NoError(t, w.Authenticate(ctx, k.Key))
}

func TestKeyLimitsAndLabels(t *testing.T) {
	w := newWorld(t)
	for _, label := range []string{strings.Repeat("x", tenant.MaxLabelBytes+1), "a\nb", "a\x00", "\x7f", "a\u0085b", "ci\u202eyek", "a\u2028b", "a\u200bb"} {
		_, err := w.CreateKey(ctx, tenant.NewKey{Label: label})
		require.ErrorIs(t, err, tenant.ErrRequest, "%q", label)
	}
	for range tenant.MaxKeys {
		_, err := w.CreateKey(ctx, tenant.NewKey{Label: "schlüssel"})
		require.NoError(t, err)
	}
	_, err := w.CreateKey(ctx, tenant.NewKey{Label: ""})
	require.ErrorIs(t, err, tenant.ErrLimit)
}

func FuzzTenantOf(f *testing.F) {
	f.Add("hwk_acme_abcdefgh_" + strings.Repeat("A", 43))
	f.Add("hwk_a_b_abcdefgh_" + strings.Repeat("_", 43))
	f.Add("hwk_")
	f.Fuzz(func(t *testing.T, token string) {
		name, ok := tenant.TenantOf(token)
		if ok {
			assert.True(t, strings.HasPrefix(token, "hwk_"+name+"_"))
		} else {
			assert.Empty(t, name)
		}
	})
}
