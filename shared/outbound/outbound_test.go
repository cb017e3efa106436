package outbound_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/target"
)

const base = "https://api.example.com/v1"

var t0 = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// world is a gate with everything around it made of values.
type world struct {
	t       *testing.T
	now     time.Time
	target  outbound.Target
	grants  []outbound.Grant // to be handed out; the last one repeats
	asked   []outbound.PermitRequest
	reports []outbound.Report
	laneErr error

	sent   []fetch.Request
	answer func(r fetch.Request) (fetch.Response, error)

	tokenAsk []outbound.TokenRequest
	gate     *outbound.Gate
}

func ring(t *testing.T) *seal.Ring {
	t.Helper()
	r, err := seal.Parse("v1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: t0}
	w.target = outbound.Target{Config: destination.New(base), Generation: 3}
	w.grants = []outbound.Grant{{ID: 9, Slots: []time.Duration{0}, Slack: 50 * time.Millisecond, Parallel: 1}}
	w.answer = func(fetch.Request) (fetch.Response, error) { return fetch.Response{Status: 200}, nil }
	w.gate = &outbound.Gate{
		Sender: outbound.Sender{
			Now: func() time.Time { return w.now },
			Fetch: func(_ context.Context, r fetch.Request) (fetch.Response, error) {
				w.sent = append(w.sent, r)
				return w.answer(r)
			},
			VaultKeys: ring(t),
		},
		Lane:  func(string, string) outbound.Lane { return w },
		Sleep: func(_ context.Context, d time.Duration) { w.now = w.now.Add(d) },
	}
	return w
}

func (w *world) connect(tokens func(r outbound.TokenRequest) (outbound.Token, error)) {
	w.target.Config.Connection = "crm"
	w.gate.Tokens = func(_ context.Context, r outbound.TokenRequest) (outbound.Token, error) {
		w.tokenAsk = append(w.tokenAsk, r)
		return tokens(r)
	}
}

func (w *world) Permit(_ context.Context, r outbound.PermitRequest) (outbound.Grant, error) {
	w.asked = append(w.asked, r)
	if w.laneErr != nil {
		return outbound.Grant{}, w.laneErr
	}
	g := w.grants[0]
	if len(w.grants) > 1 {
		w.grants = w.grants[1:]
	}
	g.Target = w.target
	return g, nil
}

func (w *world) Report(_ context.Context, r outbound.Report) error {
	w.reports = append(w.reports, r)
	return nil
}

func (w *world) do(c outbound.Call) (outbound.Response, error) {
	if c.Method == "" {
		c.Method, c.Path = "GET", "/items?x=1"
	}
	return w.gate.Do(context.Background(), "acme", "shop", c)
}

func headerOf(r fetch.Request, name string) string {
	for _, h := range r.Header {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

func TestDo(t *testing.T) {
	w := newWorld(t)
	w.answer = func(fetch.Request) (fetch.Response, error) {
		w.now = w.now.Add(120 * time.Millisecond)
		return fetch.Response{Status: 201, Body: []byte("ok"), Header: http.Header{"X-Ratelimit-Limit": {"10"}, "X-Ratelimit-Remaining": {"2"}, "X-Ratelimit-Reset": {"60"}}}, nil
	}
	res, err := w.do(outbound.Call{Method: "POST", Path: "/items", Body: []byte("{}"), Header: [][2]string{{"content-type", "application/json"}}, MaxBody: 100})
	require.NoError(t, err)
	assert.Equal(t, 201, res.Status)
	assert.Equal(t, 120*time.Millisecond, res.Took)
	require.Len(t, w.sent, 1)
	assert.Equal(t, fetch.Request{
		Method: "POST", URL: base + "/items", Body: []byte("{}"), Deadline: destination.DefaultTimeout, MaxBody: 100,
		Header: [][2]string{{"content-type", "application/json"}, {"user-agent", "Hookweir/1"}},
	}, w.sent[0])
	require.Len(t, w.reports, 1)
	assert.Equal(t, outbound.Report{Grant: 9, Done: true, Sent: 120 * time.Millisecond, Seen: []outbound.Observation{{
		OK: true, Budgets: []ratelimit.Budget{{Scope: "requests", Limit: 10, Remaining: 2, Reset: w.now.Add(time.Minute)}},
	}}}, w.reports[0])
}

// TestFree304: the slot of an answer that does not count is given back, and no
// other.
func TestFree304(t *testing.T) {
	for _, c := range []struct {
		free   bool
		status int
		err    error
		want   bool
	}{{true, 304, nil, true}, {true, 200, nil, false}, {false, 304, nil, false}, {true, 429, nil, false}, {true, 0, fetch.ErrTimeout, false}} {
		w := newWorld(t)
		w.grants[0].Free = outbound.Free{Budget: "acct", ID: 7}
		w.answer = func(fetch.Request) (fetch.Response, error) { return fetch.Response{Status: c.status}, c.err }
		_, _ = w.do(outbound.Call{Free304: c.free})
		require.Len(t, w.reports, 1)
		assert.Equal(t, c.free, w.asked[0].MayBeFree)
		assert.Equal(t, outbound.Free{Budget: "acct", ID: 7}, w.reports[0].Free)
		assert.Equal(t, c.want, w.reports[0].WasFree, "%+v", c)
	}
}

func TestDoRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		call  outbound.Call
		setUp func(w *world)
		want  error
	}{
		{"no such destination", outbound.Call{}, func(w *world) { w.laneErr = outbound.ErrNotFound }, outbound.ErrNotFound},
		{"a path that is not listed", outbound.Call{Method: "GET", Path: "/x", Listed: true}, func(w *world) { w.laneErr = outbound.ErrNotListed }, outbound.ErrNotListed},
		{"a read that names a method", outbound.Call{Method: "GET", Path: "/x", Listed: true, Header: [][2]string{{"x-http-method-override", "DELETE"}}}, nil, destination.ErrHeaderMethod},
		{"no lane", outbound.Call{}, func(w *world) { w.laneErr = errors.New("x") }, outbound.ErrUnavailable},
		{"a shared budget that does not answer", outbound.Call{}, func(w *world) {
			w.grants = []outbound.Grant{{Reason: outbound.ReasonUnavailable, Wait: time.Second}}
		}, outbound.ErrUnavailable},
		{"a path that escapes", outbound.Call{Method: "GET", Path: "/../x"}, nil, destination.ErrPathEscapes},
		{"a header that is ours", outbound.Call{Method: "GET", Path: "/", Header: [][2]string{{"host", "x"}}}, nil, destination.ErrHeaderReserved},
		{"a target that has become private", outbound.Call{}, func(w *world) { w.target.Config.BaseURL = "https://10.0.0.1" }, target.ErrNotPublic},
		{"a connection, and nobody to ask", outbound.Call{}, func(w *world) { w.target.Config.Connection = "crm" }, outbound.ErrNeedsReauth},
		{"a connection that is dead", outbound.Call{}, func(w *world) {
			w.connect(func(outbound.TokenRequest) (outbound.Token, error) { return outbound.Token{}, outbound.ErrNeedsReauth })
		}, outbound.ErrNeedsReauth},
		{"a vault that is away", outbound.Call{}, func(w *world) {
			w.connect(func(outbound.TokenRequest) (outbound.Token, error) { return outbound.Token{}, errors.New("x") })
		}, outbound.ErrUnavailable},
		{"an empty token", outbound.Call{}, func(w *world) {
			w.connect(func(outbound.TokenRequest) (outbound.Token, error) { return outbound.Token{}, nil })
		}, outbound.ErrUnavailable},
		{"a token that would split the header", outbound.Call{}, func(w *world) {
			w.connect(func(outbound.TokenRequest) (outbound.Token, error) { return outbound.Token{Value: "a\r\nx: y"}, nil })
		}, outbound.ErrUnavailable},
		{"a credential that is not there", outbound.Call{}, func(w *world) { w.target.Config.Auth = destination.Bearer }, outbound.ErrUnavailable},
		{"a credential of another place", outbound.Call{}, func(w *world) {
			w.sealCredential(destination.Bearer, destination.Credential{Secret: "s3cr3t"})
			w.target.Generation++
		}, outbound.ErrUnavailable},
	} {
		w := newWorld(t)
		if c.setUp != nil {
			c.setUp(w)
		}
		_, err := w.do(c.call)
		assert.ErrorIs(t, err, c.want, c.name)
		assert.Empty(t, w.sent, c.name)
	}
}

// TestListed: the Lane is asked for the path of a call that may only go where
// the destination lists it, and of no other.
func TestListed(t *testing.T) {
	w := newWorld(t)
	for _, c := range []outbound.Call{{Method: "GET", Path: "/x?y=1", Listed: true}, {Method: "GET", Path: "/x?y=1", Header: [][2]string{{"x-method-override", "PUT"}}}} {
		_, err := w.do(c)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"/x?y=1", ""}, []string{w.asked[0].Path, w.asked[1].Path})
}

