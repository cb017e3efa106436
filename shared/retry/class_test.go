package retry

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestClassify(t *testing.T) {
	want := map[int]Class{
		200: Done, 201: Done, 202: Done, 204: Done, 299: Done,
		408: Again, 425: Again, 429: Again, 500: Again, 502: Again, 503: Again, 504: Again, 599: Again,
	}
	for status := range 1000 {
		class := want[status]
		if class == 0 {
			class = Never
			if status/100 == 2 {
				class = Done
			}
			if status/100 == 5 {
				class = Again
			}
		}
		assert.Equal(t, class, Classify(status), status)
	}
}

func TestUnclear(t *testing.T) {
	var unclear []int
	for status := range 1000 {
		if Unclear(status) {
			unclear = append(unclear, status)
		}
	}
	assert.Equal(t, []int{502, 504, 520, 522, 524}, unclear)
}

func TestIdempotent(t *testing.T) {
	for method, want := range map[string]bool{
		"GET": true, "HEAD": true, "PUT": true, "DELETE": true, "OPTIONS": true, "TRACE": true,
		"POST": false, "PATCH": false, "get": false, "": false,
	} {
		assert.Equal(t, want, Idempotent(method), method)
	}
}

func TestPolicyNext(t *testing.T) {
	p := Policy{Backoff: Backoff{Base: time.Second, Cap: time.Minute}, MaxAttempts: 5, MaxAge: time.Hour}
	for _, c := range []struct {
		name       string
		attempt    int
		age, floor time.Duration
		want       time.Duration
		more       bool
	}{
		{"jitter below the ceiling", 1, 0, 0, time.Second / 2, true},
		{"doubled", 3, 0, 0, 2 * time.Second, true},
		{"a floor over the backoff", 1, 0, 30 * time.Second, 30 * time.Second, true},
		{"a floor under it", 4, 0, time.Second, 4 * time.Second, true},
		{"the last attempt", 5, 0, 0, 0, false},
		{"too old already", 1, 2 * time.Hour, 0, 0, false},
		{"too old by then", 1, time.Hour - time.Second, time.Minute, 0, false},
		{"just in time", 1, time.Hour - time.Second/2, 0, time.Second / 2, true},
	} {
		wait, more := p.Next(c.attempt, c.age, c.floor, 0.5)
		assert.Equal(t, c.want, wait, c.name)
		assert.Equal(t, c.more, more, c.name)
	}
	_, more := Policy{Backoff: p.Backoff}.Next(1000, 1000*time.Hour, 0, 0)
	assert.True(t, more, "no bounds")
}
