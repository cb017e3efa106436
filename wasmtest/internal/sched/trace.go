package sched

import (
	"fmt"
	"hash"
	"hash/fnv"
	"time"
)

// MaxTraceLines bounds how many lines a trace keeps; its sum covers all.
const MaxTraceLines = 2_000_000

// Trace is what happened, line by line. Two runs of one seed have equal
// traces.
type Trace struct {
	start time.Time
	lines []string
	count int
	sum   hash.Hash64
}

// NewTrace times its lines from start.
func NewTrace(start time.Time) *Trace {
	return &Trace{start: start, sum: fnv.New64a()}
}

// Add appends a line.
func (t *Trace) Add(now time.Time, format string, args ...any) {
	line := fmt.Sprintf("%12.3f  ", now.Sub(t.start).Seconds()) + fmt.Sprintf(format, args...)
	t.count++
	t.sum.Write([]byte(line))
	t.sum.Write([]byte{'\n'})
	if len(t.lines) < MaxTraceLines {
		t.lines = append(t.lines, line)
	}
}

// Lines is the trace so far. The caller must not change it.
func (t *Trace) Lines() []string { return t.lines }

// Count is how many lines were added.
func (t *Trace) Count() int { return t.count }

// Sum is a digest of every line.
func (t *Trace) Sum() uint64 { return t.sum.Sum64() }
