package wasmtest_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/wasmtest"
)

var updateCost = flag.Bool("update", false, "write docs/cost.md's tables anew")

// bill is what Cloudflare bills, counted.
type bill struct {
	requests, kvReads, kvWrites, queue, objects, rows float64
}

// The prices per million, in dollars, beyond what the paid plan includes. Read
// 2026-11 at https://developers.cloudflare.com/workers/platform/pricing/,
// …/kv/platform/pricing/, …/queues/platform/pricing/ and
// …/durable-objects/platform/pricing/.
var price = bill{requests: 0.30, kvReads: 0.50, kvWrites: 5.00, queue: 0.40, objects: 0.15, rows: 1.00}

// dollars is the price of a million.
func (b bill) dollars() float64 {
	return b.requests*price.requests + b.kvReads*price.kvReads + b.kvWrites*price.kvWrites + b.queue*price.queue + b.objects*price.objects + b.rows*price.rows
}

// Lines of a trace that are billed.
var (
	billedRequest = regexp.MustCompile(`^(hookweir/\S+ fetch|\S+ queue \S+|\S+ scheduled)$`)
	billedSend    = regexp.MustCompile(`^queue\.send \S+ ×(\d+)$`)
	billedBatch   = regexp.MustCompile(`^queue\.batch \S+ (\d+)$`)
	billedAlarm   = regexp.MustCompile(`^\S+ [A-Z]\w+ \S+ alarm$`)
)

// meter counts from the last reading on.
type meter struct {
	edge *wasmtest.Edge
	line int
	rows float64
}

func meterOf(edge *wasmtest.Edge) *meter {
	m := &meter{edge: edge}
	m.read(1)
	return m
}

// read gives what was billed since, for each of n.
func (m *meter) read(n float64) bill {
	var b bill
	number := func(s string) float64 {
		v, _ := strconv.ParseFloat(s, 64)
		return v
	}
	trace := m.edge.Trace()
	for _, line := range trace[m.line:] {
		_, what, _ := strings.Cut(strings.TrimLeft(line, " "), "  ")
		if fields := strings.Fields(line); len(fields) > 1 {
			what = strings.Join(fields[1:], " ")
		}
		switch {
		case billedRequest.MatchString(what):
			b.requests++
		case strings.HasPrefix(what, "kv.get ") && !strings.Contains(what, " found "):
			b.kvReads++
		case strings.HasPrefix(what, "kv.put "), strings.HasPrefix(what, "kv.delete "):
			b.kvWrites++
		case billedSend.MatchString(what):
			b.queue += number(billedSend.FindStringSubmatch(what)[1])
		case billedBatch.MatchString(what):
			b.queue += number(billedBatch.FindStringSubmatch(what)[1])
		case strings.HasPrefix(what, "queue.ack "):
			b.queue++
		case strings.HasPrefix(what, "object.call "), billedAlarm.MatchString(what):
			b.objects++
		}
	}
	var rows float64
	for _, o := range m.edge.Worker("hookweir-consumers").Objects() {
		_, values, err := o.Query("SELECT total_changes()")
		if err == nil {
			rows += float64(values[0][0].(int64))
		}
	}
	b.rows = rows - m.rows
	m.line, m.rows = len(trace), rows
	for _, v := range []*float64{&b.requests, &b.kvReads, &b.kvWrites, &b.queue, &b.objects, &b.rows} {
		*v /= n
	}
	return b
}

