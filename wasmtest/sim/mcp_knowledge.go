package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// The company's database, which only the first tenant's agent may read, and of
// it only the table stock.
const (
	knowledgeID = "knowledge"
	stockItems  = 5
	// salary is in a table that nobody may read, and so in no answer.
	salary = 918273645
)

// knowledge is the model of the company's database, of the questions asked of
// it by query_knowledge, and of whether their answers were right.
type knowledge struct {
	stock []stocked // oldest first
	asked int
}

// stocked is what the table stock says from an instant on: how many there are
// of each item.
type stocked struct {
	from time.Time
	n    [stockItems]int
}

// bindKnowledge gives the private Worker its database. database/sql keeps a
// goroutine for as long as one is open, and one for each query that nobody
// waits for any more: an isolate may leave those behind, a dozen when the
// database is slow. Runs without the part mcp allow none.
func bindKnowledge(workers []wasmtest.Worker) {
	for i, w := range workers {
		if w.Name == "hookweir-consumers" {
			workers[i].Databases = map[string]string{"KNOWLEDGE": knowledgeID}
			workers[i].Allow = map[string]int{"goroutine": 16}
			w.Vars["KNOWLEDGE_TABLES"], w.Vars["KNOWLEDGE_TENANTS"] = "stock", tenant(0)
		}
	}
}

// fill makes the database.
func (m *mcp) fill() {
	m.sql("CREATE TABLE stock (item TEXT PRIMARY KEY, n INTEGER)")
	m.sql("CREATE TABLE salaries (person TEXT, euros INTEGER)")
	m.sql("INSERT INTO salaries VALUES ('Ada', ?)", int64(salary))
	for i := range stockItems {
		m.sql("INSERT INTO stock VALUES (?, 0)", stockItem(i))
	}
	m.knowledge.stock = []stocked{{from: m.edge.Now()}}
}

func stockItem(i int) string { return fmt.Sprintf("item-%d", i) }

// sql is the company's own work on its database.
func (m *mcp) sql(query string, args ...any) {
	if _, _, err := m.edge.Database(knowledgeID, query, args...); err != nil {
		panic(err)
	}
}

// restock changes a number.
func (m *mcp) restock() {
	i, now := m.rand.IntN(stockItems), m.knowledge.stock[len(m.knowledge.stock)-1]
	now.from = m.edge.Now()
	now.n[i] += 1 + m.rand.IntN(9)
	m.sql("UPDATE stock SET n = ? WHERE item = ?", int64(now.n[i]), stockItem(i))
	m.knowledge.stock = append(m.knowledge.stock, now)
}

// question is a query, and what its rows must be for a state of the table; nil
// for one that must be refused.
type question struct {
	sql    string
	params []any
	want   func(s stocked) [][]any
}

// question is what an agent may ask, well or ill.
func (m *mcp) question() question {
	i := m.rand.IntN(stockItems)
	list := []question{
		{"SELECT n FROM stock WHERE item = ?", []any{stockItem(i)}, func(s stocked) [][]any { return [][]any{{float64(s.n[i])}} }},
		{"SELECT item, n FROM stock ORDER BY item", nil, func(s stocked) (rows [][]any) {
			for i, n := range s.n {
				rows = append(rows, []any{stockItem(i), float64(n)})
			}
			return rows
		}},
		{"SELECT sum(n) FROM stock WHERE n >= ?", []any{0}, func(s stocked) [][]any {
			sum := 0
			for _, n := range s.n {
				sum += n
			}
			return [][]any{{float64(sum)}}
		}},
		{"SELECT euros FROM salaries", nil, nil},
		{"UPDATE stock SET n = 0 RETURNING n", nil, nil},
	}
	return list[m.rand.IntN(len(list))]
}

// query has the agent of a tenant ask; right tells whether it got the rows.
func (m *mcp) query(t string, q question) (r *http.Request, done func(*http.Response) (right bool)) {
	m.knowledge.asked++
	begun := m.edge.Now()
	r = m.message(t, m.keys[t], "tools/call", "query_knowledge", map[string]any{"sql": q.sql, "params": append([]any{}, q.params...)})
	return r, func(res *http.Response) (right bool) {
		var out struct {
			IsError           bool
			Content           []struct{ Text string }
			StructuredContent struct {
				Rows      [][]any
				Truncated bool
			}
		}
		if !resultOf(res, &out) {
			return false
		}
		what := fmt.Sprintf("%+v", out)
		if strings.Contains(what, fmt.Sprint(salary)) {
			m.pins.add("knowledge", t, "%q gave what nobody may read", q.sql)
		}
		if out.IsError {
			return false
		}
		if t != tenant(0) || q.want == nil {
			m.pins.add("knowledge", t, "%q was answered, and must not be: %s", q.sql, what)
			return false
		}
		rows, _ := json.Marshal(out.StructuredContent.Rows)
		right = slices.ContainsFunc(m.knowledge.between(begun, m.edge.Now()), func(s stocked) bool {
			want, _ := json.Marshal(q.want(s))
			return string(want) == string(rows)
		})
		if !right || out.StructuredContent.Truncated {
			m.pins.add("knowledge", t, "%q of %v was answered %s, which was never so since it was asked", q.sql, q.params, rows)
		}
		return right
	}
}

// between are the states of the table between two instants.
func (k *knowledge) between(from, to time.Time) (list []stocked) {
	for i, s := range k.stock {
		if (i+1 == len(k.stock) || !k.stock[i+1].from.Before(from)) && !s.from.After(to) {
			list = append(list, s)
		}
	}
	return list
}

// ask has agents ask three questions while the company works: the one that
// may, and that of some tenant.
func (m *mcp) ask(t string) string {
	for _, t := range []string{tenant(0), tenant(0), t} {
		r, done := m.query(t, m.question())
		m.edge.Send(r, func(res *http.Response) { done(res) })
	}
	m.restock()
	return "queries at " + tenant(0) + " and " + t
}

// known holds, when nothing fails any more, that a good query is answered
// right, and only where it may be.
func (m *mcp) known(t string) {
	all := question{"SELECT n FROM stock ORDER BY item", nil, func(s stocked) (rows [][]any) {
		for _, n := range s.n {
			rows = append(rows, []any{float64(n)})
		}
		return rows
	}}
	r, done := m.query(t, all)
	if right := done(m.edge.Fetch(r)); right != (t == tenant(0)) {
		m.pins.add("knowledge", t, "at the end a query was answered with its rows: %t", right)
	}
}
