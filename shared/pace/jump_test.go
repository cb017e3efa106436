package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// TestClockJumpsBackInAPause: a pause that was set by a clock that ran ahead
// ends no later than one could be asked for now.
func TestClockJumpsBackInAPause(t *testing.T) {
	l := Limit{Requests: 10, Per: time.Second, Burst: 5}
	s := l.Sane(l.Pause(State{}, t0.Add(365*24*time.Hour)), t0)
	end := t0.Add(MaxPause + MaxHorizon + time.Second)
	slots, _, _ := l.Reserve(s, end, 3, time.Second)
	assert.Len(t, slots, 3)
	assert.Equal(t, s, l.Sane(s, t0.Add(time.Minute)), "once it is sane it stays as it is")

	s = l.Pause(State{}, t0.Add(MaxPause))
	_, _, wait := l.Reserve(s, t0, 1, 0)
	assert.Equal(t, MaxPause, wait, "the longest pause is kept whole")
}
