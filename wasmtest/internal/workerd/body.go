package workerd

import (
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// arriving is a stream of b as the network brings it: the first chunk is
// there, each further one comes after gap, or a millisecond if gap is zero.
// It is the current context's and nobody else may read it. A chunk is only on
// its way once the one before it was read.
func (iso *Isolate) arriving(b []byte, name string, gap time.Duration) *jsobj.Stream {
	c := iso.current
	if gap == 0 {
		gap = time.Millisecond
	}
	var s *jsobj.Stream
	cancel := func() {}
	first := true
	coming := false
	pull := func() {
		if coming {
			return
		}
		if len(b) == 0 {
			s.Close()
			return
		}
		n := min(len(b), bodyChunk)
		if gap > time.Millisecond { // a slow body comes in small pieces
			n = min(n, max(len(b)/4, 1))
		}
		chunk := append([]byte(nil), b[:n]...)
		b = b[n:]
		if first {
			first = false
			s.Enqueue(iso.realm.NewBytes(chunk))
			return
		}
		coming = true
		cancel = iso.After(gap, name, func() {
			coming = false
			s.Enqueue(iso.realm.NewBytes(chunk))
		})
	}
	s = iso.realm.NewStream(c, pull, func() { cancel() })
	return s
}

// clientPatience is within which time a client that hangs up does so.
const clientPatience = 2 * time.Second
