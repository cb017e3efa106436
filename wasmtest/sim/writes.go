package sim

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The budget of every destination: small, so that writes wait for it.
const (
	writesPerSecond = 2
	writesBurst     = 4
)

// writes is a destination at every tenant, one of two kinds by chance: a shop
// that knows idempotency keys, or a till that acts on whatever it gets; with
// one of the three ways to go on after a failure. It holds
//
//	G3  what was accepted is acted on, or dead or parked, and the agent told;
//	    or it waits behind such a one. What an operator then decides happens.
//	    Nobody acts twice on a write unless an operator had it sent again: a
//	    till cannot tell, so what it may have must not be repeated.
//	G6  no call without the tenant's own credential
//	G7  of a key, in the order of acceptance, but for what an operator had
//	    sent again at a destination that goes on without it
//	G8  the destination's own token bucket, by its own clock, never runs dry
type writes struct {
	*simulation
	mu    sync.Mutex
	tills map[string]*till // by tenant
	sent  []*sentWrite
	calls int

	settled bool // once
}

// till is a destination: of either kind.
type till struct {
	knowsKeys bool   // it is a shop
	onFailure string // block, park or skip
	token     string
	keys      map[string]bool // idempotency keys that it has acted on
	down      time.Time       // it refuses until then
	how       int             // with this status

	at      time.Time // of the last call: its own count of its budget
	tokens  float64
	excess  []time.Time
	strange []time.Time // calls without the credential
}

// sentWrite is a write that the client handed over.
type sentWrite struct {
	n       int
	tenant  string
	key     string // partition key; empty for none
	id      string // of the 202; empty if there was none
	acts    []int  // when it was acted on, as the number of the call
	replays []int  // when an operator had it sent again, as the number of calls so far
	wrong   string // what the API said of it when all was at rest; empty for nothing wrong
	ended   string // the state it came to, if that was dead or parked
	second  string // another id for the same idempotency key
}

// take counts a call against the budget.
func (t *till) take(now time.Time) {
	if t.at.IsZero() {
		t.tokens = writesBurst
	} else {
		t.tokens = min(t.tokens+now.Sub(t.at).Seconds()*writesPerSecond, writesBurst)
	}
	if t.at = now; t.tokens < 1-1e-6 {
		t.excess = append(t.excess, now)
		return
	}
	t.tokens--
}

func newWrites(s *simulation) part {
	w := &writes{simulation: s, tills: map[string]*till{}}
	return part{
		name: "writes", steps: 9,
		servers: map[string]http.Handler{"till.example.com": w},
		setUp:   w.setUp,
		step:    w.step,
		settle:  w.settle,
		check:   w.check,
		figures: func() []Figure {
			ended := 0
			for _, one := range w.sent {
				if one.ended != "" {
					ended++
				}
			}
			return []Figure{{"writes", len(w.sent)}, {"of these dead or parked", ended}, {"calls of a destination", w.calls}}
		},
	}
}

func (w *writes) setUp(tenant string) {
	t := &till{
		knowsKeys: w.rand.IntN(2) == 0, onFailure: []string{"block", "park", "skip"}[w.rand.IntN(3)],
		token: fmt.Sprintf("till-token-of-%s-%08x", tenant, w.rand.Uint32()), keys: map[string]bool{},
	}
	w.tills[tenant] = t
	header := ""
	if !t.knowsKeys {
		header = `"idempotency_header":"none",`
	}
	w.must("PUT", tenant+"/destinations/till", fmt.Sprintf(`{"base_url":"https://till.example.com/%s","auth":{"type":"bearer","token":%q},
		"rate":{"requests":%d,"per":"1s","burst":%d},%s"on_failure":%q,
		"retry":{"base":"2s","cap":"2m","max_attempts":5,"max_age":"1h"}}`,
		tenant, t.token, writesPerSecond, writesBurst, header, t.onFailure))
}

