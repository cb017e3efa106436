package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// polls are a list at every tenant that is polled, one of two by chance:
// payments, which are known from nowhere else (Stripe's paging: newest first,
// by the last id), or deliveries of a hook, most of which come as webhooks too
// (GitHub's paging, by Link, and a request for each that is missing). It holds
// G9: whatever is on a list reaches the agent, and a poll that gets nowhere
// says so (polls_stalled.go).
type polls struct {
	*simulation
	mu       sync.Mutex
	list     map[string]string // by tenant: payments or deliveries
	payments map[string][]payment
	hooks    map[string][]hookDelivery
	down     map[string]time.Time // by tenant: its API answers nothing of use until then
	how      map[string]int       // what it answers instead
	read     map[string]time.Time // when its list was last given
	looks    []look
	settled  bool
	requests int
}

type payment struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Created int64  `json:"created"`
}

type hookDelivery struct {
	ID          int64     `json:"id"`
	GUID        string    `json:"guid"`
	DeliveredAt time.Time `json:"delivered_at"`
	Event       string    `json:"event"`
	StatusCode  int       `json:"status_code"`
	body        string
}

const hookSecret = "secret-of-the-polled-hook"

func newPolls(s *simulation) part {
	p := &polls{
		simulation: s, list: map[string]string{}, payments: map[string][]payment{}, hooks: map[string][]hookDelivery{},
		down: map[string]time.Time{}, how: map[string]int{}, read: map[string]time.Time{},
	}
	return part{
		name: "polls", steps: 16, ticks: true,
		servers: map[string]http.Handler{"api.example.com": p},
		setUp:   p.setUp,
		step:    p.step,
		rest:    p.rest,
		settle:  p.settle,
		check:   func(add adder) { checkStalled(p.looks, s.events.Posts, add) },
		figures: func() []Figure { return []Figure{{"requests of polls", p.requests}} },
	}
}

func (p *polls) setUp(tenant string) {
	defer func() { p.read[tenant] = p.edge.Now() }()
	p.must("PUT", tenant+"/destinations/api", fmt.Sprintf(`{"base_url":"https://api.example.com/%s"}`, tenant))
	const rest = `"destination":"api","limit":3,"every":"2m","at_most":"24h","start":"2025-12-31T23:00:00Z"}`
	if p.list[tenant] = "payments"; p.rand.IntN(2) == 0 {
		p.must("PUT", tenant+"/polls/payments", `{"preset":"stripe",`+rest)
		return
	}
	p.list[tenant] = "deliveries"
	p.must("PUT", tenant+"/sources/polled", fmt.Sprintf(`{"provider":"github","secrets":[%q]}`, hookSecret))
	p.must("PUT", tenant+"/polls/deliveries", `{"preset":"github-deliveries","params":{"hook":"repos/a/b/hooks/1"},"source":"polled",`+rest)
}

// step is one thing that happens on a list, or to the API.
func (p *polls) step(t string) string {
	switch n := p.rand.IntN(16); {
	case n < 13 && p.list[t] == "payments":
		return p.pay(t, 1+p.rand.IntN(5))
	case n < 13:
		return p.deliver(t)
	case n < 14:
		d := p.rand.Between(time.Second, 12*time.Minute)
		p.down[t], p.how[t] = p.edge.Now().Add(d), []int{200, 429, 500, 503}[p.rand.IntN(4)]
		return fmt.Sprintf("API of %s answers %d for %v", t, p.how[t], d)
	}
	p.edge.Fetch(api("POST", t+"/polls/"+p.list[t]+"/run", ""))
	return "run " + t + "/" + p.list[t]
}

// pay adds payments, of which several may be of one second.
func (p *polls) pay(t string, n int) string {
	for range n {
		e := payment{fmt.Sprintf("evt_%08x", p.rand.Uint32()), "invoice.paid", p.edge.Now().Unix()}
		p.payments[t] = append(p.payments[t], e)
		body, _ := json.Marshal(e)
		p.events.Genuine(t, t+"/payments/"+e.ID, string(body))
		p.events.Promise(t, t+"/payments/"+e.ID)
	}
	return fmt.Sprintf("%d payments at %s", n, t)
}

