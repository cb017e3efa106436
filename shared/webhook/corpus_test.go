package webhook_test

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/gocrypto"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

func corpus(tb testing.TB) []webhooktest.Case {
	tb.Helper()
	cases, err := webhooktest.Load(os.DirFS("testdata"))
	require.NoError(tb, err)
	return cases
}

func verifier(tb testing.TB, c *webhooktest.Case) *webhook.Verifier {
	tb.Helper()
	v, err := webhook.New(webhook.Config{Crypto: gocrypto.Crypto{}, Provider: c.Provider, Secrets: c.Secrets, Params: c.Params})
	require.NoError(tb, err)
	return v
}

func TestCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.Provider+"/"+c.Name, func(t *testing.T) {
			got, err := verifier(t, &c).Verify(&c.Request, c.Now)
			if c.Want.Error != "" {
				require.Error(t, err)
				assert.Equal(t, c.Want.Error, webhook.Code(err))
				assert.Zero(t, got, "a refusal must carry nothing of the request")
				return
			}
			require.NoError(t, err)
			check(t, &c, &got)
		})
	}
}

func check(t *testing.T, c *webhooktest.Case, got *webhook.Result) {
	t.Helper()
	assert.Equal(t, c.Want.Secret, got.SecretID)
	assert.Equal(t, c.Want.Authenticated, got.Authenticated)
	if c.Want.Reply != "" {
		require.NotNil(t, got.Reply)
		assert.Equal(t, c.Want.Reply, strings.TrimSpace(strconv.Itoa(got.Reply.Status)+" "+got.Reply.ContentType))
		if h := got.Reply.Header; c.Want.ReplyHeader != "" || h[0] != "" {
			assert.Equal(t, c.Want.ReplyHeader, h[0]+": "+h[1])
		}
		assert.Equal(t, c.Want.ReplyBody, string(got.Reply.Body))
		assert.Equal(t, c.Want.Offer, got.Reply.Offer)
		assert.Empty(t, got.EventID, "a handshake is no event")
		return
	}
	assert.Nil(t, got.Reply)
	assert.Equal(t, c.Want.ID, got.EventID)
	assert.Equal(t, c.Want.Type, got.Type)
	var events []string
	for _, e := range got.Events {
		events = append(events, e.EventID+" "+e.Type)
	}
	assert.Equal(t, c.Want.Events, strings.Join(events, ", "))
	assert.True(t, c.Want.Time.Equal(got.Time), "time %v, want %v", got.Time, c.Want.Time)
}

// The cases no row goes without. Rows with a timestamp need the second list
// too.
var (
	everyRow = []string{
		"accept", "tampered-body", "tampered-signature", "wrong-secret", "missing-signature",
		"duplicate-signature", "joined-signature", "second-secret", "no-active-secret",
	}
	everyTimedRow = []string{"stale", "future", "tampered-timestamp"}
	// A proof in the body has no header to repeat.
	everyBodyRow = []string{
		"accept", "tampered-body", "tampered-signature", "wrong-secret", "missing-signature",
		"second-secret", "no-active-secret",
	}
)

func TestCatalogueIsCovered(t *testing.T) {
	have := map[string][]string{}
	for _, c := range corpus(t) {
		have[c.Provider] = append(have[c.Provider], c.Name)
	}
	rows := webhook.Providers()
	require.NotEmpty(t, rows)
	for i := range rows {
		want := everyRow
		if len(rows[i].InBody.JSON) > 0 {
			want = everyBodyRow
		}
		if rows[i].Timestamp.Source != webhook.NoTimestamp {
			want = append(slices.Clone(want), everyTimedRow...)
		}
		assert.Subset(t, have[rows[i].Name], want, rows[i].Name)
		delete(have, rows[i].Name)
	}
	assert.Empty(t, have, "cases of providers that are not in the catalogue")
}