// step hands some writes over, or again; has a destination refuse for a while;
// or has an operator decide about what failed.
func (w *writes) step(tenant string) string {
	switch n := w.rand.IntN(16); {
	case n < 9:
		return w.write(tenant, 1+w.rand.IntN(8))
	case n < 11:
		return w.repeat(tenant)
	case n < 14:
		t, d := w.tills[tenant], w.rand.Between(time.Second, 5*time.Minute)
		t.down, t.how = w.edge.Now().Add(d), []int{429, 500, 503, 422}[w.rand.IntN(4)]
		return fmt.Sprintf("the destination of %s answers %d for %v", tenant, t.how, d)
	}
	decided, _ := w.decide(tenant)
	return fmt.Sprintf("decide about %d writes of %s", decided, tenant)
}

// write hands n writes over until they are accepted, as a client does that has
// an idempotency key for each.
func (w *writes) write(tenant string, n int) string {
	first := len(w.sent)
	for range n {
		one := &sentWrite{n: len(w.sent), tenant: tenant}
		if k := w.rand.IntN(3); k > 0 {
			one.key = fmt.Sprintf("k%d", k)
		}
		w.sent = append(w.sent, one)
	}
	for i, id := range w.hand(tenant, w.sent[first:]) {
		w.sent[first+i].id = id
	}
	return fmt.Sprintf("%d writes to %s, from number %d", n, tenant, first)
}

// repeat hands a write over that was handed over before.
func (w *writes) repeat(tenant string) string {
	own := slices.DeleteFunc(slices.Clone(w.sent), func(one *sentWrite) bool { return one.tenant != tenant || one.id == "" })
	if len(own) == 0 {
		return "nothing to repeat"
	}
	i := w.rand.IntN(len(own))
	if ids := w.hand(tenant, own[i:i+1]); len(ids) == 1 && ids[0] != own[i].id {
		own[i].second = ids[0]
	}
	return fmt.Sprintf("number %d once more to %s", own[i].n, tenant)
}

// hand gives the ids.
func (w *writes) hand(tenant string, list []*sentWrite) []string {
	bodies := make([]map[string]any, len(list))
	for i, one := range list {
		bodies[i] = map[string]any{"method": "POST", "path": "/orders", "body": map[string]int{"n": one.n}, "idempotency_key": fmt.Sprintf("order-%d", one.n)}
		if one.key != "" {
			bodies[i]["partition_key"] = one.key
		}
	}
	body, _ := json.Marshal(bodies)
	_, answer := w.must("POST", tenant+"/destinations/till/writes", string(body))
	var out struct{ IDs []string }
	if json.Unmarshal(answer, &out) != nil || len(out.IDs) != len(list) {
		return nil
	}
	return out.IDs
}

// states are those of a tenant's writes that the API still knows, by id.
func (w *writes) states(tenant string) map[string]string {
	_, answer := w.must("GET", tenant+"/writes?destination=till&limit=200", "")
	var list struct {
		Writes []struct{ ID, State string }
	}
	_ = json.Unmarshal(answer, &list)
	states := map[string]string{}
	for _, one := range list.Writes {
		states[one.ID] = one.State
	}
	return states
}

// decide is an operator who looks into the destination: what it has, nobody
// needs to send, and what it has not is sent again. He begins with the oldest.
func (w *writes) decide(tenant string) (decided int, states map[string]string) {
	states = w.states(tenant)
	for _, one := range w.sent {
		state := states[one.id]
		if one.tenant != tenant || state != "dead" && state != "parked" {
			continue
		}
		decided++
		w.mu.Lock()
		how := "/cancel"
		if len(one.acts) == 0 {
			how, one.replays = "/replay", append(one.replays, w.calls)
		}
		w.mu.Unlock()
		w.edge.Fetch(api("POST", tenant+"/writes/"+one.id+how, ""))
	}
	return decided, states
}

