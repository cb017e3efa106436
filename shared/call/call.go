package call

import (
	"context"
	"encoding/json"
	"errors"
)

// ErrAnswer reports an answer that this build cannot read.
var ErrAnswer = errors.New("call: malformed answer")

// Func reaches an object: it brings a method's name and payload to the
// object's Invoke. An error of it means that nobody knows whether the call
// took effect.
type Func func(ctx context.Context, method string, payload []byte) ([]byte, error)

// Errors are the errors that a caller is told by number: the index plus one; 0
// is success. New ones go to the end. At most 254, and 255 is left to packages
// that answer more than a number.
type Errors []error

// Number is an error's number; 0 if it is nil or none of them.
func (e Errors) Number(err error) uint8 {
	if err == nil {
		return 0
	}
	for i, known := range e {
		if errors.Is(err, known) {
			return uint8(i + 1)
		}
	}
	return 0
}

// Answer packs what a method returned. The body may stand beside an error. An
// error that has no number is returned: the call failed, or nobody knows.
func (e Errors) Answer(body []byte, err error) ([]byte, error) {
	n := e.Number(err)
	if err != nil && n == 0 {
		return nil, err
	}
	return append([]byte{n}, body...), nil
}

// Read is Answer's inverse: the body, and the error beside it. It returns
// ErrAnswer for what no Answer of this table is.
func (e Errors) Read(answer []byte) (body []byte, err error) {
	if len(answer) == 0 || int(answer[0]) > len(e) {
		return nil, ErrAnswer
	}
	if n := answer[0]; n > 0 {
		err = e[n-1]
	}
	return answer[1:], err
}

// AnswerJSON packs a result as JSON, or the error without it.
func (e Errors) AnswerJSON(result any, err error) ([]byte, error) {
	if err != nil {
		return e.Answer(nil, err)
	}
	body, err := json.Marshal(result)
	return append([]byte{0}, body...), err
}

// ReadJSON is AnswerJSON's inverse.
func ReadJSON[Out any](e Errors, answer []byte) (out Out, err error) {
	body, err := e.Read(answer)
	if err != nil {
		return out, err
	}
	return Result[Out](body)
}

// Result reads a result that is JSON, or returns ErrAnswer.
func Result[Out any](body []byte) (out Out, err error) {
	if json.Unmarshal(body, &out) != nil {
		var none Out
		return none, ErrAnswer
	}
	return out, nil
}

// JSON calls a method whose argument follows head, which says whose object is
// meant, as JSON. malformed is the error for an argument that has no JSON form.
func JSON[Out any](ctx context.Context, invoke Func, e Errors, method string, head []byte, in any, malformed error) (Out, error) {
	arg, err := json.Marshal(in)
	if err != nil {
		var none Out
		return none, malformed
	}
	answer, err := invoke(ctx, method, append(head, arg...))
	if err != nil {
		var none Out
		return none, err
	}
	return ReadJSON[Out](e, answer)
}

// With serves a method whose argument is JSON. malformed is the error for one
// that is not.
func With[In, Out any](arg []byte, malformed error, f func(In) (Out, error)) (any, error) {
	var in In
	if json.Unmarshal(arg, &in) != nil {
		return nil, malformed
	}
	return f(in)
}

// None is the argument of a method without one.
type None struct{}
