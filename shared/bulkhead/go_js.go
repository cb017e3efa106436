package bulkhead

// idle are goroutines that have come to the end of their part. A module has one
// thread, so nothing guards it.
var idle []chan func()

// maxIdle is how many of them are kept: a stack of 8 to 16 KB each, about as
// many as a batch of a queue takes.
const maxIdle = 64

// Go runs f in a goroutine of its own: a new one, or one that has come to the
// end of its part. A new goroutine's stack is small and grows by being copied,
// in Wasm at about 50 µs each time; that of a used one has grown.
func Go(f func()) {
	if n := len(idle); n > 0 {
		last := idle[n-1]
		idle = idle[:n-1]
		last <- f
		return
	}
	work := make(chan func(), 1)
	work <- f
	go func() {
		for f := range work {
			f()
			if len(idle) == maxIdle {
				return
			}
			idle = append(idle, work)
		}
	}()
}

// Idle is how many goroutines wait for something to do.
func Idle() int { return len(idle) }
