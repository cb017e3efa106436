package wasmtest_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestParity runs every scenario in virtual time. e2e/parity.test.mjs runs the
// same files on workerd: what each observes must equal the file's `want`.
func TestParity(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s.Name, func(t *testing.T) {
			w := newParityWorld(t, s)
			for i := range s.Steps {
				w.run(i, &s.Steps[i])
			}
		})
	}
}

// TestRotationWithinAWriteASecond is where workerd and production part: KV
// takes one write a second and key, and miniflare does not mind. A rotation
// within that second is stored but not published; the Tenant object's alarm
// publishes it a little later.
func TestRotationWithinAWriteASecond(t *testing.T) {
	const next = "the secret that comes after it"
	edge := hookweir(t, &agent{}, wasmtest.Config{})
	configure(t, edge, "acme")
	res := edge.Fetch(api("POST", "acme/sources/gh/rotate", `{"secret":"`+next+`","overlap":"0s"}`))
	require.Contains(t, text(res), `"published":false`)
	edge.Advance(2 * time.Minute)
	require.Contains(t, text(edge.Fetch(api("GET", "acme/sources/gh", ""))), `"published":true`)
	require.Equal(t, 401, edge.Fetch(github("acme", "1", githubSecret, `{}`)).StatusCode)
	require.Equal(t, 202, edge.Fetch(github("acme", "2", next, `{}`)).StatusCode)
}

const (
	edgeURL     = "https://hooks.example.com"
	waitWithin  = time.Minute            // of a wait that names no other
	waitLook    = 100 * time.Millisecond // between two looks, at least
	waitLooks   = 2_000                  // in the longest wait, at most
	answersMost = time.Minute            // for copies at once
)

// parityStart is a day that no scenario names: what is near it is a time of the
// run, see blank.
var parityStart = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// parityWorld is one scenario under way.
type parityWorld struct {
	t         *testing.T
	name      string
	edge      *wasmtest.Edge
	agents    map[string]*parityAgent // by tenant
	sent      map[string]string       // bodies by event key, as first sent
	elsewhere int                     // requests at the other server
	servers   map[string]*parityServer
}

func newParityWorld(t *testing.T, s scenario) *parityWorld {
	w := &parityWorld{t: t, name: "p-" + s.Name, agents: map[string]*parityAgent{}, sent: map[string]string{}, servers: map[string]*parityServer{}}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	servers := map[string]http.Handler{
		"agent.example.com":     http.HandlerFunc(w.serveAgent),
		"elsewhere.example.com": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { w.elsewhere++ }),
	}
	for name, routes := range s.Servers {
		require.NotContains(t, servers, name+serverDomain)
		w.servers[name] = newParityServer(t, routes, w.fill)
		servers[name+serverDomain] = w.servers[name]
	}
	w.edge = wasmtest.New(t, wasmtest.Config{Workers: workers, Servers: servers, Script: outages(t, s), Start: parityStart})
	return w
}

// outages plans what the steps `outage` ask for: every delivery between one
// and its `recover` fails at the binding. They come before anything else that
// uses the binding, so occasions are counted from 1.
func outages(t *testing.T, s scenario) (plan []wasmtest.Hit) {
	faults := map[string]wasmtest.Fault{"EVENTS": wasmtest.QueueSendFail, "PAYLOADS": wasmtest.R2Fail}
	down, nth := "", 0
	for _, st := range s.Steps {
		switch st.Do {
		case "outage":
			require.Zero(t, nth, "an outage comes before the first delivery")
			require.Contains(t, faults, st.Binding)
			down = st.Binding
		case "recover":
			down = ""
		case "deliver":
			if nth++; down != "" {
				plan = append(plan, wasmtest.Hit{Fault: faults[down], Nth: nth})
			}
		}
	}
	return plan
}

func (w *parityWorld) tenant(st *step) string {
	if st.Tenant != "" {
		return w.name + "-" + st.Tenant
	}
	return w.name
}