// A row's claims about what is signed are held against its accept case: a
// header that the row calls signed must break the signature when it changes,
// one that it does not must not.
func TestRowsSayWhatIsSigned(t *testing.T) {
	for _, c := range accepts(t) {
		row, ok := webhook.Lookup(c.Provider)
		require.True(t, ok)
		v := verifier(t, &c)

		changed := c.Request
		changed.Body = append(slices.Clone(c.Request.Body), ' ')
		_, err := v.Verify(&changed, c.Now)
		if checksum := slices.ContainsFunc(row.Template, func(p webhook.Part) bool { return p.Kind == webhook.PartCRC32 }); checksum {
			assert.False(t, row.BodyCovered, "%s: a checksum covers nothing", c.Provider)
			assert.Error(t, err)
		} else {
			assert.Equal(t, row.BodyCovered, err != nil, "%s: BodyCovered", c.Provider)
		}
		if len(row.InBody.JSON) > 0 {
			continue // what is signed of the body is in the corpus
		}

		before, err := v.Verify(&c.Request, c.Now)
		require.NoError(t, err)
		for _, set := range row.Headers {
			if set.ID == "" || len(c.Request.Header.Values(set.ID)) == 0 {
				continue
			}
			changed = c.Request
			changed.Header = replace(c.Request.Header.(webhooktest.Header), set.ID, "another")
			after, err := v.Verify(&changed, c.Now)
			assert.Equal(t, row.IDSigned, err != nil || after.EventID == before.EventID, "%s: IDSigned", c.Provider)
		}
	}
}

// accepts returns the accept case of each row, and of each kind of key it
// takes.
func accepts(tb testing.TB) []webhooktest.Case {
	tb.Helper()
	cases := slices.DeleteFunc(corpus(tb), func(c webhooktest.Case) bool {
		return c.Name != "accept" && !strings.HasSuffix(c.Name, "-accept")
	})
	require.NotEmpty(tb, cases)
	return cases
}

func replace(h webhooktest.Header, name, value string) webhooktest.Header {
	h = slices.Clone(h)
	for i := range h {
		if strings.EqualFold(h[i][0], name) {
			h[i][1] = value
		}
	}
	return h
}

// TestMutations flips every bit pattern of a kind in every byte that is
// signed: each byte of the body, of the signature and of the signed headers.
// None may verify.
func TestMutations(t *testing.T) {
	for _, c := range accepts(t) {
		t.Run(c.Provider+"/"+c.Name, func(t *testing.T) {
			v := verifier(t, &c)
			row, _ := webhook.Lookup(c.Provider)
			mutations := 0
			refused := func(r *webhook.Request, what string, at int) {
				mutations++
				_, err := v.Verify(r, c.Now)
				require.Error(t, err, "%s, byte %d", what, at)
			}
			for i := range c.Request.Body {
				if !row.BodyCovered {
					break
				}
				for _, mask := range []byte{0x01, 0x20, 0x80, 0xff} {
					r := c.Request
					r.Body = slices.Clone(c.Request.Body)
					r.Body[i] ^= mask
					if strings.EqualFold(string(r.Body), string(c.Request.Body)) && i >= 2 && strings.Contains(string(r.Body[i-2:i]), "%") {
						continue // the case of an escape's digit
					}
					refused(&r, "body", i)
				}
			}
			for _, set := range row.Headers {
				names := []string{set.Signature, set.Timestamp}
				if row.IDSigned {
					names = append(names, set.ID)
				}
				for _, name := range names {
					mutateHeader(t, &c, name, refused)
				}
			}
			mutateURL(&c, row, refused)
			mutateFields(t, &c, row, refused)
			if row.BodyCovered {
				assert.Greater(t, mutations, 4*len(c.Request.Body))
			}
		})
	}
}

// mutateURL changes each byte of a URL that is signed: all of it, or path and
// query.
func mutateURL(c *webhooktest.Case, row *webhook.Scheme, refused func(*webhook.Request, string, int)) {
	from := len(c.Request.URL)
	for _, p := range row.Template {
		switch p.Kind {
		case webhook.PartURL, webhook.PartURLDecoded:
			from = 0
		case webhook.PartPath:
			from = min(from, strings.Index(c.Request.URL, "/webhooks/"))
		}
	}
	if row.JWT != nil && row.JWT.RequestHash != "" {
		from = strings.Index(c.Request.URL, "/webhooks/")
	}
	for i := from; i < len(c.Request.URL); i++ {
		r := c.Request
		b := []byte(c.Request.URL)
		b[i] ^= 0x01
		r.URL = string(b)
		refused(&r, "URL", i)
	}
}

