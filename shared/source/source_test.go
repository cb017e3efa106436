package source_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/wire"
)

var now = time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)

func config() *source.Config {
	return &source.Config{
		Tenant: "acme", Name: "github", Provider: "github",
		URL: "https://hooks.example.com/webhooks/acme/github",
		Secrets: []source.Secret{
			{ID: "s2", Value: []byte("new secret"), Created: now},
			{ID: "s1", Value: []byte("old secret"), Created: now.Add(-time.Hour), NotAfter: now.Add(time.Minute)},
		},
		Retention: source.DefaultRetention, Generation: 2,
	}
}

func ring(t testing.TB, fill byte) *seal.Ring {
	t.Helper()
	r, err := seal.Parse("k:"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, seal.KeyBytes)), aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

func TestEncodeDecode(t *testing.T) {
	got, err := source.Decode(source.Encode(config()))
	require.NoError(t, err)
	assert.Equal(t, config(), got)

	with := config()
	with.Params = map[string]string{"split": "true", "audience": "https://hooks.example.com"}
	got, err = source.Decode(source.Encode(with))
	require.NoError(t, err)
	assert.Equal(t, with, got)

	bare := &source.Config{Tenant: "a", Name: "b"}
	got, err = source.Decode(source.Encode(bare))
	require.NoError(t, err)
	assert.Equal(t, bare, got)
}

func TestDecodeRefuses(t *testing.T) {
	whole := source.Encode(config())
	for n := range whole {
		_, err := source.Decode(whole[:n])
		require.ErrorIs(t, err, wire.ErrTruncated, "%d bytes", n)
	}
	_, err := source.Decode(append(bytes.Clone(whole), 0))
	require.ErrorIs(t, err, wire.ErrTrailing)

	_, err = source.Decode(append([]byte{3}, whole[1:]...))
	require.ErrorIs(t, err, source.ErrFormat, "unknown version")
	for why, change := range map[string]func(*source.Config){
		"tenant":           func(c *source.Config) { c.Tenant = "a/b" },
		"name":             func(c *source.Config) { c.Name = "" },
		"generation":       func(c *source.Config) { c.Generation = -1 },
		"retention":        func(c *source.Config) { c.Retention = -time.Second },
		"long retention":   func(c *source.Config) { c.Retention = source.MaxRetention + time.Second },
		"too many secrets": func(c *source.Config) { c.Secrets = make([]source.Secret, source.MaxSecrets+1) },
	} {
		c := config()
		change(c)
		_, err := source.Decode(source.Encode(c))
		require.ErrorIs(t, err, source.ErrFormat, why)
	}
}

func TestExpired(t *testing.T) {
	end := now.Add(time.Minute)
	s := source.Secret{NotAfter: end}
	assert.False(t, s.Expired(end.Add(-time.Millisecond)))
	assert.True(t, s.Expired(end), "NotAfter itself is outside")
	assert.False(t, source.Secret{}.Expired(end), "no end")
}

func TestSealConfig(t *testing.T) {
	r := ring(t, 1)
	s, err := source.SealConfig(r, config())
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(s, "hw1.k.2."))
	got, err := source.OpenConfig(r, "acme", "github", s)
	require.NoError(t, err)
	assert.Equal(t, config(), got)

	for why, open := range map[string]func() (*source.Config, error){
		"other tenant": func() (*source.Config, error) { return source.OpenConfig(r, "evil", "github", s) },
		"other source": func() (*source.Config, error) { return source.OpenConfig(r, "acme", "stripe", s) },
		"other key":    func() (*source.Config, error) { return source.OpenConfig(ring(t, 2), "acme", "github", s) },
		"other generation": func() (*source.Config, error) {
			return source.OpenConfig(r, "acme", "github", strings.Replace(s, ".2.", ".3.", 1))
		},
	} {
		_, err := open()
		require.ErrorIs(t, err, seal.ErrOpen, why)
	}
	_, err = source.OpenConfig(r, "acme", "github", "plain")
	require.ErrorIs(t, err, seal.ErrFormat)
	_, err = source.OpenConfig(nil, "acme", "github", s)
	require.ErrorIs(t, err, seal.ErrNoRing)
	_, err = source.SealConfig(nil, config())
	require.ErrorIs(t, err, seal.ErrNoRing)

	// Sealed for one place, but the inside says another.
	lie := config()
	lie.Generation = 9
	s, err = r.Seal(source.Encode(lie), seal.AAD{Purpose: "source", Tenant: "acme", Object: "github", Field: "config", Generation: 2})
	require.NoError(t, err)
	_, err = source.OpenConfig(r, "acme", "github", s)
	require.ErrorIs(t, err, source.ErrFormat)
}

func TestPrintsNoSecret(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{*config(), config(), config().Secrets, config().Secrets[0]} {
			out := fmt.Sprintf(verb, v)
			assert.NotContains(t, out, "new secret", verb)
			assert.NotContains(t, out, fmt.Sprint([]byte("new"))[1:], verb)
			assert.NotContains(t, out, "0x6e, 0x65", verb)
		}
	}
}

func TestKVKey(t *testing.T) {
	assert.Equal(t, "src:acme/github", source.KVKey("acme", "github"))
}

func FuzzDecode(f *testing.F) {
	f.Add(source.Encode(config()))
	f.Add(source.Encode(&source.Config{Tenant: "a", Name: "b"}))
	with := config()
	with.Params = map[string]string{"b": "2", "a": "1"}
	f.Add(source.Encode(with))
	f.Add([]byte{})
	f.Add([]byte{1, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := source.Decode(b)
		if err != nil {
			return
		}
		assert.Equal(t, b, source.Encode(c), "one configuration, one encoding")
	})
}
