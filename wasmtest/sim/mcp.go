package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// looking is how long the product may take to look at an upstream, from the
// list to what it stores.
const looking = 15 * time.Second

// mcp is an upstream MCP server at every tenant whose tools change under the
// agent that calls them, and an operator who approves at times. [Pins] holds
// that no call is made of a tool that is not as approved, and that the agent
// is told; and G10. Its agents ask the company's database too.
type mcp struct {
	*simulation
	desks    map[string]*desk
	keys     map[string]string // of the tenants' agents
	pins     *Pins
	requests int
	calls    int

	knowledge knowledge
}

func newMCP(s *simulation) part {
	m := &mcp{simulation: s, desks: map[string]*desk{}, keys: map[string]string{}}
	m.pins = newPins(func() time.Time { return s.edge.Now() })
	return part{
		name: "mcp", steps: 10,
		servers: map[string]http.Handler{"desk.example.com": http.HandlerFunc(m.serve)},
		setUp:   m.setUp,
		step:    m.step,
		rest:    m.rest,
		check:   func(add adder) { m.pins.Check(s.events.Posts, add) },
		figures: func() []Figure {
			return []Figure{{"calls of tools", m.calls}, {"queries", m.knowledge.asked}, {"requests of an upstream", m.requests}}
		},
	}
}

func (m *mcp) setUp(t string) {
	if t == tenant(0) {
		m.fill()
	}
	m.desks[t] = &desk{tools: map[string]*definition{}, sessions: map[string]map[string]*definition{}}
	m.set(t, "look", &definition{})
	m.set(t, "file", &definition{})
	var key struct{ Key string }
	_, answer := m.must("POST", t+"/keys", `{"label":"agent","tools":["desk__look","desk__file","query_knowledge"]}`)
	_ = json.Unmarshal(answer, &key)
	m.keys[t] = key.Key
	for range 10 {
		m.must("PUT", t+"/upstreams/desk", fmt.Sprintf(`{"url":"https://desk.example.com/%s/mcp"}`, t))
		if m.edge.Advance(looking); m.approve(t) == "approved" {
			return
		}
	}
}

// step is one thing that happens to a tenant's tools.
func (m *mcp) step(t string) string {
	tool := []string{"look", "file"}[m.rand.IntN(2)]
	switch n := m.rand.IntN(15); {
	case n < 3:
		m.call(t, tool)
		return "call " + t + "/" + tool
	case n < 8:
		was := m.desks[t].tools[tool]
		how := m.change(t, tool)
		wait := m.rand.Between(0, 5*time.Second)
		m.edge.After(wait, func() { m.call(t, tool) })
		if m.rand.IntN(3) > 0 {
			return how + " " + t + "/" + tool + ", and a call"
		}
		// A server with two faces: it shows the good one in between.
		is := m.desks[t].tools[tool]
		m.edge.After(wait+looking, func() { m.set(t, tool, was); m.call(t, tool) })
		m.edge.After(wait+2*looking, func() { m.set(t, tool, is); m.call(t, tool) })
		return how + " " + t + "/" + tool + ", back and again, with calls"
	case n < 10:
		return "operator of " + t + ": " + m.approve(t)
	case n < 11:
		m.list(t)
		return "list at " + t
	case n < 14:
		return m.ask(t)
	}
	other := tenant(0)
	if other == t {
		other = tenant(1)
	}
	if res := m.edge.Fetch(m.message(t, m.keys[other], "tools/list", "", nil)); res.StatusCode < 400 {
		m.pins.add("G10", t, "the key of %s opened the endpoint: %d", other, res.StatusCode)
	}
	return "the key of " + other + " at " + t
}

// change is what happens to a definition.
func (m *mcp) change(t, tool string) string {
	was := m.desks[t].tools[tool]
	if was == nil {
		m.set(t, tool, &definition{words: m.rand.IntN(2)})
		return "return of"
	}
	now, how := *was, ""
	switch m.rand.IntN(6) {
	case 0:
		now.words, how = 1-now.words, "other words for"
	case 1:
		now.required, how = !now.required, "another duty of"
	case 2:
		now.more, how = !now.more, "another choice of"
	case 3:
		now.destructives, how = !now.destructives, "another hint for"
	case 4:
		m.set(t, tool, nil)
		return "end of"
	default:
		now, how = definition{}, "as it was:"
	}
	m.set(t, tool, &now)
	return how
}

// set is what a server says of a tool from now on; nil: that it has none.
func (m *mcp) set(t, tool string, d *definition) {
	m.desks[t].tools[tool] = d
	m.desks[t].was = append(m.desks[t].was, version{m.edge.Now(), maps.Clone(m.desks[t].tools)})
}

