package sched

import (
	"container/heap"
	"fmt"
	"time"
)

// MaxTasksPerInstant bounds how many tasks may run without the clock moving:
// far over what a batch of 100 messages needs, and reached within a second of
// real time by a guest that posts to itself for ever.
const MaxTasksPerInstant = 1_000_000

// MaxTasksPerRun bounds one call of Run.
const MaxTasksPerRun = 50_000_000

// FuelError says which of the loop's limits was used up.
type FuelError struct {
	Limit string // the constant's name
	Tasks int
	Last  string // what ran last
}

func (e *FuelError) Error() string {
	return fmt.Sprintf("wasmtest: event loop ran %d tasks (%s); the last was %s", e.Tasks, e.Limit, e.Last)
}

// Task is something that will happen.
type Task struct {
	due   time.Time
	tie   uint64
	seq   uint64
	index int // in the heap; -1 when it ran or was cancelled
	name  string
	run   func()
}

// Due is when the task runs.
func (t *Task) Due() time.Time { return t.due }

// Lane keeps the tasks posted to it in order. The zero Lane is ready.
type Lane struct {
	due time.Time
	tie uint64
}

// Loop runs tasks in virtual time. It is not safe for concurrent use.
type Loop struct {
	now     time.Time
	tasks   taskHeap
	seq     uint64
	ties    *Rand
	instant int
}

// New is a loop whose clock shows start and whose ties are drawn from r.
func New(start time.Time, r *Rand) *Loop {
	return &Loop{now: start.UTC(), ties: r}
}

// Now is the virtual time.
func (l *Loop) Now() time.Time { return l.now }

// Pending is how many tasks are waiting.
func (l *Loop) Pending() int { return len(l.tasks) }

// Next is when the next task is due; ok is false when there is none.
func (l *Loop) Next() (due time.Time, ok bool) {
	if len(l.tasks) == 0 {
		return time.Time{}, false
	}
	return l.tasks[0].due, true
}

// After runs fn once d has passed; a negative d counts as none. Among tasks of
// one instant the seed chooses.
func (l *Loop) After(d time.Duration, name string, fn func()) *Task {
	return l.push(l.now.Add(max(d, 0)), l.ties.Uint64(), name, fn)
}

// At runs fn at an instant, or now if that has passed.
func (l *Loop) At(due time.Time, name string, fn func()) *Task {
	return l.After(due.Sub(l.now), name, fn)
}

// InLane is After, but never before what was posted to the lane earlier.
func (l *Loop) InLane(lane *Lane, d time.Duration, name string, fn func()) *Task {
	due, tie := l.now.Add(max(d, 0)), l.ties.Uint64()
	if due.Before(lane.due) {
		due = lane.due
	}
	if due.Equal(lane.due) && tie < lane.tie {
		tie = lane.tie // seq orders equal ties
	}
	lane.due, lane.tie = due, tie
	return l.push(due, tie, name, fn)
}

func (l *Loop) push(due time.Time, tie uint64, name string, fn func()) *Task {
	l.seq++
	t := &Task{due: due, tie: tie, seq: l.seq, name: name, run: fn}
	heap.Push(&l.tasks, t)
	return t
}

// Cancel takes a task back. It reports whether the task was still waiting.
func (l *Loop) Cancel(t *Task) bool {
	if t == nil || t.index < 0 {
		return false
	}
	heap.Remove(&l.tasks, t.index)
	return true
}

// Run runs tasks until done says so or none is due by end. It then leaves the
// clock where the last task put it; [Loop.Move] moves it on.
func (l *Loop) Run(end time.Time, done func() bool) error {
	for n := 0; !done(); n++ {
		if len(l.tasks) == 0 || l.tasks[0].due.After(end) {
			return nil
		}
		t := heap.Pop(&l.tasks).(*Task)
		if t.due.After(l.now) {
			l.now, l.instant = t.due, 0
		}
		l.instant++
		if l.instant > MaxTasksPerInstant {
			return &FuelError{Limit: "MaxTasksPerInstant", Tasks: l.instant, Last: t.name}
		}
		if n >= MaxTasksPerRun {
			return &FuelError{Limit: "MaxTasksPerRun", Tasks: n, Last: t.name}
		}
		t.run()
	}
	return nil
}

// Move sets the clock to t when no task is due before it and t is ahead.
func (l *Loop) Move(t time.Time) {
	if t.After(l.now) {
		l.now, l.instant = t.UTC(), 0
	}
}

type taskHeap []*Task

func (h taskHeap) Len() int { return len(h) }

func (h taskHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if !a.due.Equal(b.due) {
		return a.due.Before(b.due)
	}
	if a.tie != b.tie {
		return a.tie < b.tie
	}
	return a.seq < b.seq
}

func (h taskHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *taskHeap) Push(x any) {
	t := x.(*Task)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *taskHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