// mutateFields changes each byte of the values that are signed, or are the
// proof, where the proof stands in the body.
func mutateFields(t *testing.T, c *webhooktest.Case, row *webhook.Scheme, refused func(*webhook.Request, string, int)) {
	t.Helper()
	if len(row.InBody.JSON) == 0 {
		return
	}
	within := []string{}
	if row.Batch != nil && row.Batch.Proof {
		within = append(slices.Clone(row.Batch.Path), "0")
	}
	values := [][]string{row.InBody.JSON}
	for _, f := range row.Fields {
		values = append(values, f.Value.JSON)
	}
	found := 0
	for _, path := range values {
		raw, ok := jsontext.Find(c.Request.Body, slices.Concat(within, path)...)
		if !ok {
			continue // an optional field
		}
		found++
		text := bytes.Trim(raw, `"`)
		at := bytes.Index(c.Request.Body, raw) + bytes.Index(raw, text)
		for i := at; i < at+len(text); i++ {
			r := c.Request
			r.Body = slices.Clone(c.Request.Body)
			r.Body[i] ^= 0x01
			if strings.EqualFold(string(r.Body), string(c.Request.Body)) {
				continue // the case of a hex digit
			}
			refused(&r, strings.Join(path, "."), i)
		}
	}
	require.NotZero(t, found, "no value that is signed was found")
}

// mutateHeader changes each byte of a header. Three changes are no change of
// meaning and are left out: the case of a hex digit, Stripe's v0 element,
// which nothing reads, and an element's label turned into one that is passed
// over, if the rest still verifies (there is no rest here).
func mutateHeader(t *testing.T, c *webhooktest.Case, name string, refused func(*webhook.Request, string, int)) {
	t.Helper()
	values := c.Request.Header.Values(name)
	if name == "" || len(values) == 0 {
		return
	}
	signed := values[0]
	if i := strings.Index(signed, ",v0="); i >= 0 {
		signed = signed[:i]
	}
	for i := range signed {
		for _, mask := range []byte{0x01, 0x02, 0x10, 0x80} {
			b := []byte(values[0])
			b[i] ^= mask
			if strings.EqualFold(string(b), values[0]) {
				continue
			}
			r := c.Request
			r.Header = replace(c.Request.Header.(webhooktest.Header), name, string(b))
			refused(&r, name, i)
		}
	}
}

// FuzzVerify takes the corpus' requests apart and lets the fuzzer put them
// together again. Whatever comes, Verify answers, and what it accepts was
// signed: the signed content is in the corpus, or the fuzzer has broken HMAC.
func FuzzVerify(f *testing.F) {
	cases := corpus(f)
	for i, c := range cases {
		row, _ := webhook.Lookup(c.Provider)
		var signature, timestamp, id string
		for _, set := range row.Headers {
			signature += first(c.Request.Header.Values(set.Signature))
			timestamp += first(c.Request.Header.Values(set.Timestamp))
			id += first(c.Request.Header.Values(set.ID))
		}
		f.Add(uint16(i), signature, timestamp, id, c.Request.Body)
	}
	bodies := map[string]bool{}
	for _, c := range cases {
		bodies[c.Provider+string(c.Request.Body)] = true
	}
	f.Fuzz(func(t *testing.T, n uint16, signature, timestamp, id string, body []byte) {
		c := cases[int(n)%len(cases)]
		row, _ := webhook.Lookup(c.Provider)
		for _, set := range row.Headers {
			r := webhook.Request{Method: "POST", URL: c.Request.URL, Body: body, Header: webhooktest.Header{
				{set.Signature, signature}, {set.Timestamp, timestamp}, {set.ID, id}, {set.Type, id}, {set.Time, timestamp},
			}}
			got, err := verifier(t, &c).Verify(&r, c.Now)
			if err != nil {
				require.Zero(t, got)
				require.NotEmpty(t, webhook.Code(err))
				continue
			}
			if got.Reply != nil && got.SecretID == "" {
				continue // a handshake for anybody
			}
			if row.BodyCovered {
				require.True(t, bodies[c.Provider+string(body)], "accepted a body nobody signed")
			}
			if got.Reply == nil {
				require.NotEmpty(t, got.EventID)
				require.NotEmpty(t, got.Type)
			}
		}
	})
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
