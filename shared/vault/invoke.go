package vault

import (
	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/wire"
)

// Methods of Invoke.
const (
	methodPut        = "put"
	methodGet        = "get"
	methodList       = "list"
	methodDisconnect = "disconnect"
	methodLink       = "link"
	methodOpenLink   = "open_link"
	methodAuthorize  = "authorize"
	methodFinish     = "finish"
	methodToken      = "token"
	methodUsed       = "used"
	methodScopes     = "scopes"
	methodWatch      = "watch"
	methodShred      = "shred"
)

// answers are the errors that a caller is told. New ones go to the end.
var answers = call.Errors{
	ErrNotFound, ErrTenant, ErrRequest, ErrLimit, ErrProvider, ErrParams, ErrEndpoint, ErrClient, ErrDiscovery,
	ErrNeedsReauth, ErrForbidden, ErrUnavailable, ErrRefused, ErrUnreadable, ErrFlow, ErrIssuer, ErrDenied, ErrExchange,
	seal.ErrNoRing,
}

// Invoke serves one call of a Client. The payload names the tenant the caller
// means, and the object refuses all but its own. The error is nil unless the
// database or the platform failed; refusals are in the answer.
//
//	payload: bytes tenant, then the argument as JSON
//	answer:  uint8 number of the error, then the result as JSON
func (v *Vault) Invoke(method string, payload []byte) ([]byte, error) {
	return answers.AnswerJSON(v.invoke(method, payload))
}

func (v *Vault) invoke(method string, payload []byte) (any, error) {
	r := wire.NewReader(payload)
	tenant := r.String()
	if r.Err() != nil {
		return nil, ErrRequest
	}
	arg := r.Rest()
	switch method {
	case methodPut: // makes the object exist
		return invokeWith(v, tenant, true, arg, v.PutConnection)
	// These find it or nothing.
	case methodGet:
		return invokeWith(v, tenant, false, arg, v.Connection)
	case methodList:
		return invokeWith(v, tenant, false, arg, func(call.None) ([]Connection, error) { return v.Connections() })
	case methodDisconnect:
		return invokeWith(v, tenant, false, arg, v.Disconnect)
	case methodLink:
		return invokeWith(v, tenant, false, arg, v.Link)
	case methodOpenLink:
		return invokeWith(v, tenant, false, arg, v.OpenLink)
	case methodAuthorize:
		return invokeWith(v, tenant, false, arg, v.Authorize)
	case methodFinish:
		return invokeWith(v, tenant, false, arg, v.Finish)
	case methodToken:
		return invokeWith(v, tenant, false, arg, v.Token)
	case methodUsed:
		return invokeWith(v, tenant, false, arg, func(in usedRequest) (any, error) { return nil, v.Used(in.Connection, in.Uses) })
	case methodScopes:
		return invokeWith(v, tenant, false, arg, v.Scopes)
	case methodWatch:
		return invokeWith(v, tenant, false, arg, func(call.None) (Health, error) { return v.Watch() })
	case methodShred:
		return invokeWith(v, tenant, false, arg, func(call.None) (Shredded, error) { return v.Shred() })
	}
	return nil, ErrRequest
}

func invokeWith[In, Out any](v *Vault, tenant string, write bool, arg []byte, f func(In) (Out, error)) (any, error) {
	return call.With(arg, ErrRequest, func(in In) (any, error) {
		if err := v.bind(tenant, write); err != nil {
			return nil, err
		}
		return f(in)
	})
}
