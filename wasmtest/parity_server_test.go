package wasmtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/stretchr/testify/require"
)

// serverDomain is what a scenario's servers are under here; on workerd they
// listen on loopback (e2e/parity/server.mjs).
const serverDomain = ".example.com"

// route is what an outside server answers to a request of this method and path
// whose named parts are so.
type route struct {
	Method  string             `json:"method"`
	Path    string             `json:"path"`
	Query   map[string]*string `json:"query"` // null: absent
	Headers map[string]string  `json:"headers"`
	Body    map[string]any     `json:"body"`    // members of a form or a JSON object
	Answers []served           `json:"answers"` // in order; the last one stays
}

// served is one answer of an outside server.
type served struct {
	Status  int               `json:"status"` // 0: 200
	Headers map[string]string `json:"headers"`
	JSON    json.RawMessage   `json:"json"`
	Text    string            `json:"text"`
	Reset   bool              `json:"reset"`
}

// parityServer is one outside server: its routes, and what it got.
type parityServer struct {
	t      *testing.T
	routes []route
	fill   func(string) string
	given  []int // answers, by route
	seen   []arrival
}

// arrival is a request that a server got, and the status it answered.
type arrival struct {
	method, path string
	query        map[string]any
	header       http.Header
	body         any // members of a form or a JSON value; a text; nil: none
	status       int
}

func newParityServer(t *testing.T, routes []route, fill func(string) string) *parityServer {
	for i, r := range routes {
		require.NotEmpty(t, r.Answers, "route %d: %s %s", i, r.Method, r.Path)
	}
	return &parityServer{t: t, routes: routes, fill: fill, given: make([]int, len(routes))}
}

// ServeHTTP answers by the first route that fits, or 404.
func (s *parityServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	require.NoError(s.t, err)
	a := arrival{method: r.Method, path: r.URL.Path, query: members(r.URL.Query()), header: r.Header, body: readBody(r.Header.Get("Content-Type"), raw)}
	answer := served{Status: http.StatusNotFound}
	for i, route := range s.routes {
		if !s.fits(route, a) {
			continue
		}
		answer = route.Answers[min(s.given[i], len(route.Answers)-1)]
		s.given[i]++
		break
	}
	if answer.Status == 0 {
		answer.Status = http.StatusOK
	}
	a.status = answer.Status
	if answer.Reset {
		a.status = 0
	}
	s.seen = append(s.seen, a)
	if answer.Reset {
		panic(http.ErrAbortHandler)
	}
	body := s.fill(answer.Text)
	if answer.JSON != nil {
		w.Header().Set("Content-Type", "application/json")
		body = s.fill(compact(s.t, answer.JSON))
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, echo(s.fill(value), a.query))
	}
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, body)
}

func compact(t *testing.T, raw json.RawMessage) string {
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, raw))
	return b.String()
}

// echo puts members of the request's query in place of {query:name}.
func echo(text string, query map[string]any) string {
	for name, value := range query {
		text = strings.ReplaceAll(text, "{query:"+name+"}", value.(string))
	}
	return text
}

func (s *parityServer) fits(r route, a arrival) bool {
	if r.Method != a.method || r.Path != a.path {
		return false
	}
	for name, want := range r.Query {
		got, there := a.query[name]
		if want == nil && there || want != nil && got != s.fill(*want) {
			return false
		}
	}
	for name, want := range r.Headers {
		if a.header.Get(name) != s.fill(want) {
			return false
		}
	}
	body, _ := a.body.(map[string]any)
	for name, want := range r.Body {
		if text, ok := want.(string); ok {
			want = s.fill(text)
		}
		if !reflect.DeepEqual(body[name], want) {
			return false
		}
	}
	return true
}

// members are the names of a query or form, each with its first value.
func members(values url.Values) map[string]any {
	m := map[string]any{}
	for name := range values {
		m[name] = values.Get(name)
	}
	return m
}

func readBody(kind string, raw []byte) any {
	switch kind, _, _ = strings.Cut(kind, ";"); {
	case len(raw) == 0:
		return nil
	case kind == "application/x-www-form-urlencoded":
		if form, err := url.ParseQuery(string(raw)); err == nil {
			return members(form)
		}
	}
	var value any
	if json.Unmarshal(raw, &value) == nil {
		return value
	}
	return string(raw)
}

// observe is what the server got so far: of the headers those in pick. What is
// redacted, members of queries and bodies and headers, shows as #1 for its first
// value, #2 for the next.
func (s *parityServer) observe(pick, redact []string) []any {
	hide := redaction{names: redact, values: map[string][]any{}}
	list := []any{}
	for _, a := range s.seen {
		o := observation{"request": a.method + " " + a.path, "status": a.status}
		headers := observation{}
		for _, name := range pick {
			if v := a.header.Get(name); v != "" {
				headers[name] = v
			}
		}
		if len(a.query) > 0 {
			o["query"] = hide.members(a.query)
		}
		if len(headers) > 0 {
			o["headers"] = hide.members(headers)
		}
		if m, ok := a.body.(map[string]any); ok {
			o["body"] = hide.members(m)
		} else if a.body != nil {
			o["body"] = a.body
		}
		list = append(list, o)
	}
	return list
}