func (w *world) sealCredential(auth string, c destination.Credential) {
	w.target.Config.Auth = auth
	plain, err := json.Marshal(c)
	require.NoError(w.t, err)
	w.target.Sealed, err = ring(w.t).Seal(plain, outbound.CredentialAAD("acme", "shop", w.target.Generation))
	require.NoError(w.t, err)
}

func TestStaticCredentials(t *testing.T) {
	w := newWorld(t)
	w.sealCredential(destination.Bearer, destination.Credential{Secret: "s3cr3t"})
	_, err := w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Equal(t, "Bearer s3cr3t", headerOf(w.sent[0], "authorization"))

	w.sealCredential(destination.Basic, destination.Credential{User: "Aladdin", Secret: "open sesame"})
	_, err = w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Equal(t, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", headerOf(w.sent[1], "authorization")) // RFC 7617 §2

	_, err = w.do(outbound.Call{Method: "GET", Path: "/", Header: [][2]string{{"authorization", "Bearer mine"}}})
	assert.ErrorIs(t, err, destination.ErrHeaderAuth)
}

func TestFreshTokenOnce(t *testing.T) {
	w := newWorld(t)
	generation := int64(4)
	w.connect(func(r outbound.TokenRequest) (outbound.Token, error) {
		if r.Refused == generation {
			generation++
		}
		return outbound.Token{Type: "token", Value: "tok" + string(rune('a'+generation)), Generation: generation}, nil
	})
	w.answer = func(r fetch.Request) (fetch.Response, error) {
		if headerOf(r, "authorization") == "token tokf" {
			return fetch.Response{Status: 200}, nil
		}
		return fetch.Response{Status: 401}, nil
	}
	res, err := w.do(outbound.Call{Method: "GET", Path: "/", Caller: "read"})
	require.NoError(t, err)
	assert.Equal(t, 200, res.Status)
	assert.Len(t, w.asked, 2, "the repeat takes a slot of its own")
	assert.Equal(t, []outbound.TokenRequest{
		{Tenant: "acme", Connection: "crm", Caller: "read"}, {Tenant: "acme", Connection: "crm", Caller: "read", Refused: 4},
	}, w.tokenAsk)

	// Refused again: that is the answer.
	w.answer = func(fetch.Request) (fetch.Response, error) { return fetch.Response{Status: 401}, nil }
	w.sent = nil
	res, err = w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Equal(t, 401, res.Status)
	assert.Len(t, w.sent, 2)

	// Without a connection a 401 is an answer at once.
	w = newWorld(t)
	w.answer = func(fetch.Request) (fetch.Response, error) { return fetch.Response{Status: 401}, nil }
	_, err = w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Len(t, w.sent, 1)
}

func TestWaiting(t *testing.T) {
	w := newWorld(t)
	w.grants = []outbound.Grant{{Wait: 3 * time.Second, Reason: outbound.ReasonBudget}}
	_, err := w.do(outbound.Call{})
	var wait *outbound.WaitError
	require.ErrorAs(t, err, &wait)
	assert.Equal(t, outbound.WaitError{Reason: outbound.ReasonBudget, After: 3 * time.Second}, *wait)
	assert.Empty(t, w.reports)

	w = newWorld(t)
	w.grants = []outbound.Grant{{ID: 1, Slots: []time.Duration{2 * time.Second}, Slack: time.Second}}
	_, err = w.do(outbound.Call{Wait: 5 * time.Second})
	require.NoError(t, err)
	assert.Equal(t, t0.Add(2*time.Second), w.now, "it slept until its slot")
	assert.Equal(t, 5*time.Second, w.asked[0].Horizon)
}

func TestSlotsThatPass(t *testing.T) {
	w := newWorld(t)
	slow := true
	w.connect(func(outbound.TokenRequest) (outbound.Token, error) {
		if slow {
			w.now = w.now.Add(2 * time.Second) // a refresh
			slow = false
		}
		return outbound.Token{Value: "tok"}, nil
	})
	_, err := w.do(outbound.Call{})
	require.NoError(t, err)
	assert.Len(t, w.asked, 2, "the first slot was over")
	assert.Len(t, w.sent, 1)
	assert.Empty(t, w.reports[0].Seen)

	w.connect(func(outbound.TokenRequest) (outbound.Token, error) {
		w.now = w.now.Add(2 * time.Second)
		return outbound.Token{Value: "tok"}, nil
	})
	_, err = w.do(outbound.Call{})
	assert.ErrorIs(t, err, outbound.ErrLate)
	assert.Len(t, w.sent, 1)
}

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name string
		res  fetch.Response
		err  error
		want error
		seen outbound.Observation
	}{
		{"timeout", fetch.Response{}, fetch.ErrTimeout, outbound.ErrTimeout, outbound.Observation{Failed: true}},
		{"network", fetch.Response{}, errors.New("reset"), outbound.ErrNetwork, outbound.Observation{Failed: true}},
		{"no HTTP status", fetch.Response{Status: 0}, nil, outbound.ErrNetwork, outbound.Observation{Failed: true}},
		{"503", fetch.Response{Status: 503}, nil, nil, outbound.Observation{Failed: true}},
		{"503 with a Retry-After", fetch.Response{Status: 503, Header: http.Header{"Retry-After": {"7"}}}, nil, nil, outbound.Observation{Failed: true, Pause: 7 * time.Second}},
		{"429 with a date", fetch.Response{Status: 429, Header: http.Header{"Retry-After": {"Wed, 25 Nov 2026 12:00:09 GMT"}}}, nil, nil, outbound.Observation{Pause: 9 * time.Second}},
		{"429 without", fetch.Response{Status: 429}, nil, nil, outbound.Observation{Pause: 5 * time.Second}},
		{"404", fetch.Response{Status: 404}, nil, nil, outbound.Observation{OK: true}},
	} {
		w := newWorld(t)
		w.answer = func(fetch.Request) (fetch.Response, error) { return c.res, c.err }
		_, err := w.do(outbound.Call{})
		if c.want == nil {
			assert.NoError(t, err, c.name)
		} else {
			assert.ErrorIs(t, err, c.want, c.name)
		}
		assert.Equal(t, []outbound.Observation{c.seen}, w.reports[0].Seen, c.name)
	}
}