// run does a step and compares what it shows with the file's want.
func (w *parityWorld) run(i int, st *step) {
	w.t.Helper()
	where := fmt.Sprintf("step %d: %s", i+1, st.Do)
	seen := w.do(st)
	if st.Want == nil {
		if a, ok := seen.(observation); ok {
			require.Contains(w.t, []any{200, 201, 202, 204}, a["status"], "%s: %v", where, a)
		}
		return
	}
	text, err := json.Marshal(seen)
	require.NoError(w.t, err)
	var plain any
	require.NoError(w.t, json.Unmarshal(text, &plain))
	text, err = json.Marshal(w.blank(plain))
	require.NoError(w.t, err)
	require.JSONEq(w.t, string(st.Want), string(text), where)
}

// observation is what a step shows, as JSON.
type observation = map[string]any

func (w *parityWorld) do(st *step) any {
	switch st.Do {
	case "source":
		return w.api(st, "PUT", "/sources/"+st.Source, observation{"provider": st.Provider, "secrets": []string{st.Secret}})
	case "agent":
		name := w.tenant(st)
		if w.agents[name] == nil {
			w.agents[name] = &parityAgent{secret: st.Secret, tries: map[string]int{}}
		}
		w.agents[name].answers = st.Answers
		return w.api(st, "PUT", "/agent", observation{"url": "https://agent.example.com/" + name, "secret": st.Secret})
	case "destination": // the agent's server is where writes go, too
		return w.api(st, "PUT", "/destinations/shop", observation{"base_url": "https://agent.example.com/" + w.tenant(st)})
	case "write":
		return w.write(st)
	case "behave":
		w.agents[w.tenant(st)].answers = st.Answers
		return nil
	case "outage", "recover":
		return nil // planned before the start, see outages
	case "deliver":
		return w.deliver(st)
	case "request":
		headers := headerFields{}
		for name, value := range st.Headers {
			headers[name] = w.fill(value)
		}
		return observe(w.edge.Fetch(w.request(st.Method, w.fill(st.Path), st.body(), headers)), st.Pick)
	case "api":
		return w.api(st, st.Method, w.fill(st.Path), w.filled(st.JSON))
	case "until":
		return w.until(st)
	case "consent":
		return w.consent(st)
	case "requests":
		return w.servers[st.Server].observe(st.Pick, st.Redact)
	case "wait":
		return w.wait(st)
	case "rest":
		w.edge.Advance(w.duration(st.For, 0))
		return nil
	case "events":
		return w.events(st)
	case "received":
		return w.received(st)
	}
	require.Fail(w.t, "no step is called "+st.Do)
	return nil
}

func (w *parityWorld) duration(text string, def time.Duration) time.Duration {
	if text == "" {
		return def
	}
	d, err := time.ParseDuration(text)
	require.NoError(w.t, err)
	return d
}

func (w *parityWorld) request(method, path, body string, headers headerFields) *http.Request {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, edgeURL+path, reader)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

func (w *parityWorld) call(st *step, method, path string, body any) *http.Response {
	headers := headerFields{"authorization": "Bearer " + adminToken}
	if st.Token != nil {
		headers["authorization"] = "Bearer " + *st.Token
	}
	text := []byte(nil)
	if raw, ok := body.(json.RawMessage); ok && raw == nil {
		body = nil
	}
	if body != nil {
		headers["content-type"] = "application/json"
		var err error
		text, err = json.Marshal(body)
		require.NoError(w.t, err)
	}
	return w.edge.Fetch(w.request(method, "/v1/tenants/"+w.tenant(st)+path, string(text), headers))
}

func (w *parityWorld) api(st *step, method, path string, body any) any {
	return observe(w.call(st, method, path, body), st.Pick)
}

// observe is what counts of an answer: the status, the code of a problem, an
// event's id, what may be tried instead, and the members in pick.
func observe(res *http.Response, pick []string) observation {
	text, _ := io.ReadAll(res.Body)
	o := observation{"status": res.StatusCode}
	var members observation
	isObject := json.Unmarshal(text, &members) == nil
	for _, name := range append([]string{"code", "id", "duplicate"}, pick...) {
		if v, ok := members[name]; ok {
			o[name] = v
		}
	}
	if !isObject && len(text) > 0 {
		o["text"] = string(text)
	}
	if allow := res.Header.Get("Allow"); allow != "" {
		o["allow"] = allow
	}
	if after := res.Header.Get("Retry-After"); after != "" {
		o["retry_after"] = after
	}
	return o
}

