package retry

import "time"

// Class is what an answer means for the attempt that got it.
type Class uint8

const (
	// Done: 2xx, the far side did it.
	Done Class = iota + 1
	// Again: it did not, and another attempt may succeed: 408, 425, 429, 5xx.
	Again
	// Never: it will not, however often it is asked: every other status.
	Never
)

// Classify reads a status. A 3xx is Never: a redirect is not followed, since
// what was meant for one URL, with its token, goes to no other.
//
// A 5xx says that the far side saw the request and failed; whoever repeats a
// request that is not idempotent gives it an idempotency key.
func Classify(status int) Class {
	switch {
	case status >= 200 && status <= 299:
		return Done
	case status == 408, status == 425, status == 429, status >= 500 && status <= 599:
		return Again
	}
	return Never
}

// Unclear reports whether a status is the word of a gateway that had no whole
// answer from the server behind it: nobody knows what that did. They are 502
// and 504 (RFC 9110 §15.6.3 and §15.6.5), and Cloudflare's 520, 522 and 524, of
// which its error pages say that the server was reached.
func Unclear(status int) bool {
	switch status {
	case 502, 504, 520, 522, 524:
		return true
	}
	return false
}

// Idempotent reports whether a method may be repeated when nobody knows
// whether the first request arrived (RFC 9110 §9.2.2).
func Idempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE":
		return true
	}
	return false
}

// Policy is when to stop trying.
type Policy struct {
	Backoff     Backoff
	MaxAttempts int           // zero or less: no bound
	MaxAge      time.Duration // since the request was accepted; zero or less: no bound
}

// Next is the wait after the attempt-th failure (from 1) of a request that is
// so old, at least floor (a Retry-After); false when it was the last attempt,
// or the next one would come after MaxAge.
func (p Policy) Next(attempt int, age, floor time.Duration, rnd float64) (time.Duration, bool) {
	if p.MaxAttempts > 0 && attempt >= p.MaxAttempts {
		return 0, false
	}
	wait := max(p.Backoff.Delay(attempt, rnd), floor)
	if p.MaxAge > 0 && age+wait > p.MaxAge {
		return 0, false
	}
	return wait, true
}