func TestAnswerHasNoSecrets(t *testing.T) {
	w := newWorld(t)
	w.sealCredential(destination.Basic, destination.Credential{User: "Aladdin", Secret: "open sesame"})
	w.answer = func(r fetch.Request) (fetch.Response, error) {
		return fetch.Response{Status: 400, Header: http.Header{
			"Content-Type": {"application/json"}, "Set-Cookie": {"s=1"}, "X-Request-Id": {"req_1"},
			"Location": {"https://x.example/?access_token=abc123&x=1"},
		}, Body: []byte(`{"error":"bad","echo":"` + headerOf(r, "authorization") + `","pw":"open sesame",
			"access_token": "at-123", "client_secret":"a\"b", "nested":{"api_key":["k1","k2"],"token_type":"bearer","page_token":17},"id":"it_1"}`)}, nil
	}
	e := w.gate.Send(context.Background(), "acme", "shop", w.target, outbound.Call{Method: "POST", Path: "/"}, outbound.Slot{At: t0, Until: t0})
	require.NoError(t, e.Err)
	a := e.Answer()
	text, err := json.Marshal(a)
	require.NoError(t, err)
	for _, secret := range []string{"QWxhZGRpbjpvcGVuIHNlc2FtZQ", "open sesame", "at-123", `a\"b`, "k1", "k2", "abc123", "s=1"} {
		assert.NotContains(t, string(text), secret)
	}
	assert.Contains(t, a.Body, `"id":"it_1"`)
	assert.Contains(t, a.Body, `"error":"bad"`)
	assert.Equal(t, [][2]string{{"content-type", "application/json"}, {"location", "https://x.example/?access_token=[removed]&x=1"}, {"x-request-id", "req_1"}}, a.Header)
}