func (w *parityWorld) deliver(st *step) any {
	name := w.tenant(st)
	headers, body := st.delivery(w.t, w.edge.Now())
	if key := name + "/" + st.Source + "/" + st.ID; w.sent[key] == "" {
		w.sent[key] = body
	}
	path := "/webhooks/" + name + "/" + st.Source
	if st.Times == 0 {
		return observe(w.edge.Fetch(w.request("POST", path, body, headers)), st.Pick)
	}
	var answers []observation
	for range st.Times {
		w.edge.Send(w.request("POST", path, body, headers), func(res *http.Response) { answers = append(answers, observe(res, nil)) })
	}
	for end := w.edge.Now().Add(answersMost); len(answers) < st.Times && w.edge.Now().Before(end); {
		w.edge.Advance(waitLook)
	}
	require.Len(w.t, answers, st.Times)
	return together(answers)
}

// together is what copies sent at once promise: at least one was accepted, the
// others too or known as duplicates, all under one id.
func together(answers []observation) any {
	var distinct []observation
	accepted := false
	for _, a := range answers {
		accepted = accepted || a["status"] == 202
		if a["duplicate"] == true && a["status"] == 200 {
			a = observation{"status": 202, "id": a["id"]}
		}
		if !slices.ContainsFunc(distinct, func(o observation) bool { return fmt.Sprint(o) == fmt.Sprint(a) }) {
			distinct = append(distinct, a)
		}
	}
	if accepted && len(distinct) == 1 {
		return distinct[0]
	}
	return distinct
}

// eventState is an event as the API shows it.
type eventState struct {
	Key        string `json:"key"`
	Type       string `json:"type"`
	State      string `json:"state"`
	Attempts   int    `json:"attempts"`
	Duplicates int    `json:"duplicates"`
	Tries      []struct {
		Outcome string `json:"outcome"`
		Status  int    `json:"status"`
		Reason  string `json:"reason"`
	} `json:"tries"`
}

// wait looks at an event until it is in the state, or the time is over.
func (w *parityWorld) wait(st *step) any {
	within := w.duration(st.Within, waitWithin)
	if within > 24*time.Hour { // the minute's tick has no part in it, thousands of times
		w.edge.PauseCron(true)
		defer w.edge.PauseCron(false)
	}
	end, pause := w.edge.Now().Add(within), max(waitLook, within/waitLooks)
	for {
		var e eventState
		res := w.call(st, "GET", "/events/"+w.tenant(st)+"/"+st.ID, nil)
		require.NoError(w.t, json.NewDecoder(res.Body).Decode(&e))
		if e.State == st.State || !w.edge.Now().Before(end) {
			return e.observe(st.Loose)
		}
		w.edge.Advance(pause)
	}
}

func (e *eventState) observe(loose bool) observation {
	o, tries := observation{"state": e.State}, []string{}
	if !loose {
		o["attempts"] = e.Attempts
	}
	for _, a := range e.Tries {
		try := strings.TrimSpace(a.Outcome + " " + a.Reason)
		if len(tries) == 0 || tries[len(tries)-1] != try {
			tries = append(tries, try)
		}
	}
	o["tries"] = tries
	return o
}

// write hands a write to the destination and looks at it until it is in the
// state, or the time is over.
func (w *parityWorld) write(st *step) any {
	res := w.call(st, "POST", "/destinations/shop/writes", w.filled(st.JSON))
	var queued struct {
		ID string `json:"id"`
	}
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&queued))
	end := w.edge.Now().Add(w.duration(st.Within, waitWithin))
	for {
		var e eventState
		answer := w.call(st, "GET", "/writes/"+url.PathEscape(queued.ID), nil)
		require.NoError(w.t, json.NewDecoder(answer.Body).Decode(&e))
		if e.State == st.State || !w.edge.Now().Before(end) {
			statuses := []int{}
			for _, try := range e.Tries {
				statuses = append(statuses, try.Status)
			}
			return observation{"status": res.StatusCode, "state": e.State, "answers": statuses}
		}
		w.edge.Advance(waitLook)
	}
}

