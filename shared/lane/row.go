package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// row is what a decision about a write needs of it.
type row struct {
	seq                  int64
	tag, part            string
	ordered              bool
	state                string
	holds, released      bool
	active               bool // it is ready, under way, or has a time: of a key one at most
	safe                 bool // the attempt under way may be repeated blindly
	fence                int64
	attempts, priority   int
	accepted, since      time.Time
	notBefore, expiresAt time.Time
	size                 int64
	claim, idem          string
	replays              int
	method               string
	answer               string
	status               int
}

const rowColumns = `seq, tag, part, ordered, state, holds, released, safe, fence, attempts, priority, accepted, since, not_before, expires_at, size, claim, idem, replays, method, answer, last_status, rank IS NOT NULL OR due_at IS NOT NULL`

func readRow(r *sqlstore.Row) row {
	return row{
		seq: r.Int64(), tag: r.Text(), part: r.Text(), ordered: r.Bool(), state: r.Text(), holds: r.Bool(), released: r.Bool(), safe: r.Bool(),
		fence: r.Int64(), attempts: r.Int(), priority: r.Int(), accepted: r.Time(), since: r.Time(), notBefore: r.Time(), expiresAt: r.Time(),
		size: r.Int64(), claim: r.Text(), idem: r.Text(), replays: r.Int(), method: r.Text(), answer: r.Text(), status: r.Int(),
		active: r.Bool(),
	}
}

// rows reads the rows that a query's condition selects.
func (l *Lane) rows(where string, args ...any) ([]row, error) {
	found, err := l.cfg.DB.Exec(`SELECT `+rowColumns+` FROM writes WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	list := make([]row, 0, found.Len())
	for r := range found.All() {
		list = append(list, readRow(r))
		if err := r.Done(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (l *Lane) find(seq int64) (row, bool, error) {
	list, err := l.rows(`seq = ?`, seq)
	if err != nil || len(list) == 0 {
		return row{}, false, err
	}
	return list[0], true, nil
}

func (v *row) open() bool { return v.state == Pending || v.state == Delivering }

// ready makes a pending write go out as soon as the budget allows.
func (l *Lane) ready(h *head, v *row) error {
	h.unrelease(v)
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, rank = ?, due_at = NULL, released = 0 WHERE seq = ?`,
		Pending, rank(v.accepted, v.priority), v.seq)
	return err
}

// postpone makes it wait until then.
func (l *Lane) postpone(h *head, v *row, until time.Time) error {
	h.unrelease(v)
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, rank = NULL, due_at = ?, released = 0 WHERE seq = ?`, Pending, millis(until), v.seq)
	return err
}

// stepBack makes it wait behind an earlier one of its key.
func (l *Lane) stepBack(v *row) error {
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, rank = NULL, due_at = NULL WHERE seq = ?`, Pending, v.seq)
	return err
}

// start marks a write as being sent until then, and says under which fence.
func (l *Lane) start(h *head, v *row, until time.Time, safe bool) error {
	h.unrelease(v)
	v.state, v.safe = Delivering, safe
	v.fence++
	v.attempts++
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, rank = NULL, due_at = ?, released = 0, fence = ?, attempts = ?, safe = ? WHERE seq = ?`,
		Delivering, millis(until.Add(leaseGrace)), v.fence, v.attempts, safe, v.seq)
	return err
}

// extend has a write that is being sent be so until then.
func (l *Lane) extend(seq int64, until time.Time) error {
	_, err := l.cfg.DB.Exec(`UPDATE writes SET due_at = ? WHERE seq = ?`, millis(until.Add(leaseGrace)), seq)
	return err
}

func (h *head) unrelease(v *row) {
	if v.released {
		h.released--
		v.released = false
	}
}

// end takes a write out of the open ones. A blocking one keeps its place in
// the order of its key. If that leaves none of the key on its way, the first
// one moves up; one that stood behind, or blocked a place further back than the
// one on its way, leaves that as it is.
func (l *Lane) end(h *head, v *row, state, reason string, now time.Time) error {
	if v.open() {
		h.depth--
		h.bytes -= v.size
		if err := l.keep(h, v, 1); err != nil {
			return err
		}
	}
	h.unrelease(v)
	undecided := state == Dead || state == Parked
	blocks := undecided && v.ordered && v.holds && h.cfg.OnFailure == destination.Block
	var due any
	if !undecided {
		due = millis(onGrid(now.Add(Retention)))
	}
	_, err := l.cfg.DB.Exec(`UPDATE writes SET state = ?, reason = ?, holds = ?, rank = NULL, due_at = ?, released = 0, settled_at = ? WHERE seq = ?`,
		state, reason, blocks, due, millis(now), v.seq)
	if err != nil {
		return err
	}
	behind := v.open() && !v.active
	decided := v.holds && !v.open()
	v.state = state
	if !v.holds || !v.ordered || behind {
		v.holds = blocks
		return nil
	}
	v.holds = blocks
	if decided { // it blocked its key
		if other, err := l.exists(onItsWay, v.part); err != nil || other {
			return err
		}
	}
	return l.promote(h, v.part, now)
}

// onItsWay is a condition on table writes: the one of a key that is ready,
// under way or has a time.
const onItsWay = `part = ? AND holds = 1 AND (rank IS NOT NULL OR due_at IS NOT NULL)`

// purgeEvery is the grid that purges are put on, so that a steady stream of
// old writes is one alarm in ten minutes and not one per write.
const purgeEvery = 10 * time.Minute

func onGrid(t time.Time) time.Time { return t.Add(purgeEvery - 1).Truncate(purgeEvery) }

// promote makes the first write of a key the one to go. The caller knows that
// none of the key is on its way.
func (l *Lane) promote(h *head, part string, now time.Time) error {
	list, err := l.rows(`part = ? AND holds = 1 ORDER BY seq LIMIT 1`, part)
	if err != nil || len(list) == 0 {
		return err
	}
	v := &list[0]
	switch {
	case v.state != Pending: // blocking
		return nil
	case v.notBefore.After(now):
		return l.postpone(h, v, v.notBefore)
	}
	return l.ready(h, v)
}

// lease is how long a write with a slot that was had now may take until it is
// settled: the slot lies claimHorizon ahead at most and is good for pace's
// slack, which is within the grace; a request takes no longer than Timeout.
func lease(cfg *destination.Config) time.Duration { return cfg.Timeout + claimHorizon + leaseGrace }