func TestAnswerIsBounded(t *testing.T) {
	e := outbound.Exchange{Response: fetch.Response{Status: 200, Body: []byte("é" + string(make([]byte, outbound.KeptBody)))}}
	a := e.Answer()
	assert.LessOrEqual(t, len(a.Body), outbound.KeptBody)
	assert.True(t, a.Truncated)
	e = outbound.Exchange{Response: fetch.Response{Status: 200, Body: []byte{0xff, 0xfe}}}
	assert.Equal(t, outbound.Answer{Status: 200, Truncated: true}, e.Answer())
	assert.Equal(t, [][2]string{{"x-api-key", "[removed]"}, {"x-a", "b"}}, outbound.RedactHeader([][2]string{{"x-api-key", "k"}, {"x-a", "b"}}))
	assert.Equal(t, map[string]string{"x-a": "1, 2"}, outbound.Shown(http.Header{"X-A": {"1", "2"}, "Set-Cookie": {"s"}}))
}

// FuzzRedact: no panic, and what was sent is never shown.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{`{"token":"x"}`, `a=b&token=`, `"token":[`, `token:"\`, `{"password" : {"a":1}}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		e := outbound.Exchange{Response: fetch.Response{Status: 200, Body: []byte(body)}}
		if a := e.Answer(); len(a.Body) > outbound.KeptBody {
			t.Fatal(len(a.Body))
		}
	})
}
