package retry

import (
	"strings"
	"time"
)

// MaxAfter is the longest wait taken from a Retry-After. A queue delays a
// message for 24 hours at most, and a server that says "next year" does not
// own our events.
const MaxAfter = 24 * time.Hour

// maxHeader bounds a Retry-After in bytes; the longest date form has 33.
const maxHeader = 64

// The three forms of HTTP-date (RFC 9110 §5.6.7), newest first.
const (
	imfFixdate = "Mon, 02 Jan 2006 15:04:05 GMT"
	rfc850     = "Monday, 02-Jan-06 15:04:05 GMT"
	asctime    = "Mon Jan _2 15:04:05 2006"
)

// After reads a Retry-After header (RFC 9110 §10.2.3): seconds, or a date in
// any of the three forms. A date in the past and a negative number, which the
// grammar does not have but servers send, are a wait of zero; anything over
// [MaxAfter] becomes MaxAfter. It reports false for an empty or unreadable
// header.
func After(header string, now time.Time) (time.Duration, bool) {
	v := strings.Trim(header, " \t") // OWS, RFC 9110 §5.6.3
	if v == "" || len(v) > maxHeader {
		return 0, false
	}
	if d, ok := deltaSeconds(v); ok {
		return d, true
	}
	at, ok := httpDate(v, now)
	if !ok {
		return 0, false
	}
	// Sub saturates, so a date in year 9999 does not overflow.
	return min(max(at.Sub(now), 0), MaxAfter), true
}

func deltaSeconds(v string) (time.Duration, bool) {
	digits, negative := strings.CutPrefix(v, "-")
	if digits == "" {
		return 0, false
	}
	const most = int64(MaxAfter / time.Second)
	var n int64
	for i := range len(digits) {
		c := digits[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), most+1) // saturates, so any length is safe
	}
	if negative {
		return 0, true
	}
	return time.Duration(min(n, most)) * time.Second, true
}

func httpDate(v string, now time.Time) (time.Time, bool) {
	if t, err := time.Parse(imfFixdate, v); err == nil {
		return t, true
	}
	if t, err := time.Parse(asctime, v); err == nil {
		return t, true
	}
	t, err := time.Parse(rfc850, v)
	if err != nil {
		return time.Time{}, false
	}
	// A two-digit year means the century that brings the date nearest without
	// lying more than 50 years ahead (RFC 9110 §5.6.7).
	year := now.Year() - now.Year()%100 + t.Year()%100
	if year > now.Year()+50 {
		year -= 100
	} else if year <= now.Year()-50 {
		year += 100
	}
	return time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC), true
}
