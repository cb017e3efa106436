package lane

import (
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/wire"
)

// Writes without a partition key go by the queue `writes`, where many
// consumers take them. Only as many are put there as the budget will take
// soon: what waits longer waits in the lane, where a priority, a cancellation
// or a Retry-After still finds it, and where it costs no queue operation.
const (
	releaseAhead = 3 * time.Second // of the rate
	maxWindow    = 1000            // a burst of ten queue batches
	// refusedPause is when a queue that refused is tried again.
	refusedPause = 5 * time.Second
)

// window is how many writes may be on the queue, and if none, until when.
func (h *head) window(now time.Time) (int64, time.Time) {
	switch h.state.Breaker.Phase(now) {
	case breaker.Open:
		return 0, h.state.Breaker.Until
	case breaker.HalfOpen:
		return 1, h.state.Breaker.Probe
	}
	limit, _, from := h.budget(now)
	if at := from.NotBefore; at.Sub(now) > releaseAhead {
		return 0, at.Add(-claimHorizon)
	}
	if now.Before(h.state.Wake) {
		return 0, h.state.Wake
	}
	t := max(limit.Interval(), limit.Spacing)
	if t == 0 {
		return maxWindow, time.Time{}
	}
	return min(int64(releaseAhead/t)+1, maxWindow), time.Time{}
}

// sendReady puts ready writes on the queue, as many as the window has room
// for. What the queue refuses is ready again, a little later.
func (l *Lane) sendReady() {
	var seqs []int64
	now := l.now()
	err := l.tx(func(h *head) error {
		window, _ := h.window(now)
		room := window - h.released
		if !h.configured || room <= 0 {
			return nil
		}
		list, err := l.rows(`ordered = 0 AND rank IS NOT NULL ORDER BY rank, seq LIMIT ?`, room)
		if err != nil {
			return err
		}
		for i := range list {
			v := &list[i]
			if _, err := l.cfg.DB.Exec(`UPDATE writes SET rank = NULL, due_at = ?, released = 1 WHERE seq = ?`, millis(now.Add(sweepGrace)), v.seq); err != nil {
				return err
			}
			h.released++
			seqs = append(seqs, v.seq)
		}
		return nil
	})
	if err != nil {
		l.cfg.Log("lane_failed", "tenant", l.tenant, "destination", l.destination, "in", "release")
		return // nothing has changed, the alarm comes
	}
	messages := make([][]byte, len(seqs))
	for i, seq := range seqs {
		messages[i] = EncodeReference(Reference{l.tenant, l.destination, seq})
	}
	sent := 0
	for chunk := range queue.Chunks(messages) {
		if planted.Bug == "norelease" {
			break
		}
		if err := l.cfg.SendWrites(chunk); err != nil {
			l.cfg.Log("queue_unavailable", "tenant", l.tenant, "destination", l.destination)
			l.takeBack(seqs[sent:])
			return
		}
		sent += len(chunk)
	}
}

// takeBack makes writes ready again that the queue did not take. (It may have
// taken them all the same; then their message finds them settled, or is the
// one that sends them.)
func (l *Lane) takeBack(seqs []int64) {
	now := l.now()
	err := l.tx(func(h *head) error {
		for _, seq := range seqs {
			v, ok, err := l.find(seq)
			if err != nil {
				return err
			}
			if ok && v.state == Pending && v.released {
				if err := l.ready(h, &v); err != nil {
					return err
				}
			}
		}
		h.state.Wake = now.Add(refusedPause)
		return nil
	})
	if err == nil {
		err = l.arm(now.Add(refusedPause))
	}
	if err != nil { // they stay released; the sweep finds them
		l.cfg.Log("lane_failed", "tenant", l.tenant, "destination", l.destination, "in", "take_back")
	}
}

// Reference is a message of the queue `writes`: where the write is.
type Reference struct {
	Tenant, Destination string
	Seq                 int64
}

// version is the first byte of a message, which may outlive a deployment.
const version = 1

// EncodeReference makes the message.
func EncodeReference(r Reference) []byte {
	b := wire.AppendUint8(nil, version)
	b = wire.AppendBytes(wire.AppendBytes(b, r.Tenant), r.Destination)
	return wire.AppendInt64(b, r.Seq)
}

// DecodeReference reads it; false for anything else.
func DecodeReference(b []byte) (Reference, bool) {
	r := wire.NewReader(b)
	v := r.Uint8()
	ref := Reference{Tenant: r.String(), Destination: r.String(), Seq: r.Int64()}
	return ref, r.Done() == nil && v == version && ref.Seq > 0
}
