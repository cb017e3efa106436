package sim

import (
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
// answers, within answerTime of its call. A late one is lost only if the agent
// was slow besides.
var losing = []wasmtest.Fault{wasmtest.FetchLost, wasmtest.FetchSilent, wasmtest.FetchSlow, wasmtest.FetchLate}

// answerTime is how long an agent may take: an answer within it counts.
const answerTime = 15 * time.Second

// wayTime is how long a call may be on its way to the agent.
const wayTime = time.Second

// Check holds G2, G3, G4, G6 and G10 against what reached the agents.
func (e *Events) Check(add adder) {
	posts := map[string][]*Post{}
	for _, p := range e.Posts {
		posts[p.Key] = append(posts[p.Key], p)
		e.checkPost(p, add)
	}
	for _, k := range e.Promised() {
		if !slices.ContainsFunc(posts[k], ok2xx) {
			e.checkFinal(k, add)
		}
	}
	for _, k := range sorted(posts) {
		e.checkOnce(k, posts[k], add)
	}
	for _, r := range e.Replays {
		checkReplay(r, posts[r.Key], add)
	}
}

// checkPost is G1, G2, G6 and G10 for one call of an agent.
func (e *Events) checkPost(p *Post, add adder) {
	known := e.Known[p.Key]
	switch {
	case known == nil && own(p.Key):
		// a notice of the product's own
	case known == nil:
		add("G1", p.Key, "brought to the agent, and nobody sent it")
	case known.Forged != "":
		add("G1", p.Key, "forged (%s) and brought to the agent", known.Forged)
	case len(known.Bodies) > 0 && !slices.Contains(known.Bodies, p.Body):
		add("G2", p.Key, "the agent got another body than was sent")
	}
	if !p.Signed {
		add("G6", p.Key, "at %s not signed as it must be with the secrets of %s", p.At.Format(time.TimeOnly), p.Tenant)
	}
	if known != nil && known.Tenant != p.Tenant {
		add("G10", p.Key, "brought to the agent of %s", p.Tenant)
	}
}

func ok2xx(p *Post) bool { return p.Status >= 200 && p.Status < 300 }

// checkFinal is G2 and G3 for a promised event that no agent accepted.
func (e *Events) checkFinal(k string, add adder) {
	f, asked := e.Final[k]
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
func (e *Events) checkOnce(k string, posts []*Post, add adder) {
	var last *Post // the latest 2xx
	for _, p := range posts {
		if last != nil && !e.excused(last, p.At) {
			add("G4", k, "the agent said %d at %s and was called again at %s", last.Status, last.At.Format(time.RFC3339), p.At.Format(time.RFC3339))
		}
		if ok2xx(p) {
			last = p
		}
	}
}

// excused reports whether something between an accepted call and the next
// explains that one.
func (e *Events) excused(p *Post, to time.Time) bool {
	from := p.At
	for _, r := range e.Replays {
		if r.Key == p.Key && !r.Answered.Before(from) && !r.At.After(to) {
			return true
		}
	}
	return slices.ContainsFunc(e.Faults, func(f wasmtest.Happened) bool {
		switch {
		case f.At.After(to):
			return false
		case slices.Contains(hiding, f.Fault):
			return !f.At.Before(from.Add(-wayTime))
		}
		if f.Fault == wasmtest.FetchLate && p.Took == 0 {
			return false // late, and yet within answerTime
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

// own reports that an event is the product's: of a source that nobody else can
// have.
func own(key string) bool {
	_, rest, _ := strings.Cut(key, "/")
	return strings.HasPrefix(rest, "hookweir/")
}
