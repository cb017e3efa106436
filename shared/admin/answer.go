package admin

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/upstream"
	"github.com/hookweir/hookweir/shared/vault"
)

// retryAfter is the pause, in seconds, asked of a caller when an object did
// not answer.
const retryAfter = 5

// fullRetryAfter is the same when a destination's queue is full: it drains at
// the destination's rate.
const fullRetryAfter = 60

// refusal is a problem on its way out.
type refusal struct{ problem.Problem }

func (r refusal) Error() string { return "admin: " + r.Code }

func refuse(code, detail string) error { return refusal{problem.New(code, detail)} }

func methodNotAllowed(m methods) error {
	allow := slices.Sorted(maps.Keys(m))
	if i, found := slices.BinarySearch(allow, http.MethodGet); found {
		allow = slices.Insert(allow, i+1, http.MethodHead)
	}
	return refusal{problem.New(problem.CodeMethodNotAllowed, "").With("Allow", strings.Join(allow, ", "))}
}

// refusals maps the errors of the objects, once for all routes.
var refusals = []struct {
	err          error
	code, detail string
}{
	{tenant.ErrNotFound, problem.CodeNotFound, ""},
	{tenant.ErrTenant, problem.CodeNotFound, ""},
	{tenant.ErrRequest, problem.CodeInvalidRequest, "secrets must differ, url must be an absolute URL of at most 2048 bytes, a label has at most 100 printable bytes"},
	{tenant.ErrReserved, problem.CodeInvalidName, "`hookweir` is Hookweir's own"},
	{tenant.ErrProvider, problem.CodeUnknownProvider, ""},
	{tenant.ErrSecret, problem.CodeInvalidSecret, "a secret is missing, too weak or not in the form that the provider gives"},
	{tenant.ErrParams, problem.CodeInvalidParams, "see the provider's page in the catalogue for the parameters it takes"},
	{tenant.ErrSecrets, problem.CodeTooManySecrets, "wait until an overlap ends, or PUT the secrets that shall remain"},
	{tenant.ErrRestricted, problem.CodeRestrictedKey, "this key opens the agent's endpoint only: /mcp/{tenant}"},
	{tenant.ErrLimit, problem.CodeLimitReached, ""},
	{tenant.ErrUnreadable, problem.CodeConflict, "the stored secrets do not open with the configured key ring; PUT them again"},
	{seal.ErrNoRing, problem.CodeNotReady, "a key ring is missing, see /healthz"},
	{vault.ErrNotFound, problem.CodeNotFound, ""},
	{vault.ErrTenant, problem.CodeNotFound, ""},
	{vault.ErrRequest, problem.CodeInvalidRequest, "a member of the connection is missing, malformed or too long, see docs/oauth.md"},
	{vault.ErrLimit, problem.CodeLimitReached, ""},
	{vault.ErrProvider, problem.CodeUnknownProvider, "see docs/oauth-providers.md; `issuer` and `custom` are for all others"},
	{vault.ErrParams, problem.CodeInvalidParams, "see docs/oauth-providers.md for the parameters that the provider takes"},
	{vault.ErrEndpoint, problem.CodeInvalidTarget, "an endpoint or the issuer is not an https URL of a public host"},
	{vault.ErrClient, problem.CodeInvalidSecret, "client_secret is missing, or does not fit client_auth (private_key_jwt takes a P-256 key in PEM)"},
	{vault.ErrDiscovery, problem.CodeDiscoveryFailed, ""},
	{vault.ErrNeedsReauth, problem.CodeNeedsReauth, "a person must authorize this connection: GET …/authorize"},
	{vault.ErrForbidden, problem.CodeCallerNotAllowed, ""},
	{vault.ErrRefused, problem.CodeTokenRefused, "the token was just made: the destination's refusal has another reason"},
	{vault.ErrUnreadable, problem.CodeConflict, "the stored tokens do not open with the configured key ring; nothing was thrown away"},
	{vault.ErrFlow, problem.CodeInvalidState, "the link or state was used, is too old, or belongs to another browser or an older configuration; start again"},
	{vault.ErrIssuer, problem.CodeWrongIssuer, ""},
	{vault.ErrDenied, problem.CodeAuthorizationDenied, ""},
	{vault.ErrExchange, problem.CodeExchangeFailed, "the connection says why"},
	{poll.ErrNotFound, problem.CodeNotFound, ""},
	{poll.ErrTenant, problem.CodeNotFound, ""},
	{poll.ErrLimit, problem.CodeLimitReached, ""},
	{outbound.ErrNotFound, problem.CodeNotFound, ""},
	{outbound.ErrNotListed, problem.CodePathNotListed, "an agent reads only what the destination's read_paths list: the operator adds a pattern there, such as /orders/*"},
	{outbound.ErrNeedsReauth, problem.CodeNeedsReauth, "the destination's connection has no token"},
	{outbound.ErrTimeout, problem.CodeDestinationTimeout, ""},
	{outbound.ErrNetwork, problem.CodeBadGateway, "the destination could not be reached"},
	{lane.ErrTenant, problem.CodeNotFound, ""},
	{lane.ErrRequest, problem.CodeInvalidWrite, "a list has 1 to 1000 writes"},
	{lane.ErrBusy, problem.CodeConflict, "the write is being sent at this moment"},
	{lane.ErrState, problem.CodeConflict, "replay and cancel are for writes that are dead, parked or waiting; purge is for settled ones"},
	{lane.ErrOpen, problem.CodeConflict, "writes are waiting or undecided: let them finish, cancel or purge them first"},
	{lane.ErrFilter, problem.CodeInvalidCursor, ""},
	{upstream.ErrNotFound, problem.CodeNotFound, ""},
	{upstream.ErrRequest, problem.CodeInvalidRequest, "a name has no __ and does not end in _; trust is approval or first_use, recheck at most 1h, timeout at most 60s, policy gives classes allow, warn or block"},
	{upstream.ErrLimit, problem.CodeLimitReached, ""},
	{upstream.ErrReport, problem.CodeConflict, "the upstream has changed since this report, or has nothing to approve; look at /drift again"},
	{upstream.ErrNothing, problem.CodeConflict, "an item is not in the report, or cannot be approved"},
	{ledger.ErrNotFound, problem.CodeNotFound, ""},
	{ledger.ErrTenant, problem.CodeNotFound, ""},
	{ledger.ErrShard, problem.CodeNotFound, ""},
	{ledger.ErrInFlight, problem.CodeConflict, "the event is being delivered at this moment"},
	{ledger.ErrOpen, problem.CodeConflict, "the event is still to be delivered: only a delivered or dead one can be purged"},
	{ledger.ErrPurged, problem.CodeConflict, "the event was purged: what it said is gone"},
	// State and limit were checked before; what is left is the cursor.
	{ledger.ErrFilter, problem.CodeInvalidCursor, ""},
}

