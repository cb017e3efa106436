package lane

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke.
const (
	methodPut         = "put"
	methodDescribe    = "describe"
	methodDelete      = "delete"
	methodAccept      = "accept"
	methodPermit      = "permit"
	methodReport      = "report"
	methodClaim       = "claim"
	methodSettle      = "settle"
	methodGivenUp     = "given_up"
	methodGet         = "get"
	methodList        = "list"
	methodReplay      = "replay"
	methodCancel      = "cancel"
	methodPurge       = "purge"
	methodReplayWhere = "replay_where"
	methodPurgeWhere  = "purge_where"
)

// answers are the errors that a caller is told, but for an ItemError, which is
// itemAnswer and comes as JSON. New ones go to the end.
var answers = call.Errors{
	outbound.ErrNotFound, ErrTenant, ErrRequest, ErrFull, ErrBusy, ErrState, ErrOpen, ErrFilter, seal.ErrNoRing,
	outbound.ErrNotListed,
}

const itemAnswer = 255

// Invoke serves one call of a Client. The payload names the destination the
// caller means, and the object refuses all but its own. The error is nil
// unless the database or the platform failed; refusals are in the answer.
//
//	payload: bytes tenant, bytes destination, then a message
//	answer:  uint8 number of the error, then a message
//	message: bytes JSON, uint32 n, n × (uint8 whether there is one, bytes body)
//
// Bodies stand beside the JSON: base64 would make them a third longer, and
// decoding it in Wasm takes longer than all the rest.
func (l *Lane) Invoke(method string, payload []byte) ([]byte, error) {
	r := wire.NewReader(payload)
	tenant, dest := r.String(), r.String()
	if r.Err() != nil {
		return answers.Answer(nil, ErrRequest)
	}
	result, bodies, err := l.invoke(tenant, dest, method, r)
	var item *ItemError
	switch {
	case errors.As(err, &item):
		return appendMessage([]byte{itemAnswer}, item, nil)
	case err != nil:
		return answers.Answer(nil, err)
	}
	return appendMessage([]byte{0}, result, bodies)
}

func appendMessage(b []byte, v any, bodies [][]byte) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	b = wire.AppendBytes(b, text)
	b = wire.AppendUint32(b, uint32(len(bodies)))
	for _, body := range bodies {
		there := uint8(0)
		if body != nil {
			there = 1
		}
		b = wire.AppendBytes(wire.AppendUint8(b, there), body)
	}
	return b, nil
}

// readMessage reads what appendMessage wrote. The bodies alias the message.
func readMessage(r *wire.Reader, v any) (bodies [][]byte, ok bool) {
	text := r.Bytes()
	bodies = make([][]byte, r.Count(5))
	for i := range bodies {
		there := r.Uint8()
		if body := r.Bytes(); there != 0 {
			bodies[i] = body
		}
	}
	return bodies, r.Done() == nil && json.Unmarshal(text, v) == nil
}

func (l *Lane) invoke(tenant, dest, method string, r *wire.Reader) (result any, bodies [][]byte, err error) {
	budget := strings.HasPrefix(dest, budgetPrefix)
	if budget && method != methodPermit && method != methodReport {
		return nil, nil, ErrRequest
	}
	if err := l.bind(tenant, dest, method == methodPut || budget); err != nil {
		return nil, nil, err
	}
	switch method {
	case methodAccept:
		var in []Write
		bodies, ok := readMessage(r, &in)
		if !ok || len(bodies) != len(in) {
			return nil, nil, ErrRequest
		}
		for i := range in {
			in[i].Body = bodies[i]
		}
		out, err := l.Accept(in)
		return out, nil, err
	case methodClaim:
		result, err = invokeWith(r, l.Claim)
		if c, ok := result.(Claimed); ok {
			for _, d := range c.Decisions {
				if d.Work != nil {
					bodies = append(bodies, d.Work.Body)
				}
			}
		}
		return result, bodies, err
	}
	result, err = l.invokePlain(method, r)
	return result, nil, err
}

// invokePlain serves what is JSON both ways.
func (l *Lane) invokePlain(method string, r *wire.Reader) (any, error) {
	switch method {
	case methodPermit:
		return invokeWith(r, l.Permit)
	case methodReport:
		return invokeWith(r, nothing(l.Report))
	case methodSettle:
		return invokeWith(r, nothing(l.Settle))
	case methodGivenUp:
		return invokeWith(r, nothing(l.GivenUp))
	case methodPut:
		return invokeWith(r, l.Put)
	case methodDescribe:
		return invokeWith(r, func(struct{}) (Destination, error) { return l.Describe() })
	case methodDelete:
		return invokeWith(r, func(struct{}) (any, error) { return nil, l.Delete() })
	case methodGet:
		return invokeWith(r, l.Get)
	case methodList:
		return invokeWith(r, l.List)
	case methodReplay:
		return invokeWith(r, nothing(l.Replay))
	case methodCancel:
		return invokeWith(r, nothing(l.Cancel))
	case methodPurge:
		return invokeWith(r, nothing(l.Purge))
	case methodReplayWhere:
		return invokeWith(r, l.ReplayWhere)
	case methodPurgeWhere:
		return invokeWith(r, l.PurgeWhere)
	}
	return nil, ErrRequest
}

func nothing[In any](f func(In) error) func(In) (any, error) {
	return func(in In) (any, error) { return nil, f(in) }
}

func invokeWith[In, Out any](r *wire.Reader, f func(In) (Out, error)) (any, error) {
	var in In
	if _, ok := readMessage(r, &in); !ok {
		return nil, ErrRequest
	}
	return f(in)
}
