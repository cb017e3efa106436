package wasmtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/source/sourcetest"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
	"github.com/hookweir/hookweir/wasmtest"
)

const (
	corpusTenant = "corpus"
	configKV     = "hookweir-config"
)

// refused are the statuses of refusals that are not answered with 401.
var refused = map[string]int{"method_not_allowed": 405, "source_not_ready": 503, "keys_unavailable": 503, "invalid_handshake": 400}

// publicWorker is the public Worker alone, of the test build, which takes its
// time from the request; the queue has no consumer, so what it was given stays.
//
// Outside there are the hosts, with the documents and nothing else.
func publicWorker(t testing.TB, hosts []string, documents map[string]string) *wasmtest.Edge {
	t.Helper()
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	workers[0].Module = filepath.Join("..", "build", "test", "worker.wasm")
	require.FileExists(t, workers[0].Module, "run `make build/test/worker.wasm` first")
	workers[0].Services = nil
	servers := map[string]http.Handler{}
	for _, host := range hosts {
		servers[host] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, ok := documents["https://"+r.Host+r.URL.RequestURI()]
			if !ok {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_, err := w.Write([]byte(text))
			assert.NoError(t, err)
		})
	}
	return wasmtest.New(t, wasmtest.Config{Workers: workers[:1], Servers: servers})
}

// TestCorpus is the corpus of shared/webhook/testdata in Wasm: the same cases
// as on the host and on workerd. Those with documents to fetch have an isolate
// of their own, because a document is kept for all.
func TestCorpus(t *testing.T) {
	cases, err := webhooktest.Load(os.DirFS(filepath.Join("..", "shared", "webhook", "testdata")))
	require.NoError(t, err)
	ring, err := seal.Parse(secrets["SOURCE_KEYS"], aesgcm.Suite{})
	require.NoError(t, err)
	hosts := corpusHosts(cases)
	shared := publicWorker(t, nil, nil)
	fetching := 0
	for i := range cases {
		c := &cases[i]
		t.Run(c.Provider+"/"+c.Name, func(t *testing.T) {
			edge := shared
			if fetches(c) {
				fetching++
				edge = publicWorker(t, hosts, c.Documents)
			}
			key, value, err := sourcetest.Seal(ring, corpusTenant, c)
			require.NoError(t, err)
			require.NoError(t, edge.KV(configKV).Put(key, value))
			checkAnswer(t, edge, c)
		})
	}
	require.Greater(t, fetching, 50, "certificates and key sets are fetched in Wasm too")
}

// corpusHosts are where the corpus's documents are.
func corpusHosts(cases []webhooktest.Case) (hosts []string) {
	for _, c := range cases {
		for url := range c.Documents {
			hosts = append(hosts, strings.Split(url, "/")[2])
		}
	}
	return hosts
}

// fetches says that a case is about documents, there or not.
func fetches(c *webhooktest.Case) bool {
	return len(c.Documents) > 0 || c.Want.Error == "keys_unavailable"
}

// trimmed says that a header value loses its outer spaces on the way (RFC 9110
// §5.5).
func trimmed(c *webhooktest.Case) bool {
	header, _ := c.Request.Header.(webhooktest.Header)
	return slices.ContainsFunc(header, func(h [2]string) bool { return h[1] != strings.Trim(h[1], " \t") })
}

func corpusRequest(t testing.TB, c *webhooktest.Case) *http.Request {
	_, query, _ := strings.Cut(c.Request.URL, "?")
	url := "https://hooks.example.com/webhooks/" + corpusTenant + "/" + sourcetest.Name(c)
	if query != "" {
		url += "?" + query
	}
	r := httptest.NewRequest(c.Request.Method, url, bytes.NewReader(c.Request.Body))
	header, ok := c.Request.Header.(webhooktest.Header)
	require.True(t, ok)
	for _, h := range header {
		r.Header.Add(h[0], strings.Trim(h[1], " \t")) // as HTTP carries it
	}
	r.Header.Set("X-Hookweir-Now", strconv.FormatInt(c.Now.Unix(), 10))
	return r
}

