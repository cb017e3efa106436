package vault

import "time"

// perHost bounds the refreshes under way to one server. The platform lets six
// connections wait at once, so a server that hangs must not take them all.
const perHost = 4

// slots are the places of one server. One whose holder was cut off is free
// again when no refresh can still be under way in it.
type slots struct {
	held    map[*flight]time.Time // since when
	waiting []turn
}

type turn struct {
	f     *flight
	ready chan struct{}
}

// enter waits for a place at the flight's server.
func (v *Vault) enter(f *flight) {
	v.mu.Lock()
	now := v.now()
	s := v.slots[f.host]
	if s == nil {
		s = &slots{held: map[*flight]time.Time{}}
		v.slots[f.host] = s
	}
	for other, since := range s.held {
		if now.Sub(since) > flightLife {
			delete(s.held, other)
		}
	}
	if len(s.held) < perHost {
		s.hold(f, now)
		v.mu.Unlock()
		return
	}
	t := turn{f, make(chan struct{})}
	s.waiting = append(s.waiting, t)
	v.mu.Unlock()
	<-t.ready
}

func (s *slots) hold(f *flight, now time.Time) {
	s.held[f] = now
	f.until = now.Add(flightLife)
}

// leave gives the place to whoever waits longest.
func (v *Vault) leave(f *flight) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.slots[f.host]
	if s == nil { // the holder was given up, and so was everybody after it
		return
	}
	delete(s.held, f)
	for len(s.waiting) > 0 && len(s.held) < perHost {
		next := s.waiting[0]
		s.waiting = s.waiting[1:]
		s.hold(next.f, v.now())
		close(next.ready)
	}
	if len(s.held) == 0 {
		delete(v.slots, f.host)
	}
}