// costs are the rows of docs/cost.md: what is done n times, and how.
var costs = []struct {
	what string
	n    int
	do   func(t *testing.T, edge *wasmtest.Edge, n int)
}{
	{"a webhook event, one now and then", 20, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for i := range n {
			require.Equal(t, 202, edge.Fetch(github("acme", fmt.Sprintf("slow-%d", i), githubSecret, `{}`)).StatusCode)
			edge.Advance(10 * time.Second)
		}
	}},
	{"a webhook event, of 100 a second", 500, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for i := range n {
			edge.Send(github("acme", fmt.Sprintf("fast-%d", i), githubSecret, `{}`), func(r *http.Response) { require.Equal(t, 202, r.StatusCode) })
			edge.Advance(10 * time.Millisecond)
		}
		edge.Advance(10 * time.Second)
	}},
	{"a duplicate of it", 20, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for i := range n {
			require.Equal(t, 200, edge.Fetch(github("acme", fmt.Sprintf("slow-%d", i), githubSecret, `{}`)).StatusCode)
		}
	}},
	{"a forgery", 20, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for i := range n {
			require.Equal(t, 401, edge.Fetch(github("acme", fmt.Sprintf("bad-%d", i), "somebody else's secret", `{}`)).StatusCode)
		}
	}},
	{"a write, of a list of 500", 500, func(t *testing.T, edge *wasmtest.Edge, n int) { costWrites(t, edge, n, "") }},
	{"a write with a partition key, of a list of 500", 500, func(t *testing.T, edge *wasmtest.Edge, n int) { costWrites(t, edge, n, `,"partition_key":"k%d"`) }},
	{"a read, or a call of an API by the agent's tool", 20, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for range n {
			res := edge.Fetch(api("POST", "acme/destinations/shop/reads", `{"path":"/orders"}`))
			require.Equal(t, 200, res.StatusCode, text(res))
		}
	}},
	{"a poll without news", 60, func(t *testing.T, edge *wasmtest.Edge, n int) {
		edge.Advance(time.Duration(n) * time.Minute)
	}},
	{"an MCP call of a tool", 20, func(t *testing.T, edge *wasmtest.Edge, n int) {
		for i := range n {
			res := edge.Fetch(mcpCall(i, "tools/call", `"name":"search_events","arguments":{"limit":1}`))
			require.Equal(t, 200, res.StatusCode, text(res))
		}
	}},
}

func costWrites(t *testing.T, edge *wasmtest.Edge, n int, key string) {
	list := make([]string, n)
	for i := range list {
		k := ""
		if key != "" {
			k = fmt.Sprintf(key, i%20)
		}
		list[i] = fmt.Sprintf(`{"method":"POST","path":"/orders","body":{"n":%d}%s}`, i, k)
	}
	res := edge.Fetch(api("POST", "acme/destinations/shop/writes", "["+strings.Join(list, ",")+"]"))
	require.Equal(t, 202, res.StatusCode)
	edge.Advance(time.Minute)
}

func mcpCall(id int, method, params string) *http.Request {
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":{%s,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"cost","version":"1"}}}}`, id+1, method, params)
	r := httptest.NewRequest("POST", "https://hooks.example.com/mcp/acme", strings.NewReader(body))
	for name, value := range map[string]string{
		"Authorization": "Bearer " + adminToken, "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method, "Mcp-Name": "search_events",
	} {
		r.Header.Set(name, value)
	}
	return r
}

