package crawl

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lateRecipes are those of the mutations that promise to find what becomes
// visible within their overlap, over a server that sends less than it is asked
// for as well.
func lateRecipes() (list []mutated) {
	const overlap = Duration(8 * time.Second)
	for _, m := range mutatedRecipes() {
		if m.by != "time" || m.recipe.Rule != RuleTime {
			continue
		}
		m.recipe.Overlap = overlap
		if m.recipe.Paging.Kind == PagingKeyset {
			m.recipe.Limit = 3
		}
		list = append(list, m)
	}
	return list
}

// crawlLate polls a list whose entries are visible up to an overlap after the
// time they say, with pauses between any two requests, pages that are broken
// off, and states that are not stored. Nothing is changed or deleted.
func crawlLate(t *testing.T, m mutated, most int, seed uint64) (lost []string) {
	r := &m.recipe
	require.NoError(t, r.Check())
	l := &list{rand: rand.New(rand.NewPCG(seed, 2)), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var hidden []entry
	state := r.Begin(l.now)
	state.Settled = true
	found := map[string]bool{}
	pass := func(d time.Duration) {
		for end := l.now.Add(d); l.now.Before(end); {
			l.tick()
			l.nextID++
			hidden = append(hidden, entry{ID: l.nextID, At: l.now, Version: l.rand.IntN(int(r.Overlap) / 1e6)}) // milliseconds
		}
	}
	turn := func(calm bool) (done bool) {
		seen := &list{rand: l.rand, now: l.now}
		for _, e := range hidden {
			if !e.At.Add(time.Duration(e.Version) * time.Millisecond).After(l.now) {
				seen.entries = append(seen.entries, e)
			}
		}
		in := Input{Now: l.now, Base: "https://l.example", All: true, Known: func(id string, _ []byte) bool { return found[id] }}
		c, err := r.Request(state, in)
		require.NoError(t, err)
		if most > 0 {
			c.Path += "&limit=" + strconv.Itoa(most) // the last one counts
		}
		p, err := r.Read(state, in, seen.page(t, c, r.Newest, m.by))
		if err != nil {
			state = r.Abandon(state)
			return false
		}
		for _, it := range p.Items {
			found[it.ID] = true
		}
		switch n := l.rand.IntN(12); {
		case calm || n > 1:
			state = p.State
			return p.Done
		case n == 1:
			state = r.Abandon(p.State)
		}
		return false
	}
	for range 60 {
		if turn(false) || l.rand.IntN(8) == 0 {
			pass(time.Duration(l.rand.IntN(20)) * time.Second)
		}
	}
	l.now = l.now.Add(time.Duration(r.Overlap))
	for ends := 0; ends < 2; {
		if turn(true) {
			ends++
		}
	}
	for _, e := range hidden {
		if !found[e.key()] {
			lost = append(lost, e.key())
		}
	}
	return lost
}

// TestLateIsFound holds the rule of time to what it promises: that a change is
// found that is visible within the overlap of the time it says.
func TestLateIsFound(t *testing.T) {
	for _, m := range lateRecipes() {
		for _, most := range []int{0, 2} {
			if most > 0 && m.recipe.Paging.Kind != PagingKeyset && m.recipe.Paging.Kind != PagingNumber && m.recipe.Paging.Kind != PagingOffset {
				continue // these are told where the next page is
			}
			t.Run(m.name+" "+strconv.Itoa(most), func(t *testing.T) {
				for seed := range uint64(20) {
					require.Empty(t, crawlLate(t, m, most, seed), "seed %d", seed)
				}
			})
		}
	}
}
