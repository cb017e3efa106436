package webhook

import (
	"strings"
	"time"
)

// maxDigits bounds the digits of a number that is a time: 16 of milliseconds
// are 300,000 years and far from overflowing an int64.
const maxDigits = 16

// leastMillis tells Unix milliseconds from seconds: as the one it is in 1973,
// as the other in 5138, and no delivery is sent then.
const leastMillis = 100_000_000_000

// fresh holds a signed timestamp against the row's tolerance, both ways: a
// provider whose clock runs ahead is let through by as much as the row says,
// a delivery dated tomorrow is one that could be replayed until then.
func (v *Verifier) fresh(text string, now time.Time) error {
	ts := &v.scheme.Timestamp
	if ts.Source == NoTimestamp || (ts.Source == FromBody && text == "") {
		return nil
	}
	sent, ok := parseTime(text, ts.Format)
	if !ok {
		return ErrMalformed
	}
	switch age := now.Sub(sent); {
	case age > ts.Past:
		return ErrStale
	case age < -ts.Future:
		return ErrFuture
	}
	return nil
}

// parseTime reads a time in exactly one format: no sign, no space, no
// exponent, nothing after it.
func parseTime(text string, f TimeFormat) (time.Time, bool) {
	switch f {
	case UnixSeconds:
		n, ok := digits(text)
		return time.Unix(n, 0).UTC(), ok
	case UnixMillis:
		n, ok := digits(text)
		return time.UnixMilli(n).UTC(), ok
	case UnixEither:
		n, ok := digits(text)
		if n < leastMillis {
			return time.Unix(n, 0).UTC(), ok
		}
		return time.UnixMilli(n).UTC(), ok
	case UnixFraction:
		whole, fraction, _ := strings.Cut(text, ".")
		n, ok := digits(whole)
		nanos, okFraction := nanoseconds(fraction)
		return time.Unix(n, nanos).UTC(), ok && okFraction && !strings.HasSuffix(text, ".")
	case RFC3339:
		return parseRFC3339(text)
	case HTTPDate:
		return parseHTTPDate(text)
	}
	return time.Time{}, false
}

func digits(text string) (n int64, ok bool) {
	if text == "" || len(text) > maxDigits {
		return 0, false
	}
	for i := range len(text) {
		c := text[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int64(c)
	}
	return n, true
}

// nanoseconds reads at most nine digits after a decimal point; none is zero.
func nanoseconds(fraction string) (int64, bool) {
	if fraction == "" {
		return 0, true
	}
	if len(fraction) > 9 {
		return 0, false
	}
	return digits(fraction + "000000000"[len(fraction):])
}
