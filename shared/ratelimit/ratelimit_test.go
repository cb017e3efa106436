package ratelimit

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func header(t *testing.T, lines string) http.Header {
	t.Helper()
	h := http.Header{}
	for line := range strings.SplitSeq(strings.TrimSpace(lines), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ": ")
		require.True(t, ok, line)
		h.Add(name, value)
	}
	return h
}

func in(d time.Duration) time.Time { return now.Add(d) }

// Cases name the providers' own spellings, see Table for the pages.
func cases() []struct {
	name, lines string
	want        []Budget
} {
	unix := strconv.FormatInt(in(10*time.Minute).Unix(), 10)
	millis := strconv.FormatInt(in(10*time.Minute).UnixMilli(), 10)
	return []struct {
		name, lines string
		want        []Budget
	}{
		{"github", "x-ratelimit-limit: 5000\nx-ratelimit-remaining: 4999\nx-ratelimit-used: 1\nx-ratelimit-resource: core\nx-ratelimit-reset: " + unix, []Budget{{"requests core", 5000, 4999, in(10 * time.Minute)}}},
		{"exact online, milliseconds", "x-ratelimit-limit: 5000\nx-ratelimit-remaining: 10\nx-ratelimit-reset: " + millis + "\nx-ratelimit-minutely-limit: 60\nx-ratelimit-minutely-remaining: 59\nx-ratelimit-minutely-reset: " + millis, []Budget{{"requests", 5000, 10, in(10 * time.Minute)}, {"minute", 60, 59, in(10 * time.Minute)}}},
		{"jira, ISO 8601", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-25T12:10Z", []Budget{{"requests", 100, 0, in(10 * time.Minute)}}},
		{"jira, with seconds", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 2026-11-25T12:10:30Z", []Budget{{"requests", 100, 0, in(10*time.Minute + 30*time.Second)}}},
		{"discord, fraction", "x-ratelimit-limit: 5\nx-ratelimit-remaining: 1\nx-ratelimit-reset: " + unix + ".500", []Budget{{"requests", 5, 1, in(10*time.Minute + 500*time.Millisecond)}}},
		{"okta", "X-Rate-Limit-Limit: 600\nX-Rate-Limit-Remaining: 599\nX-Rate-Limit-Reset: " + unix, []Budget{{"requests", 600, 599, in(10 * time.Minute)}}},
		{"zendesk, delta", "X-Rate-Limit: 700\nX-Rate-Limit-Remaining: 699\nratelimit-limit: 700\nratelimit-remaining: 699\nratelimit-reset: 41", []Budget{{"requests", 700, 699, in(41 * time.Second)}}},
		{"zendesk, compound", "zendesk-ratelimit-tickets-index: total=100; remaining=99; resets=41", []Budget{{"account", 100, 99, in(41 * time.Second)}}},
		{"linear", "X-RateLimit-Requests-Limit: 1500\nX-RateLimit-Requests-Remaining: 1499\nX-RateLimit-Requests-Reset: " + millis + "\nX-Complexity: 5\nX-RateLimit-Complexity-Limit: 250000\nX-RateLimit-Complexity-Remaining: 249995\nX-RateLimit-Complexity-Reset: " + millis, []Budget{{"requests", 1500, 1499, in(10 * time.Minute)}, {"complexity", 250000, 249995, in(10 * time.Minute)}}},
		{"hubspot", "X-HubSpot-RateLimit-Daily: 250000\nX-HubSpot-RateLimit-Daily-Remaining: 249000\nX-HubSpot-RateLimit-Max: 100\nX-HubSpot-RateLimit-Remaining: 99\nX-HubSpot-RateLimit-Interval-Milliseconds: 10000", []Budget{{"daily", 250000, 249000, in(24 * time.Hour)}, {"interval", 100, 99, in(10 * time.Second)}}},
		{"highlevel", "X-RateLimit-Max: 100\nX-RateLimit-Remaining: 99\nX-RateLimit-Interval-Milliseconds: 10000\nX-RateLimit-Limit-Daily: 200000\nX-RateLimit-Daily-Remaining: 3", []Budget{{"interval", 100, 99, in(10 * time.Second)}, {"daily", 200000, 3, in(24 * time.Hour)}}},
		{"xero", "X-MinLimit-Remaining: 59\nX-DayLimit-Remaining: 4999\nX-AppMinLimit-Remaining: 9999", []Budget{{"minute", 60, 59, in(time.Minute)}, {"daily", 5000, 4999, in(24 * time.Hour)}, {"app minute", 10000, 9999, in(time.Minute)}}},
		{"shopify", "X-Shopify-Shop-Api-Call-Limit: 32/40", []Budget{{"shop", 40, 8, in(20 * time.Second)}}},
		{"salesforce, used", "Sforce-Limit-Info: api-usage=4990/5000; api-bursts=1/20", []Budget{{"daily", 5000, 10, in(24 * time.Hour)}}},
		{"ietf, older draft", "RateLimit-Limit: 100, 100;w=60\nRateLimit-Remaining: 50\nRateLimit-Reset: 30", []Budget{{"requests", 100, 50, in(30 * time.Second)}}},
		{"ietf, draft 11", "RateLimit-Policy: \"burst\";q=100;w=60, \"daily\";q=1000;w=86400\nRateLimit: \"burst\";r=50;t=30", []Budget{{"policy burst", 100, 50, in(30 * time.Second)}}},
		{"ietf, no reset", "RateLimit-Policy: \"burst\";q=100;w=60\nRateLimit: \"burst\";r=50", []Budget{{"policy burst", 100, 50, in(time.Minute)}}},
		{"microsoft graph", "x-ms-throttle-limit-percentage: 0.85", []Budget{{"share", 100, 15, in(30 * time.Second)}}},
		{"microsoft graph, over", "x-ms-throttle-limit-percentage: 1.8", []Budget{{"share", 100, 0, in(30 * time.Second)}}},

		{"slack, notion, stripe: nothing but Retry-After", "Retry-After: 30", nil},
		{"no reset and no window", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 50", nil},
		{"not a number", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: many\nX-RateLimit-Reset: 30", nil},
		{"two values", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 50\nX-RateLimit-Remaining: 60\nX-RateLimit-Reset: 30", nil},
		{"negative", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: -1\nX-RateLimit-Reset: 30", []Budget{{"requests", 100, 0, in(30 * time.Second)}}},
		{"reset long ago", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1600000000", nil},
		{"reset next year", "X-RateLimit-Limit: 100\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 99999999", []Budget{{"requests", 100, 0, in(MaxReset)}}},
		{"ietf, another unit", "RateLimit-Policy: \"b\";q=100;qu=\"content-bytes\"\nRateLimit: \"b\";r=50;t=3", nil},
		{"ietf, two items: the first", "RateLimit: \"a\";r=1;t=3, \"b\";r=9;t=3", []Budget{{"policy a", 1, 1, in(3 * time.Second)}}},
		{"shopify, nonsense", "X-Shopify-Shop-Api-Call-Limit: 32", nil},
		{"too long to look at", "X-Shopify-Shop-Api-Call-Limit: " + strings.Repeat(" ", 600) + "1/2", nil},
	}
}

func TestRead(t *testing.T) {
	for _, c := range cases() {
		assert.Equal(t, c.want, Read(header(t, c.lines), now), c.name)
	}
}

// TestTableIsCovered: every row of the table reads in some case above.
func TestTableIsCovered(t *testing.T) {
	for i, row := range Table {
		found := false
		for _, c := range cases() {
			h := header(t, c.lines)
			if v, ok := one(h, row.Remaining); ok && len(c.want) > 0 {
				_, found = row.read(h, v, now)
			}
			if found {
				break
			}
		}
		assert.True(t, found, "row %d (%s) has no case", i, row.Providers)
		for _, name := range []string{row.Limit, row.Remaining, row.Reset, row.WindowMillis, row.ScopeHeader} {
			assert.Equal(t, http.CanonicalHeaderKey(name), name, "row %d", i)
		}
		assert.True(t, strings.HasPrefix(row.Doc, "https://") && row.Checked != "" && row.Providers != "" && row.Scope != "", "row %d", i)
	}
}

func TestThrottled(t *testing.T) {
	none := []Budget{{Remaining: 0}}
	some := []Budget{{Remaining: 1}}
	after := http.Header{"Retry-After": {"5"}}
	for _, c := range []struct {
		name    string
		status  int
		h       http.Header
		budgets []Budget
		want    bool
	}{
		{"429", 429, nil, nil, true},
		{"github's 403 with nothing left", 403, nil, none, true},
		{"github's secondary limit", 403, after, some, true},
		{"a 403 that means it", 403, nil, some, false},
		{"linear's 400", 400, nil, none, true},
		{"a 400 that means it", 400, nil, some, false},
		{"503 with a Retry-After is an outage", 503, after, some, false},
		{"503 with nothing left", 503, nil, none, true},
		{"200 with nothing left", 200, nil, none, false},
	} {
		assert.Equal(t, c.want, Throttled(c.status, c.h, c.budgets), c.name)
	}
}

func TestSeventyPercent(t *testing.T) {
	b := Budget{Limit: 100, Remaining: 30, Reset: in(time.Minute)}
	assert.False(t, b.Low(now), "70 % used exactly")
	assert.Zero(t, b.Spacing(now))
	b.Remaining = 29
	assert.True(t, b.Low(now))
	assert.Equal(t, time.Minute/29, b.Spacing(now))
	assert.Zero(t, b.Wait(now))
	b.Remaining = 0
	assert.Equal(t, time.Minute, b.Wait(now))
	assert.Zero(t, b.Wait(in(time.Minute)), "it has been reset")
	assert.False(t, b.Low(in(time.Hour)))

	list := []Budget{{Limit: 100, Remaining: 20, Reset: in(time.Minute)}, {Limit: 10, Remaining: 1, Reset: in(time.Hour)}}
	spacing, wait := Plan(list, now)
	assert.Equal(t, time.Hour, spacing)
	assert.Zero(t, wait)
	Spend(list, 5)
	assert.Equal(t, []int{15, 0}, []int{list[0].Remaining, list[1].Remaining})
	_, wait = Plan(list, now)
	assert.Equal(t, time.Hour, wait)
}

func TestMerge(t *testing.T) {
	known := []Budget{{"a", 100, 10, in(time.Minute)}, {"b", 5, 5, in(time.Minute)}, {"old", 5, 0, in(-time.Second)}}
	got := Merge(known, []Budget{{"a", 100, 12, in(time.Minute + time.Second)}}, now)
	assert.Equal(t, []Budget{{"a", 100, 10, in(time.Minute + time.Second)}, {"b", 5, 5, in(time.Minute)}}, got, "answers that overtook each other")
	got = Merge(known, []Budget{{"a", 100, 99, in(2 * time.Minute)}}, now)
	assert.Equal(t, 99, got[0].Remaining, "the next window")
	got = Merge(known, []Budget{{"a", 200, 150, in(time.Minute)}}, now)
	assert.Equal(t, 150, got[0].Remaining, "another plan")
}

func FuzzRead(f *testing.F) {
	for i := range Table {
		f.Add(uint8(i), "100", "7/9", "1764072000")
		f.Add(uint8(i), "\"a\";q=1;w=2", "\"a\";r=1;t=99999999999999999999", "NaN")
		f.Add(uint8(i), "1e308", "total=1;remaining=0;resets=Inf", "2026-11-25T12:00Z")
	}
	f.Fuzz(func(t *testing.T, row uint8, limit, remaining, reset string) {
		r := Table[int(row)%len(Table)]
		h := http.Header{}
		for name, v := range map[string]string{r.Limit: limit, r.Remaining: remaining, r.Reset: reset, r.WindowMillis: limit, r.ScopeHeader: reset} {
			if name != "" {
				h[name] = []string{v}
			}
		}
		list := Read(h, now)
		for _, b := range list {
			if b.Limit <= 0 || b.Remaining < 0 || b.Remaining > b.Limit || !b.Reset.After(now) || b.Reset.Sub(now) > MaxReset || len(b.Scope) > 60 {
				t.Fatalf("%+v", b)
			}
		}
		spacing, wait := Plan(list, now)
		if spacing < 0 || wait < 0 || spacing > MaxReset || wait > MaxReset {
			t.Fatal(spacing, wait)
		}
		Throttled(403, h, list)
	})
}