// TestCost counts what the platform bills for one of each thing, in the
// modules that deploy, and holds docs/cost.md to it.
func TestCost(t *testing.T) {
	a := &agent{}
	workers, err := wasmtest.Hookweir("..", secrets)
	require.NoError(t, err)
	shop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "events") {
			_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": []any{}, "has_more": false})
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	edge := wasmtest.New(t, wasmtest.Config{Workers: workers, Servers: map[string]http.Handler{"agent.example.com": a, "api.example.com": shop}})
	configure(t, edge, "acme")
	for _, put := range [][2]string{
		{"destinations/shop", `{"base_url":"https://api.example.com","rate":{"requests":100,"per":"1s","burst":20}}`},
		{"polls/pay", `{"preset":"stripe","destination":"shop","at_most":"1m"}`},
	} {
		res := edge.Fetch(api("PUT", "acme/"+put[0], put[1]))
		require.Contains(t, []int{200, 201}, res.StatusCode, text(res))
	}
	edge.Fetch(mcpCall(0, "tools/call", `"name":"search_events","arguments":{"limit":1}`)) // the first builds the tools
	edge.Advance(10 * time.Minute)
	m := meterOf(edge)
	edge.Advance(time.Hour)
	clock := m.read(60) // of each minute: cron, and the one poll
	rows := []string{}
	add := func(what string, b bill) {
		rows = append(rows, fmt.Sprintf("| %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f |", what, b.requests, b.kvReads, b.kvWrites, b.queue, b.objects, b.rows, b.dollars()))
	}
	for _, c := range costs {
		from := edge.Now()
		m.read(1)
		c.do(t, edge, c.n)
		b := m.read(1)
		if !strings.HasPrefix(c.what, "a poll") { // the clock's part is not theirs
			minutes := edge.Now().Sub(from).Minutes()
			b = b.less(clock, minutes)
		}
		add(c.what, b.over(float64(c.n)))
	}

	w := newVaultWorld(t, "strict", wasmtest.Config{})
	w.connect("strict")
	w.edge.Advance(time.Second)
	mv := meterOf(w.edge)
	for range 20 {
		_, status := w.token()
		require.Equal(t, 200, status)
	}
	add("a token in use", mv.read(20))

	const page = "../docs/cost.md"
	have, err := os.ReadFile(page)
	require.NoError(t, err)
	table := regexp.MustCompile(`(?s)(<!-- counted -->\n\|[^\n]*\n\|[^\n]*\n).*?(\n<!-- end -->)`)
	want := table.ReplaceAllString(string(have), "${1}"+strings.ReplaceAll(strings.Join(rows, "\n"), "$", "$$")+"${2}")
	if *updateCost {
		require.NoError(t, os.WriteFile(page, []byte(want), 0o644))
		have = []byte(want)
	}
	require.True(t, table.Match(have))
	told, counted := costLines(string(have)), costLines(want)
	require.Len(t, counted, len(rows))
	require.Len(t, told, len(rows))
	for i := range counted {
		require.Equal(t, counted[i].what, told[i].what)
		for j, v := range counted[i].figures {
			// A code change moves latencies, and with them how batches fall.
			require.InDelta(t, v, told[i].figures[j], 0.1+0.05*v, "%s, column %d: go test ./wasmtest -run TestCost -update", counted[i].what, j+1)
		}
	}
	for name, p := range map[string]float64{
		"requests": price.requests, "KV reads": price.kvReads, "KV writes and deletes": price.kvWrites, "queue operations": price.queue,
		"Durable Object requests": price.objects, `rows written \(SQLite\)`: price.rows,
	} {
		require.Regexp(t, regexp.MustCompile(fmt.Sprintf(`(?m)^\| %s \| %.2f \|`, name, p)), string(have))
	}
}

type costLine struct {
	what    string
	figures []float64
}

// costLines reads the rows of the page's counted table.
func costLines(page string) (lines []costLine) {
	_, rest, _ := strings.Cut(page, "<!-- counted -->")
	rest, _, _ = strings.Cut(rest, "<!-- end -->")
	for line := range strings.Lines(rest) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 8 {
			continue
		}
		l := costLine{what: strings.TrimSpace(cells[0])}
		for _, c := range cells[1:] {
			v, err := strconv.ParseFloat(strings.TrimSpace(c), 64)
			if err != nil {
				break // the head
			}
			l.figures = append(l.figures, v)
		}
		if len(l.figures) == 7 {
			lines = append(lines, l)
		}
	}
	return lines
}

// less takes away n times what another is.
func (b bill) less(o bill, n float64) bill {
	for _, p := range [][2]*float64{
		{&b.requests, &o.requests},
		{&b.kvReads, &o.kvReads},
		{&b.kvWrites, &o.kvWrites},
		{&b.queue, &o.queue},
		{&b.objects, &o.objects},
		{&b.rows, &o.rows},
	} {
		*p[0] = max(*p[0]-*p[1]*n, 0)
	}
	return b
}

func (b bill) over(n float64) bill {
	return bill{b.requests / n, b.kvReads / n, b.kvWrites / n, b.queue / n, b.objects / n, b.rows / n}
}
