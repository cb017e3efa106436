package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// hiding are the faults that can keep an agent's 2xx from being recorded: the
// answer is lost or too late, or the recorder dies or is not reached.
var hiding = []wasmtest.Fault{
	wasmtest.FetchLost, wasmtest.FetchSilent, wasmtest.FetchSlow, wasmtest.Crash,
	wasmtest.ObjectFail, wasmtest.ObjectLost, wasmtest.ObjectEvict,
}

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
			add("G6", p.Key, "not signed with the secret of %s", p.Tenant)
		}
		if owner, _, _ := strings.Cut(p.Key, "/"); owner != p.Tenant {
			add("G10", p.Key, "brought to the agent of %s", p.Tenant)
		}
	}
	for _, k := range sorted(accepted) {
		if !slices.ContainsFunc(posts[k], ok2xx) {
			checkFinal(h, k, add)
		}
	}
	for _, k := range sorted(posts) {
		checkOnce(h, k, posts[k], add)
	}
	return out
}

func ok2xx(p *Post) bool { return p.Status >= 200 && p.Status < 300 }

// checkFinal is G2 and G3 for an accepted event that no agent accepted.
func checkFinal(h *History, k string, add func(g, k, format string, args ...any)) {
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

// checkOnce is G4 for one event.
func checkOnce(h *History, k string, posts []*Post, add func(g, k, format string, args ...any)) {
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
		if r.Key == k && !r.At.Before(from) && !r.At.After(to) {
			return true
		}
	}
	for _, f := range h.Faults {
		if slices.Contains(hiding, f.Fault) && !f.At.Before(from) && !f.At.After(to) {
			return true
		}
	}
	return false
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
