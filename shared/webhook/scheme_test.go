package webhook_test

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

func TestCatalogueRows(t *testing.T) {
	rows := webhook.Providers()
	names := make([]string, len(rows))
	custom := 0
	for i := range rows {
		row := &rows[i]
		names[i] = row.Name
		assert.Regexp(t, `^[a-z0-9]+(-[a-z0-9]+)*$`, row.Name)
		assert.NotEmpty(t, row.Title, row.Name)
		assert.True(t, strings.HasPrefix(row.Docs, "https://"), row.Name)
		_, err := time.Parse(time.DateOnly, row.Checked)
		require.NoError(t, err, row.Name)
		assert.Contains(t, "ABC", string(row.Confidence), row.Name)
		assert.Regexp(t, regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+\.$`), row.TypePrefix, row.Name)
		assert.NotEmpty(t, row.Headers, row.Name)
		assert.NotEmpty(t, row.Keys, row.Name)
		bodies := 0
		for _, p := range row.Template {
			if p.Kind == webhook.PartBody {
				bodies++
			}
		}
		if row.Content != nil {
			custom++
			assert.Empty(t, row.Template, row.Name)
		} else {
			assert.LessOrEqual(t, bodies, 1, row.Name)
			if row.JWT == nil && !slices.ContainsFunc(row.Template, func(p webhook.Part) bool {
				return p.Kind == webhook.PartCRC32 || p.Kind == webhook.PartSortedForm
			}) {
				assert.Equal(t, row.BodyCovered, bodies == 1, row.Name)
			}
		}
		if row.Timestamp.Source != webhook.NoTimestamp {
			assert.Positive(t, row.Timestamp.Past, row.Name)
			assert.Positive(t, row.Timestamp.Future, row.Name)
		}
		for _, h := range row.Handshakes {
			if h.MAC != webhook.Raw {
				assert.Equal(t, webhook.TokenText, h.Text, "%s: the MAC of any text is an oracle", row.Name)
				assert.True(t, !h.Open || row.ObjectBody, "%s: the MAC of a challenge must prove no event", row.Name)
			}
		}
		found, ok := webhook.Lookup(row.Name)
		require.True(t, ok, row.Name)
		assert.Equal(t, row.Name, found.Name)
	}
	assert.True(t, slices.IsSorted(names))
	assert.Len(t, slices.Compact(names), len(rows), "two rows of one name")
	assert.LessOrEqual(t, 5*custom, len(rows), "the escape hatch is used by more than a fifth of the rows: the schema is wrong")
	for _, name := range []string{"", "a", "zzz", "githu", "githubb"} {
		_, ok := webhook.Lookup(name)
		assert.False(t, ok, name)
	}
}

// What the schema carries and no row of the catalogue uses yet.
func TestSchemaBeyondTheRows(t *testing.T) {
	const secret = "a-secret-of-its-own"
	now := time.Unix(1767268800, 0).UTC()
	sum := func(h func() hash.Hash, key, msg string) []byte {
		m := hmac.New(h, []byte(key))
		m.Write([]byte(msg))
		return m.Sum(nil)
	}
	body := `{"id":7,"at":1767268800000,"n":[{"k":"Some/Type"}]}`
	url := "https://hooks.example.com/webhooks/acme/x"
	base := webhook.Scheme{
		Name: "x", Headers: []webhook.HeaderSet{{Signature: "sig", Timestamp: "ts", ID: "id"}}, BodyCovered: true,
		Encoding: webhook.Hex, Keys: []webhook.KeyRule{{Algorithm: webhook.HMACSHA256}}, TypePrefix: "x.y.",
		Template: []webhook.Part{{Kind: webhook.PartBody}}, ID: []webhook.Rule{{Parts: []webhook.Value{{JSON: []string{"id"}}}}},
	}
	for _, c := range []struct {
		name    string
		edit    func(*webhook.Scheme)
		secret  string
		headers webhooktest.Header
		method  string
		want    webhook.Result
		err     error
	}{
		{name: "sha1", edit: func(s *webhook.Scheme) { s.Keys[0].Algorithm = webhook.HMACSHA1 }, headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha1.New, secret, body))}}},
		{name: "sha512", edit: func(s *webhook.Scheme) { s.Keys[0].Algorithm = webhook.HMACSHA512 }, headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha512.New, secret, body))}}},
		{name: "md5", edit: func(s *webhook.Scheme) { s.Keys[0].Algorithm = webhook.HMACMD5 }, headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(md5.New, secret, body))}}},
		{
			name: "base64url, hex key", edit: func(s *webhook.Scheme) { s.Encoding, s.Keys[0].Encoding = webhook.Base64URL, webhook.Hex },
			secret: hex.EncodeToString([]byte(secret)), headers: webhooktest.Header{{"sig", base64.URLEncoding.EncodeToString(sum(sha256.New, secret, body))}},
		},
		{
			name: "method, url and body, text after the body", edit: func(s *webhook.Scheme) {
				s.Template = []webhook.Part{{Kind: webhook.PartMethod}, {Kind: webhook.PartURL}, {Kind: webhook.PartBody}, {Kind: webhook.Literal, Text: "|"}, {Kind: webhook.PartTimestamp}}
				s.Timestamp = webhook.Timestamp{Source: webhook.FromHeader, Format: webhook.UnixMillis, Past: time.Minute, Future: time.Minute}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, "POST"+url+body+"|1767268800000"))}, {"ts", "1767268800000"}},
		},
		{
			name: "timestamp in the body", edit: func(s *webhook.Scheme) {
				s.Timestamp = webhook.Timestamp{Source: webhook.FromBody, JSON: []string{"at"}, Format: webhook.UnixMillis, Past: time.Minute, Future: time.Minute}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}},
		},
		{
			name: "timestamp in the body, missing", edit: func(s *webhook.Scheme) {
				s.Timestamp = webhook.Timestamp{Source: webhook.FromBody, JSON: []string{"none"}, Format: webhook.UnixMillis, Past: time.Minute, Future: time.Minute}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}}, err: webhook.ErrMalformed,
		},
		{
			name: "timestamp in the body, stale", edit: func(s *webhook.Scheme) {
				s.Timestamp = webhook.Timestamp{Source: webhook.FromBody, JSON: []string{"id"}, Format: webhook.UnixMillis, Past: time.Minute, Future: time.Minute}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}}, err: webhook.ErrStale,
		},
		{
			name: "content by function", edit: func(s *webhook.Scheme) {
				s.Template = nil
				s.Content = func(dst []byte, r *webhook.Request) ([]byte, error) {
					return append(append(dst, "x:"...), r.Body...), nil
				}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, "x:"+body))}},
		},
		{
			name: "content by function that fails", edit: func(s *webhook.Scheme) {
				s.Template = nil
				s.Content = func([]byte, *webhook.Request) ([]byte, error) { return nil, errors.New("no") }
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}}, err: webhook.ErrMalformed,
		},
		{
			name: "composite id, type from an array, other header", edit: func(s *webhook.Scheme) {
				s.ID = []webhook.Rule{{Parts: []webhook.Value{{Name: "x-channel"}, {Text: ":"}, {Header: webhook.HeaderID}}}}
				s.Type = []webhook.Rule{{Parts: []webhook.Value{{JSON: []string{"n", "0", "k"}}}}}
			},
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}, {"X-Channel", "c"}, {"ID", "9"}},
			want:    webhook.Result{EventID: "c:9", Type: "x.y.some.type"},
		},
		{
			name: "hash of the body", edit: func(s *webhook.Scheme) { s.ID, s.Hash = nil, webhook.HashBody },
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}},
			want:    webhook.Result{EventID: "sha256-" + hexSum(body), Type: "x.y.unknown"},
		},
		{
			name: "another method", edit: func(s *webhook.Scheme) { s.Methods = []string{"PUT", "POST"} }, method: "PUT",
			headers: webhooktest.Header{{"sig", hex.EncodeToString(sum(sha256.New, secret, body))}},
		},
		{
			name: "key under the row's own minimum", edit: func(s *webhook.Scheme) { s.MinKeyBytes = 32 }, err: webhook.ErrWeakKey,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := base
			s.Keys = slices.Clone(base.Keys)
			c.edit(&s)
			if c.secret == "" {
				c.secret = secret
			}
			if c.method == "" {
				c.method = "POST"
			}
			v, err := webhook.NewForScheme(&s, webhook.Config{Crypto: gocrypto.Crypto{}, Secrets: secrets(c.secret)})
			if v == nil {
				require.ErrorIs(t, err, c.err)
				return
			}
			got, err := v.Verify(&webhook.Request{Method: c.method, URL: url, Header: c.headers, Body: []byte(body)}, now)
			require.ErrorIs(t, err, c.err)
			if c.err != nil {
				return
			}
			if c.want.EventID == "" {
				c.want.EventID, c.want.Type = "7", "x.y.unknown"
			}
			assert.Equal(t, c.want.EventID, got.EventID)
			assert.Equal(t, c.want.Type, got.Type)
		})
	}
}

func hexSum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// crypto is gocrypto with a MAC of the test's.
type crypto struct {
	gocrypto.Crypto
	mac func(webhook.Hash, []byte, ...[]byte) []byte
}

func (c crypto) HMAC(h webhook.Hash, key []byte, msg ...[]byte) []byte { return c.mac(h, key, msg...) }

// A MAC that does not come, or is of the wrong length, verifies nothing.
func TestWrongMACVerifiesNothing(t *testing.T) {
	for _, c := range accepts(t) {
		for _, wrong := range [][]byte{nil, {}, make([]byte, 20), make([]byte, 31), make([]byte, 32), make([]byte, 64)} {
			public := false
			v, err := webhook.New(webhook.Config{
				Provider: c.Provider, Secrets: c.Secrets, Params: c.Params,
				Crypto: crypto{mac: func(webhook.Hash, []byte, ...[]byte) []byte { return wrong }},
			})
			require.NoError(t, err)
			row, _ := webhook.Lookup(c.Provider)
			for _, s := range c.Secrets {
				rule := row.Keys[slices.IndexFunc(row.Keys, func(k webhook.KeyRule) bool { return strings.HasPrefix(string(s.Value), k.Prefix) })]
				public = public || rule.Algorithm > webhook.HMACMD5 && rule.Algorithm != webhook.JWTHS256
			}
			_, err = v.Verify(&c.Request, c.Now)
			assert.Equal(t, public, err == nil, "%s/%s", c.Provider, c.Name)
		}
	}
}

func TestNoVerifierWithoutCrypto(t *testing.T) {
	c := accepts(t)[0]
	v, err := webhook.New(webhook.Config{Provider: c.Provider, Secrets: c.Secrets})
	require.ErrorIs(t, err, webhook.ErrNoCrypto)
	assert.Nil(t, v)
}

// Every path of a row fits in one scan.
func TestRowsFitOneScan(t *testing.T) {
	for _, row := range webhook.Providers() {
		paths := map[string]bool{}
		add := func(v webhook.Value) {
			if v.Form == "" && len(v.JSON) > 0 {
				paths[strings.Join(v.JSON, "\x00")] = true
				assert.LessOrEqual(t, len(v.JSON), jsontext.MaxPathLen)
			}
		}
		rules := append(slices.Clone(row.ID), row.Type...)
		for _, h := range row.Handshakes {
			rules = append(rules, webhook.Rule{When: h.When, Parts: []webhook.Value{h.Echo}})
		}
		for _, r := range rules {
			for _, w := range r.When {
				add(w.Value)
			}
			for _, p := range r.Parts {
				add(p)
			}
		}
		for _, r := range row.Time {
			add(r.Value)
		}
		add(webhook.Value{JSON: row.Timestamp.JSON})
		assert.LessOrEqual(t, len(paths), jsontext.MaxPaths, row.Name)
	}
}