// toProblem never shows an error it does not know: an object did not answer,
// and the caller may try again.
func toProblem(err error) problem.Problem {
	var r refusal
	if errors.As(err, &r) {
		return r.Problem
	}
	if p, ok := outboundProblem(err); ok {
		return p
	}
	for _, m := range refusals {
		if errors.Is(err, m.err) {
			return problem.New(m.code, m.detail)
		}
	}
	if errors.Is(err, lane.ErrFull) {
		return problem.New(problem.CodeQueueFull, "").RetryAfter(fullRetryAfter)
	}
	return problem.New(problem.CodeUnavailable, "").RetryAfter(retryAfter)
}

func writeProblem(w http.ResponseWriter, r *http.Request, p problem.Problem) {
	for _, h := range p.Headers {
		w.Header().Set(h.Name, h.Value)
	}
	if _, browsers := oauthRoutes(r.URL.Path); browsers && wantsPage(r) {
		writePage(w, r, p.Status, p.Title, strings.TrimSpace(p.Detail+" (code: "+p.Code+")"))
		return
	}
	write(w, r, p.Status, problem.ContentType, p.Append(nil))
}

func writeAnswer(w http.ResponseWriter, r *http.Request, a answer) {
	switch body := a.body.(type) {
	case nil:
		w.WriteHeader(a.status)
		return
	case responder:
		body.respond(w, r, a.status)
		return
	}
	writeJSON(w, r, a.status, a.body)
}

func writeJSON(w http.ResponseWriter, r *http.Request, status int, body any) {
	b, err := json.Marshal(body)
	if err != nil { // a time outside the years of RFC 3339
		writeProblem(w, r, problem.New(problem.CodeInternal, ""))
		return
	}
	write(w, r, status, "application/json", append(b, '\n'))
}

func write(w http.ResponseWriter, r *http.Request, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the caller is gone; there is nobody to tell
	}
}

// maxCause bounds the text of a failure in the log, in bytes.
const maxCause = 200

// causeOf is what the log, and only the log, hears of a failure below. Errors
// of our packages quote no value.
func causeOf(err error, p problem.Problem) string {
	if p.Code != problem.CodeUnavailable {
		return ""
	}
	text := err.Error()
	return text[:min(len(text), maxCause)]
}

// knownMethod keeps a made-up method out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodPatch, http.MethodOptions:
		return m
	}
	return "other"
}
