package ledger

import (
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/wire"
)

// The hot calls travel as wire fields; both ends are of one build, so there
// is no version. Durations are milliseconds.

func appendMillis(b []byte, d time.Duration) []byte { return wire.AppendInt64(b, d.Milliseconds()) }

// readMillis brings a duration from outside within a range where no
// arithmetic on it overflows.
func readMillis(r *wire.Reader) time.Duration {
	const most = int64(365 * 24 * time.Hour / time.Millisecond)
	return time.Duration(min(max(r.Int64(), -most), most)) * time.Millisecond
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return wire.AppendUint8(b, 1)
	}
	return wire.AppendUint8(b, 0)
}

func appendItems(b []byte, items []Item) []byte {
	b = wire.AppendUint32(b, uint32(len(items)))
	for _, it := range items {
		b = wire.AppendBytes(b, it.MessageID)
		b = wire.AppendUint32(b, uint32(max(it.Attempts, 0)))
		b = wire.AppendBytes(b, it.Message)
	}
	return b
}

func readItems(r *wire.Reader) []Item {
	items := make([]Item, r.Count(12))
	for i := range items {
		items[i] = Item{MessageID: r.String(), Attempts: int(r.Uint32()), Message: r.Bytes()}
	}
	return items
}

func appendClaimRequest(b []byte, req ClaimRequest) []byte {
	return appendItems(appendMillis(b, req.Lease), req.Items)
}

func readClaimRequest(p []byte) (ClaimRequest, error) {
	r := wire.NewReader(p)
	req := ClaimRequest{Lease: readMillis(r), Items: readItems(r)}
	return req, r.Done()
}

func appendDecisions(b []byte, ds []Decision) []byte {
	b = wire.AppendUint32(b, uint32(len(ds)))
	for _, d := range ds {
		b = wire.AppendUint8(b, uint8(d.Kind))
		b = wire.AppendBytes(b, d.Key)
		b = wire.AppendInt64(b, d.Fence)
		b = wire.AppendUint32(b, uint32(d.Attempt))
		b = appendMillis(b, d.After)
		b = wire.AppendBytes(b, d.State)
		b = appendBool(b, d.Duplicate)
		b = appendBool(b, d.Died)
		var e []byte // empty for none
		if d.Event != nil {
			e = event.Encode(d.Event)
		}
		b = wire.AppendBytes(b, e)
	}
	return b
}

func readDecisions(p []byte) ([]Decision, error) {
	r := wire.NewReader(p)
	ds := make([]Decision, r.Count(35))
	for i := range ds {
		d := &ds[i]
		d.Kind, d.Key, d.Fence, d.Attempt = Kind(r.Uint8()), r.String(), r.Int64(), int(r.Uint32())
		d.After, d.State = readMillis(r), r.String()
		d.Duplicate, d.Died = r.Uint8() != 0, r.Uint8() != 0
		if e := r.Bytes(); len(e) > 0 {
			msg, err := event.Decode(e)
			if err != nil {
				return nil, err
			}
			d.Event = msg.Event
		}
	}
	return ds, r.Done()
}

func appendResults(b []byte, rs []Result) []byte {
	b = wire.AppendUint32(b, uint32(len(rs)))
	for _, v := range rs {
		b = wire.AppendBytes(b, v.Key)
		b = wire.AppendInt64(b, v.Fence)
		b = wire.AppendUint8(b, uint8(v.Outcome))
		b = wire.AppendUint32(b, uint32(max(v.Status, 0)))
		b = wire.AppendBytes(b, v.Reason)
		b = appendMillis(b, v.RetryAfter)
		b = appendMillis(b, v.Took)
	}
	return b
}

func readResults(p []byte) ([]Result, error) {
	r := wire.NewReader(p)
	rs := make([]Result, r.Count(37))
	for i := range rs {
		rs[i] = Result{
			Key: r.String(), Fence: r.Int64(), Outcome: Outcome(r.Uint8()), Status: int(r.Uint32()),
			Reason: r.String(), RetryAfter: readMillis(r), Took: readMillis(r),
		}
	}
	return rs, r.Done()
}

func appendSettled(b []byte, ss []Settled) []byte {
	b = wire.AppendUint32(b, uint32(len(ss)))
	for _, s := range ss {
		b = appendBool(b, s.Ack)
		b = appendMillis(b, s.RetryAfter)
		b = appendBool(b, s.Stale)
		b = appendBool(b, s.Died)
		b = wire.AppendUint32(b, uint32(max(s.Attempts, 0)))
	}
	return b
}

func readSettled(p []byte) ([]Settled, error) {
	r := wire.NewReader(p)
	ss := make([]Settled, r.Count(15))
	for i := range ss {
		ss[i] = Settled{
			Ack: r.Uint8() != 0, RetryAfter: readMillis(r), Stale: r.Uint8() != 0,
			Died: r.Uint8() != 0, Attempts: int(r.Uint32()),
		}
	}
	return ss, r.Done()
}

func appendMarks(b []byte, ms []Marked) []byte {
	for _, m := range ms {
		b = wire.AppendUint8(b, uint8(m))
	}
	return b
}

func readMarks(p []byte) []Marked {
	ms := make([]Marked, len(p))
	for i, v := range p {
		ms[i] = Marked(v)
	}
	return ms
}

func appendStrings(b []byte, list []string) []byte {
	b = wire.AppendUint32(b, uint32(len(list)))
	for _, s := range list {
		b = wire.AppendBytes(b, s)
	}
	return b
}

func readStrings(r *wire.Reader) ([]string, error) {
	list := make([]string, r.Count(4))
	for i := range list {
		list[i] = r.String()
	}
	return list, r.Done()
}

func appendMessages(b []byte, list [][]byte) []byte {
	b = wire.AppendUint32(b, uint32(len(list)))
	for _, m := range list {
		b = wire.AppendBytes(b, m)
	}
	return b
}

func readMessages(r *wire.Reader) [][]byte {
	list := make([][]byte, r.Count(4))
	for i := range list {
		list[i] = r.Bytes()
	}
	return list
}

func appendSightings(b []byte, list []Sighting) []byte {
	for _, s := range list {
		b = wire.AppendUint8(b, uint8(s))
	}
	return b
}
