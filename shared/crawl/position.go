package crawl

import (
	"strconv"
	"strings"
	"time"
)

// A position is a place in the order of a list: a decimal number without sign
// or leading zeros, a time's nanoseconds since 1970 or an id. Empty is before
// everything.

// maxPosition bounds one, in digits. Ids of 128 bits have 39.
const maxPosition = 40

func validPosition(s string) bool {
	if s == "" || len(s) > maxPosition || s[0] == '0' && len(s) > 1 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// comparePositions orders two positions as numbers.
func comparePositions(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// before is the position just below p.
func before(p string) string {
	b := []byte(p)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] > '0' {
			b[i]--
			break
		}
		b[i] = '9'
	}
	return strings.TrimLeft(string(b), "0") // of 1: empty, before everything
}

// timePosition is a time as a position; times before 1970 are before
// everything.
func timePosition(t time.Time) string {
	if n := t.UnixNano(); n > 0 {
		return strconv.FormatInt(n, 10)
	}
	return ""
}

// positionTime is the time of a position made by timePosition.
func positionTime(p string) (time.Time, bool) {
	n, err := strconv.ParseInt(p, 10, 64)
	if err != nil || n <= 0 {
		return time.Time{}, false
	}
	return time.Unix(0, n).UTC(), true
}

// The years in which a time is believed, so that its nanoseconds fit.
const minYear, maxYear = 1970, 2200

// parseTime reads a time in one of the formats.
func parseTime(s, format string) (time.Time, bool) {
	t, ok := parseAnyTime(s, format)
	if !ok || t.Year() < minYear || t.Year() > maxYear {
		return time.Time{}, false
	}
	return t.UTC(), true
}

func parseAnyTime(s, format string) (time.Time, bool) {
	switch format {
	case TimeUnix, TimeUnixMillis:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 {
			return time.Time{}, false
		}
		if format == TimeUnixMillis {
			return time.UnixMilli(n), true
		}
		return time.Unix(n, 0), true
	case TimeUnixFraction:
		return parseFraction(s)
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseFraction reads seconds with a fraction of up to nine digits; a float64
// would lose the last of Slack's six.
func parseFraction(s string) (time.Time, bool) {
	whole, frac, _ := strings.Cut(s, ".")
	sec, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || sec < 0 || len(frac) > 9 {
		return time.Time{}, false
	}
	nano, err := strconv.ParseUint(frac+strings.Repeat("0", 9-len(frac)), 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(sec, int64(nano)), true
}

// Show writes a state's cursor for people: a time, an id, or the server's own
// text.
func Show(r *Recipe, s State) string {
	if r.Rule == RuleTime {
		if t, ok := positionTime(s.Cursor); ok {
			return t.Format(time.RFC3339Nano)
		}
	}
	return s.Cursor
}