// settle asks what became of every write that was accepted, and has an operator
// decide. What has not been acted on must have come to an end that can be seen,
// or stand behind one; the second time, what was decided must have happened.
func (w *writes) settle() (again bool) {
	for _, tenant := range sorted(w.tills) {
		decided, states := w.decide(tenant)
		again = again || decided > 0
		blocked := map[string]bool{}
		for _, one := range w.sent {
			if one.tenant != tenant || one.id == "" {
				continue
			}
			state := states[one.id]
			if state == "dead" || state == "parked" {
				one.ended = state
				blocked[one.key] = w.tills[tenant].onFailure == "block" && one.key != ""
			}
			seen := state == "dead" || state == "parked" || state == "pending" && blocked[one.key]
			if len(one.acts) == 0 && one.wrong == "" && (w.settled || !seen) {
				one.wrong = fmt.Sprintf("%q", state)
			}
		}
	}
	w.settled = true
	return again
}

// ServeHTTP is every destination.
func (w *writes) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	now := w.edge.Now()
	t := w.tills[strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/orders")]
	var said struct{ N int }
	body, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(body, &said); err != nil || t == nil || said.N >= len(w.sent) || w.tills[w.sent[said.N].tenant] != t {
		rw.WriteHeader(http.StatusBadRequest)
		return
	}
	t.take(now)
	if r.Header.Get("Authorization") != "Bearer "+t.token {
		t.strange = append(t.strange, now)
	}
	if now.Before(t.down) {
		rw.WriteHeader(t.how)
		return
	}
	one, key := w.sent[said.N], r.Header.Get("Idempotency-Key")
	if !t.knowsKeys || !t.keys[key] { // what a shop has acted on it only answers
		t.keys[key] = true
		one.acts = append(one.acts, w.calls)
	}
	rw.WriteHeader(http.StatusCreated)
}

// check holds the guarantees against what the destinations saw.
func (w *writes) check(add adder) {
	for i, one := range w.sent {
		name := fmt.Sprintf("%s/%d", one.tenant, one.n)
		t := w.tills[one.tenant]
		most := 1
		if !t.knowsKeys {
			most += len(one.replays)
		}
		switch {
		case len(one.acts) > most:
			add("G3", name, "acted on %d times, and sent again by an operator %d times", len(one.acts), len(one.replays))
		case one.wrong != "":
			add("G3", name, "accepted, never acted on, and at the end %s", one.wrong)
		case one.second != "":
			add("G3", name, "one idempotency key and two writes, %s and %s", one.id, one.second)
		}
		if one.key != "" && len(one.acts) > 0 {
			w.checkOrder(one, w.sent[i+1:], add)
		}
		if one.ended != "" && w.takesPart("agents") && !w.told(one) {
			add("G3", name, "%s, and the agent was not told", one.ended)
		}
	}
	for _, tenant := range sorted(w.tills) {
		for _, when := range w.tills[tenant].excess {
			add("G8", tenant, "over its budget at %s", when.Format(time.TimeOnly))
		}
		for _, when := range w.tills[tenant].strange {
			add("G6", tenant, "called without its credential at %s", when.Format(time.TimeOnly))
		}
	}
}

// checkOrder is G7: whether one of the later writes of the key was acted on
// before.
func (w *writes) checkOrder(one *sentWrite, later []*sentWrite, add adder) {
	passed := w.tills[one.tenant].onFailure != "block" // what has failed is passed by
	if passed && len(one.replays) > 0 && one.replays[0] < one.acts[0] {
		return
	}
	for _, after := range later {
		if after.tenant == one.tenant && after.key == one.key && len(after.acts) > 0 && after.acts[0] < one.acts[0] {
			add("G7", fmt.Sprintf("%s/%d", one.tenant, after.n), "acted on before number %d, which was accepted earlier with the key %s", one.n, one.key)
		}
	}
}

// told reports whether the agent has taken the notice of how a write ended.
func (w *writes) told(one *sentWrite) bool {
	notice := one.tenant + "/hookweir/write." + one.ended + "/" + one.id + "/"
	return slices.ContainsFunc(w.events.Posts, func(p *Post) bool { return ok2xx(p) && strings.HasPrefix(p.Key, notice) })
}