func checkAnswer(t *testing.T, edge *wasmtest.Edge, c *webhooktest.Case) {
	queue := edge.Queue("events")
	before := queue.Len()
	res := edge.Fetch(corpusRequest(t, c))
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	body := string(raw)
	sent := queue.Messages()[before:]
	switch {
	case c.Want.Error != "":
		want := c.Want.Error
		if trimmed(c) {
			want = "bad_signature" // signed with a space that HTTP does not carry
		}
		var problem struct{ Code string }
		require.NoError(t, json.Unmarshal([]byte(body), &problem), body)
		assert.Equal(t, want, problem.Code)
		status, ok := refused[c.Want.Error]
		if !ok {
			status = 401
		}
		assert.Equal(t, status, res.StatusCode)
		assert.Empty(t, sent)
	case c.Want.Reply != "":
		assert.Equal(t, c.Want.Reply, strings.TrimSpace(fmt.Sprint(res.StatusCode, " ", res.Header.Get("Content-Type"))))
		assert.Equal(t, c.Want.ReplyBody, body)
		assert.Empty(t, sent)
		checkOffer(t, edge, c)
	default:
		row, ok := webhook.Lookup(c.Provider)
		require.True(t, ok)
		switch {
		case body == "" && row.FormAnswer != nil:
			require.Equal(t, row.FormAnswer.Status, res.StatusCode)
		case row.Answer == nil:
			require.Equal(t, row.Accepted(), res.StatusCode, body)
		}
		checkSent(t, c, sent)
	}
}

// checkOffer looks for the secret that a handshake offers: sealed in the
// bucket, and not in the answer.
func checkOffer(t *testing.T, edge *wasmtest.Edge, c *webhooktest.Case) {
	sealed, ok := edge.Bucket("hookweir-payloads").Get(source.OfferKey(corpusTenant, sourcetest.Name(c)))
	require.Equal(t, c.Want.Offer != "", ok)
	if !ok {
		return
	}
	ring, err := seal.Parse(secrets["SOURCE_KEYS"], aesgcm.Suite{})
	require.NoError(t, err)
	offer, err := source.OpenOffer(ring, corpusTenant, sourcetest.Name(c), string(sealed), c.Now)
	require.NoError(t, err)
	assert.Equal(t, c.Want.Offer, string(offer.Secret))
}

// checkSent holds what is in the queue against the case: one event, or those
// of a delivery that is split.
func checkSent(t *testing.T, c *webhooktest.Case, sent []wasmtest.Message) {
	var got []string
	bodies := map[string]bool{}
	for _, s := range sent {
		m, err := event.Decode(s.Body)
		require.NoError(t, err)
		e := m.Event
		require.Equal(t, corpusTenant+"/"+sourcetest.Name(c)+"/"+e.ID, m.Key)
		assert.Equal(t, c.Want.Authenticated, e.Authenticated)
		got = append(got, e.ID+" "+e.Type)
		bodies[string(e.Body)] = true
		if c.Want.Events == "" {
			assert.Equal(t, c.Request.Body, e.Body)
			want := c.Want.Time.Truncate(time.Millisecond)
			if c.Want.Time.IsZero() {
				want = c.Now
			}
			assert.True(t, want.Equal(e.Time), "%v, want %v", e.Time, want)
		}
	}
	want := c.Want.ID + " " + c.Want.Type
	if c.Want.Events != "" {
		want = c.Want.Events
		for body := range maps.Keys(bodies) {
			assert.True(t, bytes.Contains(c.Request.Body, []byte(body)), "a part of what was sent")
		}
	}
	slices.Sort(got)
	parts := strings.Split(want, ", ")
	slices.Sort(parts)
	assert.Equal(t, parts, got)
}
