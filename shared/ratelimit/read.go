package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxHeader bounds a value that is looked at, in bytes.
const maxHeader = 512

// Read finds the budgets that an answer tells, at most MaxBudgets.
func Read(h http.Header, now time.Time) []Budget {
	var out []Budget
	for i := range Table {
		row := &Table[i]
		value, ok := one(h, row.Remaining)
		if !ok {
			continue
		}
		b, ok := row.read(h, value, now)
		if !ok || has(out, b.Scope) {
			continue
		}
		if out = append(out, b); len(out) == MaxBudgets {
			break
		}
	}
	return out
}

// Throttled reports that an answer is a refusal for going too fast, whatever
// its status says: GitHub says 403, Linear 400, others 503.
func Throttled(status int, h http.Header, budgets []Budget) bool {
	switch status {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden, http.StatusBadRequest, http.StatusServiceUnavailable:
	default:
		return false
	}
	if status != http.StatusServiceUnavailable && h.Get("Retry-After") != "" {
		return true
	}
	for _, b := range budgets {
		if b.Remaining == 0 {
			return true
		}
	}
	return false
}

// one is a header that is there once, and short.
func one(h http.Header, name string) (string, bool) {
	values := h[name]
	if name == "" || len(values) != 1 || len(values[0]) > maxHeader {
		return "", false
	}
	v := strings.Trim(values[0], " \t")
	return v, v != ""
}

func (row *Row) read(h http.Header, value string, now time.Time) (Budget, bool) {
	b := Budget{Scope: row.Scope, Limit: row.Total, Reset: now.Add(row.window(h))}
	ok := false
	switch row.Form {
	case Plain:
		if limit, there := one(h, row.Limit); there {
			// Some add the policy behind the number: `100, 100;w=60`.
			number, _, _ := strings.Cut(limit, ",")
			if n, good := count(number); good {
				b.Limit = n
			}
		}
		b.Remaining, ok = count(value)
		if reset, there := one(h, row.Reset); there {
			if at, good := resetTime(reset, now); good {
				b.Reset = at
			}
		}
	case UsedOfLimit:
		ok = b.usedOfLimit(value)
	case Compound:
		ok = b.compound(value, now)
	case Structured:
		policy, _ := one(h, row.Limit)
		ok = b.structured(value, policy, now)
	case Fraction:
		f, err := strconv.ParseFloat(value, 64)
		ok = err == nil && f >= 0 && f < maxCount
		b.Limit, b.Remaining = 100, max(100-int(math.Ceil(min(f, 2)*100)), 0)
	}
	if resource, there := one(h, row.ScopeHeader); there && plainToken(resource) {
		b.Scope += " " + resource
	}
	b.Remaining = min(b.Remaining, b.Limit)
	// Without a window there is nothing to stretch.
	return b, ok && b.Limit > 0 && b.Reset.After(now)
}

func (row *Row) window(h http.Header) time.Duration {
	if v, ok := one(h, row.WindowMillis); ok {
		if ms, ok := count(v); ok && ms > 0 {
			return min(time.Duration(ms)*time.Millisecond, MaxReset)
		}
	}
	return row.Window
}

// usedOfLimit reads `32/40` and `api-usage=18/5000; api-bursts=…`.
func (b *Budget) usedOfLimit(v string) bool {
	v, _, _ = strings.Cut(v, ";")
	if _, after, named := strings.Cut(v, "="); named {
		v = after
	}
	u, l, found := strings.Cut(v, "/")
	used, ok1 := count(u)
	limit, ok2 := count(l)
	b.Limit, b.Remaining = limit, max(limit-used, 0)
	return found && ok1 && ok2
}

// compound reads `total=700; remaining=699; resets=12`.
func (b *Budget) compound(v string, now time.Time) bool {
	seen := 0
	for part := range strings.SplitSeq(v, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "total":
			b.Limit, _ = count(value)
		case "remaining":
			n, ok := count(value)
			if !ok {
				return false
			}
			b.Remaining = n
			seen++
		case "resets":
			if at, ok := resetTime(value, now); ok {
				b.Reset = at
			}
		}
	}
	return seen == 1
}

// structured reads the first item of `RateLimit: "default";r=50;t=30` and its
// policy of `RateLimit-Policy: "burst";q=100;w=60, "default";q=…`. A quota in
// a unit other than requests is not ours to count.
func (b *Budget) structured(limit, policies string, now time.Time) bool {
	name, params := item(firstOf(limit))
	r, ok := count(params["r"])
	if !ok || name == "" {
		return false
	}
	b.Remaining, b.Limit = r, r
	b.Scope += " " + name
	for policy := range strings.SplitSeq(policies, ",") {
		n, p := item(policy)
		if n != name {
			continue
		}
		if unit := p["qu"]; unit != "" && unit != "requests" {
			return false
		}
		if q, ok := count(p["q"]); ok {
			b.Limit = q
		}
		if w, ok := count(p["w"]); ok {
			b.Reset = now.Add(min(time.Duration(w)*time.Second, MaxReset))
		}
	}
	if t, ok := count(params["t"]); ok {
		b.Reset = now.Add(min(time.Duration(t)*time.Second, MaxReset))
	}
	return true
}

func firstOf(list string) string {
	first, _, _ := strings.Cut(list, ",")
	return first
}

// item takes `"name";a=1;b="x"` apart. Names that are no plain token read as
// none.
func item(s string) (name string, params map[string]string) {
	params = map[string]string{}
	for i, part := range strings.Split(s, ";") {
		part = strings.TrimSpace(part)
		if i == 0 {
			if name = unquote(part); !plainToken(name) {
				return "", params
			}
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		params[key] = unquote(value)
	}
	return name, params
}

func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// plainToken bounds what of a header becomes part of a scope's name.
func plainToken(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return true
}

// count reads a number of requests. Some send fractions (Jira's and Discord's
// remainders never, HubSpot's averages do); they count as less.
func count(s string) (int, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.Atoi(s); err == nil {
		return min(max(n, 0), maxCount), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f >= 0 && f <= maxCount) {
		return 0, false
	}
	return int(f), true
}

// The magnitudes that tell the encodings of a number apart.
const (
	leastUnix       = 1_000_000_000     // 2001 in seconds; as a delta, 31 years
	leastUnixMillis = 1_000_000_000_000 // 2001 in milliseconds
	mostUnixMillis  = 1e15
)

// resetTime reads a reset in any of its four encodings, and at most MaxReset
// from now. One that has passed reads as now.
func resetTime(s string, now time.Time) (time.Time, bool) {
	s = strings.TrimSpace(s)
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		at, ok := isoTime(s)
		return between(at, now), ok
	}
	switch {
	case !(f >= 0 && f < mostUnixMillis):
		return time.Time{}, false
	case f < leastUnix:
		return now.Add(min(time.Duration(min(f, MaxReset.Seconds())*float64(time.Second)), MaxReset)), true
	case f < leastUnixMillis:
		return between(time.UnixMilli(int64(f*1000)), now), true
	}
	return between(time.UnixMilli(int64(f)), now), true
}

// isoTime reads ISO 8601 as Jira writes it, with or without seconds.
func isoTime(s string) (time.Time, bool) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.000Z0700"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

func between(at, now time.Time) time.Time {
	if at.Before(now) {
		return now
	}
	if most := now.Add(MaxReset); at.After(most) {
		return most
	}
	return at.UTC()
}
