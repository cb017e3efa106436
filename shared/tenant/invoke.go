package tenant

import (
	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke.
const (
	methodPutSource    = "put_source"
	methodSource       = "source"
	methodSources      = "sources"
	methodDeleteSource = "delete_source"
	methodRotateSource = "rotate_source"
	methodPutAgent     = "put_agent"
	methodAgent        = "agent"
	methodRotateAgent  = "rotate_agent"
	methodStopAgent    = "stop_agent"
	methodAgentTarget  = "agent_target"
	methodCreateKey    = "create_key"
	methodKeys         = "keys"
	methodDeleteKey    = "delete_key"
	methodAuthenticate = "authenticate"
	methodEnlist       = "enlist"
	methodDelist       = "delist"
	methodListed       = "listed"

	methodPutAuthorization    = "put_authorization"
	methodAuthorization       = "authorization"
	methodDeleteAuthorization = "delete_authorization"
)

// Revokes reports whether a method of Invoke takes somebody's right to be let
// in at the agent's endpoint.
func Revokes(method string) bool {
	return method == methodDeleteKey || method == methodDeleteAuthorization
}

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{
	ErrNotFound, ErrTenant, ErrRequest, ErrProvider, ErrParams, ErrSecret, ErrSecrets, ErrLimit,
	ErrStale, ErrUnauthenticated, ErrUnreadable, seal.ErrNoRing, ErrReserved, ErrRestricted,
}

// Invoke serves one call of a Client. The payload names the tenant the caller
// means, and the object refuses all but its own. The error is nil unless the
// database or the platform failed; refusals are in the answer.
//
//	payload: bytes tenant, then the argument as JSON
//	answer:  uint8 number of the error, then the result as JSON
func (t *Tenant) Invoke(method string, payload []byte) ([]byte, error) {
	return answers.AnswerJSON(t.invoke(method, payload))
}

func (t *Tenant) invoke(method string, payload []byte) (any, error) {
	r := wire.NewReader(payload)
	tenant := r.String()
	if r.Err() != nil {
		return nil, ErrRequest
	}
	arg := r.Rest()
	switch method {
	// These make the object exist.
	case methodPutSource:
		return invokeWith(t, tenant, true, arg, t.PutSource)
	case methodPutAgent:
		return invokeWith(t, tenant, true, arg, t.PutAgent)
	case methodCreateKey:
		return invokeWith(t, tenant, true, arg, t.CreateKey)
	case methodEnlist:
		return invokeWith(t, tenant, true, arg, func(in Listing) (any, error) { return nil, t.Enlist(in) })
	case methodPutAuthorization:
		return invokeWith(t, tenant, true, arg, t.PutAuthorization)
	// These find it or nothing.
	case methodAuthorization:
		return invokeWith(t, tenant, false, arg, func(call.None) (Authorization, error) { return t.Authorization() })
	case methodDeleteAuthorization:
		return invokeWith(t, tenant, false, arg, func(call.None) (any, error) { return nil, t.DeleteAuthorization() })
	case methodSource:
		return invokeWith(t, tenant, false, arg, t.Source)
	case methodSources:
		return invokeWith(t, tenant, false, arg, func(call.None) ([]Source, error) { return t.Sources() })
	case methodDeleteSource:
		return invokeWith(t, tenant, false, arg, t.DeleteSource)
	case methodRotateSource:
		return invokeWith(t, tenant, false, arg, t.RotateSource)
	case methodAgent:
		return invokeWith(t, tenant, false, arg, func(call.None) (Agent, error) { return t.Agent() })
	case methodRotateAgent:
		return invokeWith(t, tenant, false, arg, t.RotateAgent)
	case methodStopAgent:
		return invokeWith(t, tenant, false, arg, func(in StopAgent) (any, error) { return nil, t.StopAgent(in) })
	case methodAgentTarget:
		return invokeWith(t, tenant, false, arg, func(call.None) (AgentTarget, error) { return t.AgentTarget() })
	case methodKeys:
		return invokeWith(t, tenant, false, arg, func(call.None) ([]Key, error) { return t.Keys() })
	case methodDeleteKey:
		return invokeWith(t, tenant, false, arg, func(id string) (any, error) { return nil, t.DeleteKey(id) })
	case methodDelist:
		return invokeWith(t, tenant, false, arg, func(in Listing) (any, error) { return nil, t.Delist(in) })
	case methodListed:
		return invokeWith(t, tenant, false, arg, t.Listed)
	case methodAuthenticate:
		return invokeWith(t, tenant, false, arg, func(token string) (any, error) { return nil, t.Authenticate(token) })
	}
	return nil, ErrRequest
}

func invokeWith[In, Out any](t *Tenant, tenant string, write bool, arg []byte, f func(In) (Out, error)) (any, error) {
	return call.With(arg, ErrRequest, func(in In) (any, error) {
		if err := t.bind(tenant, write); err != nil {
			return nil, err
		}
		return f(in)
	})
}