func (w *parityWorld) events(st *step) any {
	res := w.call(st, "GET", "/events"+st.Query, nil)
	var page struct {
		Events []eventState `json:"events"`
	}
	require.Equal(w.t, 200, res.StatusCode)
	require.NoError(w.t, json.NewDecoder(res.Body).Decode(&page))
	list := []string{}
	for _, e := range page.Events {
		list = append(list, e.Key+" "+e.State)
	}
	slices.Sort(list)
	return list
}

// parityAgent is one tenant's agent.
type parityAgent struct {
	secret  string
	answers []reply
	tries   map[string]int
	posts   []post
}

type post struct {
	at         time.Time
	id         string
	kind       string // of the event
	origin     string
	data       string
	answer     reply
	signed     bool
	signatures int
}

func (w *parityWorld) serveAgent(rw http.ResponseWriter, r *http.Request) {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	a := w.agents[name]
	body, _ := io.ReadAll(r.Body)
	p := post{at: w.edge.Now(), id: r.Header.Get("Webhook-Id"), answer: reply{Status: 204}}
	if n := a.tries[p.id]; len(a.answers) > 0 {
		p.answer = a.answers[min(n, len(a.answers)-1)]
	}
	a.tries[p.id]++
	p.signed, p.signatures = signedBy(a.secret, r.Header, string(body))
	p.kind, p.origin, p.data = cloudEvent(w.t, body)
	a.posts = append(a.posts, p)
	switch {
	case p.answer.Reset:
		panic(http.ErrAbortHandler)
	case p.answer.Hang:
		panic(wasmtest.ErrSilent)
	}
	if p.answer.RetryAfter != "" {
		rw.Header().Set("Retry-After", p.answer.RetryAfter)
	}
	if p.answer.Elsewhere {
		rw.Header().Set("Location", "https://elsewhere.example.com/")
	}
	rw.WriteHeader(p.answer.Status)
}

// cloudEvent is the type, the origin and the data of a CloudEvent in JSON, the
// data as it was spliced in.
func cloudEvent(t *testing.T, body []byte) (kind, origin, data string) {
	var e struct {
		Type   string          `json:"type"`
		Origin string          `json:"hookweirorigin"`
		Data   json.RawMessage `json:"data"`
		Base64 string          `json:"data_base64"`
	}
	require.NoError(t, json.Unmarshal(body, &e))
	if e.Base64 != "" {
		raw, err := base64.StdEncoding.DecodeString(e.Base64)
		require.NoError(t, err)
		return e.Type, e.Origin, string(raw)
	}
	return e.Type, e.Origin, string(bytes.TrimSpace(e.Data))
}

// received is what a tenant's agent got, by event, and what reached the other
// server.
func (w *parityWorld) received(st *step) any {
	a := w.agents[w.tenant(st)]
	byID := map[string][]post{}
	for _, p := range a.posts {
		byID[p.id] = append(byID[p.id], p)
	}
	events := observation{}
	for id, posts := range byID {
		o := observation{"type": posts[0].kind, "signatures": posts[len(posts)-1].signatures}
		sent, known := w.sent[id]
		answers, signed, same, patient, floors := []any{}, true, true, true, 0
		for i, p := range posts {
			answers = append(answers, p.answer.observe())
			signed, same = signed && p.signed, same && p.data == sent
			if i > 0 && posts[i-1].answer.RetryAfter != "" {
				floors++
				patient = patient && p.at.Sub(posts[i-1].at) >= w.duration(posts[i-1].answer.RetryAfter+"s", 0)
			}
		}
		o["posts"], o["signed"] = answers, signed
		switch {
		case posts[0].origin == "poll":
			o["data"] = posts[0].data
		case known: // what a notice says has times in it
			o["bytes_as_sent"] = same
		}
		if floors > 0 {
			o["retry_after_kept"] = patient
		}
		events[id] = o
	}
	o := observation{"events": events}
	if w.elsewhere > 0 {
		o["elsewhere"] = w.elsewhere
	}
	return o
}

func (r reply) observe() any {
	switch {
	case r.Hang:
		return "hang"
	case r.Reset:
		return "reset"
	}
	return r.Status
}
