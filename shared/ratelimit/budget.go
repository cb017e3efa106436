package ratelimit

import (
	"slices"
	"time"
)

const (
	// MaxReset is the furthest reset believed in; daily budgets are the
	// longest there are, and a queue delays no longer.
	MaxReset = 24 * time.Hour
	// MaxBudgets bounds the budgets kept of one answer; the most that a known
	// provider sends is three.
	MaxBudgets = 8
	// maxCount bounds a limit; with it no product below overflows.
	maxCount = 1_000_000_000
)

// From here on a budget is stretched: with less than three tenths left. A
// provider's budget is shared with whoever else uses the account, so the last
// part of it is not ours to race through.
const (
	keepNum = 3
	keepDen = 10
)

// Budget is one of a provider's limits as it was last told.
type Budget struct {
	Scope     string    `json:"scope"`
	Limit     int       `json:"limit"`
	Remaining int       `json:"remaining"`
	Reset     time.Time `json:"reset"` // when Remaining is Limit again
}

// Low reports that over 70 % of the budget is used.
func (b Budget) Low(now time.Time) bool {
	return now.Before(b.Reset) && b.Remaining*keepDen < b.Limit*keepNum
}

// Spacing is the least time between two requests that makes what remains last
// until the reset; zero while the budget is not low.
func (b Budget) Spacing(now time.Time) time.Duration {
	if !b.Low(now) || b.Remaining <= 0 {
		return 0
	}
	return b.Reset.Sub(now) / time.Duration(b.Remaining)
}

// Wait is how long nothing may be sent at all: until the reset, when nothing
// remains.
func (b Budget) Wait(now time.Time) time.Duration {
	if b.Remaining > 0 || !now.Before(b.Reset) {
		return 0
	}
	return b.Reset.Sub(now)
}

// Merge brings what was known up to date with what an answer said, by scope,
// and forgets what has been reset. The older of two answers may come later,
// so within one window the smaller remainder holds.
func Merge(known, told []Budget, now time.Time) []Budget {
	var out []Budget
	for _, b := range told {
		for _, k := range known {
			if k.Scope == b.Scope && k.Limit == b.Limit && now.Before(k.Reset) && sameWindow(k.Reset, b.Reset) {
				b.Remaining = min(b.Remaining, k.Remaining)
			}
		}
		out = append(out, b)
	}
	for _, k := range known {
		if now.Before(k.Reset) && !has(out, k.Scope) && len(out) < MaxBudgets {
			out = append(out, k)
		}
	}
	return out
}

// sameWindow allows for resets that are told as a rounded delta.
func sameWindow(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }

func has(list []Budget, scope string) bool {
	for _, b := range list {
		if b.Scope == scope {
			return true
		}
	}
	return false
}

// Spend takes n requests that were allowed off every budget, so that a batch
// is not planned on one remainder.
func Spend(list []Budget, n int) {
	for i := range list {
		list[i].Remaining = max(list[i].Remaining-n, 0)
	}
}

// Restore gives back n requests that were spent and that the provider says it
// did not count.
func Restore(list []Budget, n int) {
	for i := range list {
		list[i].Remaining = min(list[i].Remaining+n, list[i].Limit)
	}
}

// SameCount reports that nothing was learned between two states of a list: the
// budgets are those of the same windows with the same remainders.
func SameCount(a, b []Budget) bool {
	return slices.EqualFunc(a, b, func(x, y Budget) bool {
		return x.Scope == y.Scope && x.Limit == y.Limit && x.Remaining == y.Remaining && sameWindow(x.Reset, y.Reset)
	})
}

// Plan is the strictest of the budgets: the spacing to keep and the time to
// wait.
func Plan(list []Budget, now time.Time) (spacing, wait time.Duration) {
	for _, b := range list {
		spacing = max(spacing, b.Spacing(now))
		wait = max(wait, b.Wait(now))
	}
	return spacing, wait
}
