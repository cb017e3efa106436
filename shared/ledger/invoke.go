package ledger

import (
	"encoding/json"
	"errors"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke.
const (
	methodClaim       = "claim"
	methodSettle      = "settle"
	methodMarkDead    = "mark_dead"
	methodGet         = "get"
	methodList        = "list"
	methodReplay      = "replay"
	methodReplayWhere = "replay_where"
	methodStats       = "stats"
	methodSeen        = "seen"
	methodBury        = "bury"
	methodPurge       = "purge"
	methodPurgeWhere  = "purge_where"
)

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{ErrNotFound, ErrInFlight, ErrTenant, ErrShard, ErrRequeue, ErrFilter, ErrRequest, ErrOpen, ErrPurged}

// Invoke serves one call of a Client. The payload names the tenant and shard
// the caller means, and the object refuses all but its own. The error is nil
// unless the database or the platform failed; refusals are in the answer.
//
//	payload: bytes tenant, uint32 shard, then the method's own
//	answer:  uint8 number of the error, then the method's own
func (l *Ledger) Invoke(method string, payload []byte) ([]byte, error) {
	return answers.Answer(l.invoke(method, payload))
}

func (l *Ledger) invoke(method string, payload []byte) ([]byte, error) {
	r := wire.NewReader(payload)
	tenant, shard := r.String(), r.Uint32()
	if r.Err() != nil || shard >= Shards {
		return nil, ErrRequest
	}
	if err := l.bind(tenant, int(shard)); err != nil {
		return nil, err
	}
	p := r.Rest()
	switch method {
	case methodClaim:
		req, err := readClaimRequest(p)
		if err != nil {
			return nil, ErrRequest
		}
		ds, err := l.Claim(req)
		return appendDecisions(nil, ds), err
	case methodSettle:
		rs, err := readResults(p)
		if err != nil {
			return nil, ErrRequest
		}
		ss, err := l.Settle(rs)
		return appendSettled(nil, ss), err
	case methodMarkDead:
		r := wire.NewReader(p)
		items := readItems(r)
		if r.Done() != nil {
			return nil, ErrRequest
		}
		ms, err := l.MarkDead(items)
		return appendMarks(nil, ms), err
	case methodSeen:
		keys, err := readStrings(wire.NewReader(p))
		if err != nil {
			return nil, ErrRequest
		}
		seen, err := l.Seen(keys)
		return appendSightings(nil, seen), err
	case methodBury:
		r := wire.NewReader(p)
		reason := r.String()
		messages := readMessages(r)
		if r.Done() != nil {
			return nil, ErrRequest
		}
		return nil, l.Bury(reason, messages)
	case methodReplay:
		return nil, l.Replay(string(p))
	case methodPurge:
		return nil, l.Purge(string(p))
	case methodGet:
		d, err := l.Get(string(p))
		return answerJSON(d, err)
	case methodStats:
		c, err := l.Stats()
		return answerJSON(c, err)
	}
	return l.invokeFilter(method, p)
}

func (l *Ledger) invokeFilter(method string, p []byte) ([]byte, error) {
	var f Filter
	if json.Unmarshal(p, &f) != nil {
		return nil, ErrRequest
	}
	switch method {
	case methodList:
		page, err := l.List(f)
		return answerJSON(page, err)
	case methodReplayWhere:
		out, err := l.ReplayWhere(f)
		return answerJSON(out, err)
	case methodPurgeWhere:
		out, err := l.PurgeWhere(f)
		return answerJSON(out, err)
	}
	return nil, ErrRequest
}

// answerJSON keeps the value beside an ErrRequeue, whose result holds.
func answerJSON(v any, err error) ([]byte, error) {
	if err != nil && !errors.Is(err, ErrRequeue) {
		return nil, err
	}
	b, bad := json.Marshal(v)
	return b, errors.Join(bad, err)
}