// redaction numbers the values that members of these names have had.
type redaction struct {
	names  []string
	values map[string][]any
}

func (r redaction) members(m map[string]any) map[string]any {
	m = maps.Clone(m)
	for _, name := range r.names {
		value, ok := m[name]
		if !ok {
			continue
		}
		at := slices.Index(r.values[name], value)
		if at < 0 {
			at = len(r.values[name])
			r.values[name] = append(r.values[name], value)
		}
		m[name] = fmt.Sprintf("#%d", at+1)
	}
	return m
}

// fill puts in place of {tenant} the tenant's real name, of {admin} the
// operator's token, of {edge} and {server:name} an origin, and of {time-90} and
// {unix-90} the instant so many seconds from the scenario's beginning; a string
// that is {unix-90} and no more becomes a number.
func (w *parityWorld) fill(text string) string {
	text = strings.NewReplacer("{tenant}", w.name, "{admin}", adminToken, "{edge}", edgeURL).Replace(text)
	for name := range w.servers {
		text = strings.ReplaceAll(text, "{server:"+name+"}", "https://"+name+serverDomain)
	}
	return regexp.MustCompile(`"\{unix([+-]\d+)?\}"|\{(unix|time)([+-]\d+)?\}`).ReplaceAllStringFunc(text, func(found string) string {
		name := strings.Trim(found, `"{}`)
		seconds, _ := strconv.Atoi(name[len("unix"):])
		at := w.edge.Start().Add(time.Duration(seconds) * time.Second)
		if strings.HasPrefix(name, "time") {
			return at.Format(time.RFC3339)
		}
		return strconv.FormatInt(at.Unix(), 10)
	})
}

func (w *parityWorld) filled(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return nil
	}
	return json.RawMessage(w.fill(string(raw)))
}

// nearby is how far from a scenario's beginning a number counts as a time.
const nearby = 24 * time.Hour

// blank is the reverse of fill, in every text of a JSON value: the operator's
// token apart, and times only those of whole seconds.
func (w *parityWorld) blank(value any) any {
	switch v := value.(type) {
	case string:
		v = strings.NewReplacer(w.name, "{tenant}", edgeURL, "{edge}").Replace(v)
		for name := range w.servers {
			v = strings.ReplaceAll(v, "https://"+name+serverDomain, "{server:"+name+"}")
		}
		return regexp.MustCompile(`\b(\d{10}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\b`).ReplaceAllStringFunc(v, w.blankTime)
	case []any:
		for i := range v {
			v[i] = w.blank(v[i])
		}
	case map[string]any:
		for _, name := range slices.Collect(maps.Keys(v)) {
			member := v[name]
			delete(v, name)
			v[w.blank(name).(string)] = w.blank(member)
		}
	}
	return value
}

func (w *parityWorld) blankTime(text string) string {
	kind, at := "time", time.Time{}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		kind, at = "unix", time.Unix(seconds, 0)
	} else if at, err = time.Parse(time.RFC3339, text); err != nil {
		return text
	}
	offset := at.Sub(w.edge.Start())
	switch {
	case offset.Abs() > nearby:
		return text
	case offset == 0:
		return "{" + kind + "}"
	}
	return fmt.Sprintf("{%s%+d}", kind, int(offset/time.Second))
}

// until looks at an answer of the API until its members are those of json, or
// the time is over.
func (w *parityWorld) until(st *step) any {
	var want map[string]any
	require.NoError(w.t, json.Unmarshal(w.filled(st.JSON), &want))
	end := w.edge.Now().Add(w.duration(st.Within, waitWithin))
	for {
		res := w.call(st, "GET", w.fill(st.Path), nil)
		text, err := io.ReadAll(res.Body)
		require.NoError(w.t, err)
		var got map[string]any
		require.NoError(w.t, json.Unmarshal(text, &got))
		same := true
		for name := range want {
			same = same && reflect.DeepEqual(got[name], want[name])
		}
		if same || !w.edge.Now().Before(end) {
			res.Body = io.NopCloser(bytes.NewReader(text))
			return observe(res, st.Pick)
		}
		w.edge.Advance(waitLook)
	}
}

// consent is a person who agrees, in a browser: from the connection's route to
// the server's page and back. It shows the last answer.
func (w *parityWorld) consent(st *step) any {
	r := w.request("GET", "/v1/tenants/"+w.tenant(st)+"/connections/"+st.Connection+"/authorize", "", headerFields{"authorization": "Bearer " + adminToken})
	return observe(oauthtest.Consent(r, w.edge.Fetch, w.servers[st.Server]), st.Pick)
}