// deliver adds a delivery of the hook. One in three never leaves the provider.
func (p *polls) deliver(t string) string {
	d := hookDelivery{
		ID: int64(len(p.hooks[t]) + 1), GUID: fmt.Sprintf("%08x-0000-4000-8000-%012x", p.rand.Uint32(), p.rand.Uint64()&0xffffffffffff),
		DeliveredAt: p.edge.Now().Truncate(time.Second), Event: "push", StatusCode: 503,
		body: fmt.Sprintf(`{"n":%d}`, p.rand.Uint32()),
	}
	p.hooks[t] = append(p.hooks[t], d)
	key := t + "/polled/" + d.GUID
	p.events.Genuine(t, key, d.body)
	p.events.Promise(t, key)
	if p.rand.IntN(3) == 0 {
		return "dropped " + key
	}
	mac := hmac.New(sha256.New, []byte(hookSecret))
	mac.Write([]byte(d.body))
	r, _ := http.NewRequest("POST", "https://hooks.example.com/webhooks/"+t+"/polled", strings.NewReader(d.body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Github-Event", d.Event)
	r.Header.Set("X-Github-Delivery", d.GUID)
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	p.edge.Send(r, func(*http.Response) {}) // answered or not, it is not sent again
	return "hook " + key
}

// settle looks at every poll and then has it run once more.
func (p *polls) settle() bool {
	if !p.settled {
		p.settled = true
		for _, t := range sorted(p.list) {
			p.look(t)
		}
		p.edge.Advance(time.Minute)
	}
	more := false
	for _, t := range sorted(p.list) {
		for range 5 {
			_, answer := p.must("POST", t+"/polls/"+p.list[t]+"/run", "")
			var ran struct {
				Found int  `json:"found"`
				More  bool `json:"more"`
			}
			_ = json.Unmarshal(answer, &ran)
			more = more || ran.Found > 0
			if !ran.More {
				break
			}
		}
	}
	return more
}

// ServeHTTP is the API of both lists.
func (p *polls) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	_, _ = io.Copy(io.Discard, r.Body)
	tenant, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if p.edge.Now().Before(p.down[tenant]) {
		w.Header().Set("Content-Type", "text/html")
		if p.how[tenant] == 429 {
			w.Header().Set("Retry-After", "90")
		}
		w.WriteHeader(p.how[tenant])
		_, _ = io.WriteString(w, "<h1>not now</h1>")
		return
	}
	switch rest, one := strings.CutPrefix(path, "repos/a/b/hooks/1/deliveries"); {
	case path == "v1/events":
		p.servePayments(w, r, tenant)
	case one && rest == "":
		p.serveDeliveries(w, r, tenant)
	case one:
		id, _ := strconv.Atoi(rest[1:])
		if id < 1 || id > len(p.hooks[tenant]) {
			w.WriteHeader(404)
			return
		}
		fmt.Fprintf(w, `{"id":%d,"request":{"payload":%s}}`, id, p.hooks[tenant][id-1].body)
	default:
		w.WriteHeader(404)
	}
}

func (p *polls) servePayments(w http.ResponseWriter, r *http.Request, tenant string) {
	q := r.URL.Query()
	limit, _ := strconv.Atoi(q.Get("limit"))
	p.read[tenant] = p.edge.Now()
	since, _ := strconv.ParseInt(q.Get("created[gte]"), 10, 64)
	list := []payment{}
	for _, e := range slices.Backward(p.payments[tenant]) {
		if e.Created >= since {
			list = append(list, e)
		}
	}
	if last := q.Get("starting_after"); last != "" {
		list = list[slices.IndexFunc(list, func(e payment) bool { return e.ID == last })+1:]
	}
	n := min(limit, len(list))
	answer(w, map[string]any{"data": list[:n], "has_more": n < len(list)})
}

func (p *polls) serveDeliveries(w http.ResponseWriter, r *http.Request, tenant string) {
	p.read[tenant] = p.edge.Now()
	list := append([]hookDelivery{}, p.hooks[tenant]...) // an empty list is none that is null
	slices.Reverse(list)
	etag := fmt.Sprintf(`"%d"`, len(list))
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(304)
		return
	}
	if at := r.URL.Query().Get("cursor"); at != "" {
		list = list[slices.IndexFunc(list, func(d hookDelivery) bool { return strconv.FormatInt(d.ID, 10) == at }):]
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("per_page"))
	n := min(limit, len(list))
	if n < len(list) {
		w.Header().Set("Link", fmt.Sprintf(`<https://api.example.com/%s/repos/a/b/hooks/1/deliveries?per_page=%d&cursor=%d>; rel="next"`, tenant, limit, list[n].ID))
	}
	w.Header().Set("ETag", etag)
	answer(w, list[:n])
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