// approve has the operator look at the report and approve what it shows.
func (m *mcp) approve(t string) string {
	begun := m.edge.Now()
	res := m.edge.Fetch(api("GET", t+"/upstreams/desk/drift", ""))
	var report struct {
		drifted
		Report, State string
		Checked       time.Time
	}
	if res.StatusCode != 200 || json.NewDecoder(res.Body).Decode(&report) != nil {
		return "no report"
	}
	tools, clear := m.desks[t].at(report.Checked, looking)
	for _, tool := range sorted(tools) {
		switch report.action(tool) {
		case "block":
			m.pins.Blocked(t, tool)
		case "":
			m.pins.fine[t+"/"+tool] = begun
		}
	}
	if report.State != "ready" || !clear {
		return "a report of another time"
	}
	m.pins.Reported(t, report.drifted, tools)
	if len(report.Items) == 0 {
		m.pins.Unchanged(t, tools)
		return "approved"
	}
	res = m.edge.Fetch(api("POST", t+"/upstreams/desk/approve", fmt.Sprintf(`{"report":%q}`, report.Report)))
	switch {
	case res.StatusCode < 300:
		m.pins.Approve(t, tools, true)
		return "approved"
	case res.StatusCode == 409:
		return "changed meanwhile"
	}
	m.pins.Approve(t, tools, false)
	return "nobody knows"
}

// call has the agent call a tool.
func (m *mcp) call(t, tool string) { m.edge.Send(m.callRequest(t, tool, func(string) {})) }

// callRequest is a call, and what becomes of its answer; then gets its code.
func (m *mcp) callRequest(t, tool string, then func(code string)) (*http.Request, func(*http.Response)) {
	m.calls++
	id, begun := fmt.Sprint(m.calls), m.edge.Now()
	m.pins.asked[id] = t
	return m.message(t, m.keys[t], "tools/call", "desk__"+tool, map[string]string{"who": t, "id": id, "note": "-"}), func(res *http.Response) {
		var out struct {
			Content []struct{ Text string }
		}
		code := "none"
		if resultOf(res, &out) && len(out.Content) == 1 {
			var failure struct{ Code string }
			if code = out.Content[0].Text; json.Unmarshal([]byte(code), &failure) == nil {
				code = failure.Code
			}
		}
		m.pins.Answered(t, tool, id, code, begun)
		then(code)
	}
}

// list has the agent look at its tools.
func (m *mcp) list(t string) {
	m.edge.Send(m.message(t, m.keys[t], "tools/list", "", nil), func(res *http.Response) {
		var out struct {
			Tools []struct{ Name, Description string }
		}
		if !resultOf(res, &out) {
			return
		}
		for _, tool := range out.Tools {
			name, theirs := strings.CutPrefix(tool.Name, "desk__")
			switch {
			case theirs:
				m.pins.Listed(t, name, tool.Description)
			case t != tenant(0):
				m.pins.add("knowledge", t, "the agent was shown the tool %s", tool.Name)
			}
		}
	})
}

// message is a request to a tenant's endpoint, of protocol 2026-07-28.
func (m *mcp) message(t, key, method, name string, arguments any) *http.Request {
	params := map[string]any{"_meta": map[string]any{
		"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": struct{}{},
		"io.modelcontextprotocol/clientInfo": map[string]string{"name": "agent", "version": "1"},
	}}
	if name != "" {
		params["name"], params["arguments"] = name, arguments
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	r, _ := http.NewRequest("POST", "https://hooks.example.com/mcp/"+t, strings.NewReader(string(body)))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + key, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": name,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// resultOf reads the result of a message: JSON, or the one event of a stream.
func resultOf(res *http.Response, result any) bool {
	body, _ := io.ReadAll(res.Body)
	text := string(body)
	if _, data, ok := strings.Cut(text, "data: "); ok {
		text, _, _ = strings.Cut(data, "\n")
	}
	out := struct{ Result any }{result}
	return res.StatusCode == 200 && strings.Contains(text, `"result"`) && json.Unmarshal([]byte(text), &out) == nil
}

// rest holds, for one tool, that what is approved can be called, and for the
// database that it answers; and ends the upstreams: the product looks at them
// every hour.
func (m *mcp) rest() {
	for i := range tenants {
		t := tenant(i)
		tool := []string{"look", "file"}[i%2]
		code := ""
		for range 3 {
			r, done := m.callRequest(t, tool, func(c string) { code = c })
			done(m.edge.Fetch(r))
			if code == "done" || m.desks[t].tools[tool] == nil {
				break
			}
			m.edge.Advance(looking)
			m.approve(t)
		}
		if m.desks[t].tools[tool] != nil && code != "done" {
			m.pins.add("pin", t+"/"+tool, "at the end the tool cannot be called: %s", code)
		}
		m.must("DELETE", t+"/upstreams/desk", "")
		m.known(t)
	}
}
