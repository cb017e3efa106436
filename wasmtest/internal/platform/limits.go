package platform

// Subrequests bounds what one invocation asks of others: each fetch, each
// redirect that it follows and each call of a service counts as Outside, each
// operation of KV, R2, D1, a queue or a Durable Object as Inside. An event of
// an object is an invocation of its own.
// https://developers.cloudflare.com/workers/platform/limits/#subrequests
type Subrequests struct{ Outside, Inside int }

// DefaultSubrequests is how many of either kind Workers Paid lets an invocation
// make unless `limits.subrequests` says otherwise, since 2026-02-11 (1,000
// before). Workers Free has 50 and 1,000.
// https://developers.cloudflare.com/changelog/post/2026-02-11-subrequests-limit/
const DefaultSubrequests = 10_000

// MaxConnections is how many connections of an invocation may wait for response
// headers at once; one more waits for a place. Operations whose Op says
// Connects have one; what a service does on behalf of its caller shares the
// caller's.
// https://developers.cloudflare.com/workers/platform/limits/#simultaneous-open-connections
const MaxConnections = 6

// Errors of an invocation that asks too much. Cloudflare documents no wording
// for Workers; these are what production has been seen to say.
var (
	ErrSubrequests = Wording("Too many subrequests by single Worker invocation." + limitsHint)
	ErrOperations  = Wording("Too many API requests by single Worker invocation." + limitsHint)
)

const limitsHint = " To configure this limit, refer to https://developers.cloudflare.com/workers/wrangler/configuration/#limits"

// OrDefault puts the default in place of zeros.
func (s Subrequests) OrDefault() Subrequests {
	if s.Outside == 0 {
		s.Outside = DefaultSubrequests
	}
	if s.Inside == 0 {
		s.Inside = DefaultSubrequests
	}
	return s
}

// Spend counts one more subrequest against a limit.
func (s *Subrequests) Spend(limit Subrequests, outside bool) error {
	if outside {
		if s.Outside == limit.Outside {
			return ErrSubrequests
		}
		s.Outside++
		return nil
	}
	if s.Inside == limit.Inside {
		return ErrOperations
	}
	s.Inside++
	return nil
}

// Connections are an invocation's places for connections that wait for response
// headers. The zero Connections is ready.
type Connections struct {
	open    int
	waiting []*func()
}

// Take runs begin as soon as there is a place: now, or when those before it
// have theirs. It reports whether that was now. release gives the place back,
// once, or takes the wait back.
func (c *Connections) Take(begin func()) (release func(), now bool) {
	const waits, holds, gone = 0, 1, 2
	state := waits
	start := func() {
		state = holds
		c.open++
		begin()
	}
	release = func() {
		was := state
		state = gone
		switch was {
		case waits:
			for i, w := range c.waiting {
				if w == &start {
					c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
					break
				}
			}
		case holds:
			c.open--
			if c.open < MaxConnections && len(c.waiting) > 0 {
				next := c.waiting[0]
				c.waiting = c.waiting[1:]
				(*next)()
			}
		}
	}
	if c.open < MaxConnections {
		start()
		return release, true
	}
	c.waiting = append(c.waiting, &start)
	return release, false
}
