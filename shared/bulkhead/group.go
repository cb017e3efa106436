package bulkhead

import "sync"

// Group is a sync.WaitGroup whose goroutines are used again, see Go.
type Group struct{ parts sync.WaitGroup }

// Go runs a part in a goroutine of its own.
func (g *Group) Go(part func()) {
	g.parts.Add(1)
	Go(func() {
		defer g.parts.Done()
		part()
	})
}

// Wait waits for the end of every part.
func (g *Group) Wait() { g.parts.Wait() }
