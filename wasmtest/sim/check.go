package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// hiding are the faults that can keep an agent's 2xx from being recorded
// because the recorder dies or is not reached: from when the call is on its way
// until the next one.
var hiding = []wasmtest.Fault{
	wasmtest.Crash, wasmtest.ObjectFail, wasmtest.ObjectLost, wasmtest.ObjectEvict,
}

// losing are those that lose the answer itself: they happen while the agent
// answers, within answerTime of its call.
var losing = []wasmtest.Fault{wasmtest.FetchLost, wasmtest.FetchSilent, wasmtest.FetchSlow}

// answerTime is how long an agent may take: an answer within it counts.
const answerTime = 15 * time.Second

// wayTime is how long a call may be on its way to the agent.
const wayTime = time.Second

type adder func(guarantee, key, format string, args ...any)

// Check holds the guarantees against a history.
func Check(h *History) []Violation {
	var out []Violation
	add := func(guarantee, key, format string, args ...any) {
		out = append(out, Violation{guarantee, key, fmt.Sprintf(format, args...)})
	}
	genuine, forged := map[string]string{}, map[string]string{}
	accepted := map[string]time.Time{}
	for _, d := range h.Deliveries {
		k := key(d.Tenant, d.ID)
		if d.Forged != "" {
			forged[k] = d.Forged
			if d.Status >= 200 && d.Status < 300 {
				add("G1", k, "forged (%s) and answered %d", d.Forged, d.Status)
			}
			continue
		}
		genuine[k] = d.Body
		if _, seen := accepted[k]; !seen && d.Status >= 200 && d.Status < 300 {
			accepted[k] = d.Settled
		}
	}
	posts := map[string][]*Post{}
	for _, p := range h.Posts {
		posts[p.Key] = append(posts[p.Key], p)
		checkPost(p, genuine, forged, add)
	}
	for _, k := range sorted(accepted) {
		if !slices.ContainsFunc(posts[k], ok2xx) {
			checkFinal(h, k, add)
		}
	}
	for _, k := range sorted(posts) {
		checkOnce(h, k, posts[k], add)
	}
	for _, r := range h.Replays {
		checkReplay(r, posts[r.Key], add)
	}
	return out
}

// checkPost is G1, G2, G6 and G10 for one call of an agent.
func checkPost(p *Post, genuine, forged map[string]string, add adder) {
	body, ok := genuine[p.Key]
	switch {
	case !ok && forged[p.Key] != "":
		add("G1", p.Key, "forged (%s) and brought to the agent", forged[p.Key])
	case !ok:
		add("G1", p.Key, "brought to the agent, and nobody sent it")
	case body != p.Body:
		add("G2", p.Key, "the agent got another body than the provider sent")
	}
	if !p.Signed {
		add("G6", p.Key, "not signed with the secrets of %s", p.Tenant)
	}
	if owner, _, _ := strings.Cut(p.Key, "/"); owner != p.Tenant {
		add("G10", p.Key, "brought to the agent of %s", p.Tenant)
	}
}

func ok2xx(p *Post) bool { return p.Status >= 200 && p.Status < 300 }

// checkFinal is G2 and G3 for an accepted event that no agent accepted.
func checkFinal(h *History, k string, add adder) {
	f, asked := h.Final[k]
	switch {
	case !asked || f.Status == 404:
		add("G2", k, "accepted, never delivered, and the log does not know it")
	case f.State != "dead":
		add("G3", k, "accepted, never delivered, and at the end %q (status %d), not dead", f.State, f.Status)
	default:
		add("G3", k, "dead, replayed, and still not delivered")
	}
}

// checkReplay is G3 for an event that an agent had accepted: a replay that the
// API agreed to brings it once more, under the same key.
func checkReplay(r Replay, posts []*Post, add adder) {
	if r.Status < 200 || r.Status >= 300 || !slices.ContainsFunc(posts, ok2xx) {
		return
	}
	again := slices.ContainsFunc(posts, func(p *Post) bool { return ok2xx(p) && !p.At.Before(r.At) })
	if !again {
		add("G3", r.Key, "replayed at %s, answered %d, and not delivered again", r.At.Format(time.RFC3339), r.Status)
	}
}

// checkOnce is G4 for one event.
func checkOnce(h *History, k string, posts []*Post, add adder) {
	var last *Post // the latest 2xx
	for _, p := range posts {
		if last != nil && !excused(h, k, last.At, p.At) {
			add("G4", k, "the agent said %d at %s and was called again at %s", last.Status, last.At.Format(time.RFC3339), p.At.Format(time.RFC3339))
		}
		if ok2xx(p) {
			last = p
		}
	}
}

// excused reports whether something between two calls explains the second.
func excused(h *History, k string, from, to time.Time) bool {
	for _, r := range h.Replays {
		if r.Key == k && !r.Answered.Before(from) && !r.At.After(to) {
			return true
		}
	}
	return slices.ContainsFunc(h.Faults, func(f wasmtest.Happened) bool {
		switch {
		case f.At.After(to):
			return false
		case slices.Contains(hiding, f.Fault):
			return !f.At.Before(from.Add(-wayTime))
		}
		return slices.Contains(losing, f.Fault) && !f.At.Before(from) && !f.At.After(from.Add(answerTime))
	})
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
