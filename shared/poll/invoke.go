package poll

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke.
const (
	methodPut    = "put"
	methodGet    = "get"
	methodDelete = "delete"
	methodRun    = "run"
)

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{ErrNotFound, ErrTenant, ErrRequest, ErrDefinition, ErrLimit}

// Invoke serves one call of a Client. The payload names the tenant and poll
// that the caller means, and the object refuses all but its own. The error is
// nil unless the database or the platform failed.
//
//	payload: bytes tenant, bytes poll, then the argument as JSON
//	answer:  uint8 number of the error, then the result as JSON, or with
//	         ErrDefinition what is wrong
func (p *Poll) Invoke(method string, payload []byte) ([]byte, error) {
	result, err := p.invoke(method, payload)
	if errors.Is(err, ErrDefinition) {
		return answers.Answer([]byte(err.Error()), err) // words for an operator, of ours
	}
	return answers.AnswerJSON(result, err)
}

func (p *Poll) invoke(method string, payload []byte) (any, error) {
	r := wire.NewReader(payload)
	tenant, poll := r.String(), r.String()
	if r.Err() != nil {
		return nil, ErrRequest
	}
	arg := r.Rest()
	ctx := context.Background()
	switch method {
	case methodPut:
		var d Definition
		if json.Unmarshal(arg, &d) != nil {
			return nil, ErrRequest
		}
		if err := d.Check(p.now()); err != nil {
			return nil, err // before anything is made
		}
		if err := p.bind(tenant, poll, true); err != nil {
			return nil, err
		}
		return p.Put(ctx, d)
	case methodGet:
		if err := p.bind(tenant, poll, false); err != nil {
			return nil, err
		}
		return p.Get()
	case methodDelete:
		if err := p.bind(tenant, poll, false); err != nil {
			return nil, err
		}
		return p.Delete(ctx)
	case methodRun:
		var why Why
		if json.Unmarshal(arg, &why) != nil || why&^(Touched|Asked) != 0 {
			return nil, ErrRequest
		}
		err := p.bind(tenant, poll, false)
		if errors.Is(err, ErrNotFound) {
			return Ran{Outcome: RanGone}, nil
		}
		if err != nil {
			return nil, err
		}
		return p.Run(ctx, why)
	}
	return nil, ErrRequest
}
