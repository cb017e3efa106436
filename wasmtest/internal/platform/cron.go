package platform

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// maxCronAhead is how far a next tick is looked for: a February 29th is never
// further away.
const maxCronAhead = 9 * 366 * 24 * time.Hour

// ParseCron reads a trigger: minute, hour, day of month, month, day of week,
// in UTC; each a *, numbers, ranges and steps.
// https://developers.cloudflare.com/workers/configuration/cron-triggers/
func ParseCron(text string) (fires func(time.Time) bool, err error) {
	fields := strings.Fields(text)
	if len(fields) != 5 {
		return nil, fmt.Errorf("cron %q: want 5 fields", text)
	}
	bounds := [5][2]int{{0, 59}, {0, 23}, {1, 31}, {1, 12}, {1, 7}}
	var sets [5]map[int]bool
	for i, f := range fields {
		if sets[i], err = cronField(f, bounds[i][0], bounds[i][1]); err != nil {
			return nil, fmt.Errorf("cron %q: %w", text, err)
		}
	}
	return func(t time.Time) bool {
		// Cloudflare counts days of the week from 1, Sunday.
		for i, v := range [5]int{t.Minute(), t.Hour(), t.Day(), int(t.Month()), int(t.Weekday()) + 1} {
			if !sets[i][v] {
				return false
			}
		}
		return true
	}, nil
}

func cronField(f string, lo, hi int) (map[int]bool, error) {
	set := map[int]bool{}
	for part := range strings.SplitSeq(f, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		from, to := lo, hi
		var err error
		if stepped {
			if step, err = strconv.Atoi(stepText); err != nil || step < 1 {
				return nil, fmt.Errorf("step %q", part)
			}
		}
		if span != "*" {
			a, b, isRange := strings.Cut(span, "-")
			if from, err = strconv.Atoi(a); err != nil {
				return nil, fmt.Errorf("field %q is not implemented", part)
			}
			if to = from; isRange {
				if to, err = strconv.Atoi(b); err != nil {
					return nil, fmt.Errorf("field %q is not implemented", part)
				}
			} else if stepped {
				to = hi
			}
		}
		if from < lo || to > hi || from > to {
			return nil, fmt.Errorf("field %q is outside %d-%d", part, lo, hi)
		}
		for v := from; v <= to; v += step {
			set[v] = true
		}
	}
	return set, nil
}

// NextCron is the first minute after a time at which a trigger fires.
func NextCron(fires func(time.Time) bool, after time.Time) (time.Time, bool) {
	t := after.UTC().Truncate(time.Minute).Add(time.Minute)
	for end := t.Add(maxCronAhead); t.Before(end); t = t.Add(time.Minute) {
		if fires(t) {
			return t, true
		}
	}
	return time.Time{}, false
}
