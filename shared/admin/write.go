package admin

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/target"
)

const (
	// MaxWrites bounds the body of a POST of writes, in bytes: it stands in
	// memory as text, decoded, and on its way to the Lane.
	MaxWrites = 8 << 20
	// MaxRead bounds the answer of a synchronous read, in bytes.
	MaxRead = 1 << 20
)

// writeBody is one write as a POST gives it.
type writeBody struct {
	Method         string            `json:"method"`
	Path           string            `json:"path"`
	Headers        map[string]string `json:"headers"`
	Body           json.RawMessage   `json:"body"`
	BodyBase64     *string           `json:"body_base64"`
	PartitionKey   string            `json:"partition_key"`
	IdempotencyKey string            `json:"idempotency_key"`
	NotBefore      string            `json:"not_before"`
	ExpiresAt      string            `json:"expires_at"`
	Priority       int               `json:"priority"`
}

// write converts it. A body that is a JSON string is sent as its text, any
// other JSON as it stands.
func (in *writeBody) write() (lane.Write, string) {
	w := lane.Write{
		Method: in.Method, Path: in.Path, Header: headerList(in.Headers), PartitionKey: in.PartitionKey,
		IdempotencyKey: in.IdempotencyKey, Priority: in.Priority,
	}
	for _, t := range []struct {
		value string
		into  *time.Time
	}{{in.NotBefore, &w.NotBefore}, {in.ExpiresAt, &w.ExpiresAt}} {
		if t.value == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, t.value)
		if err != nil {
			return w, "not_before and expires_at must be times such as 2026-08-04T12:00:00Z"
		}
		*t.into = at.UTC().Truncate(time.Millisecond)
	}
	switch {
	case in.Body != nil && in.BodyBase64 != nil:
		return w, "give body or body_base64, not both"
	case in.BodyBase64 != nil:
		b, err := base64.StdEncoding.DecodeString(*in.BodyBase64)
		if err != nil {
			return w, "body_base64 must be standard base64 with padding"
		}
		w.Body = b
	case in.Body != nil && in.Body[0] == '"':
		var text string
		if json.Unmarshal(in.Body, &text) != nil {
			return w, "body must be JSON"
		}
		w.Body = []byte(text)
	case in.Body != nil:
		w.Body = in.Body
		if !slices.ContainsFunc(w.Header, func(h [2]string) bool { return h[0] == "content-type" }) {
			w.Header = append(w.Header, [2]string{"content-type", "application/json"})
		}
	}
	return w, ""
}

// headerList has names in lower case and in order, so that equal requests have
// equal digests. Names that differ in case only are there twice, which the
// rules refuse.
func headerList(h map[string]string) [][2]string {
	list := make([][2]string, 0, len(h))
	for name, value := range h {
		list = append(list, [2]string{strings.ToLower(name), value})
	}
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list
}

// postWrites accepts one write or a list, all or none.
func (a *api) postWrites(c *call) (answer, error) {
	body, err := a.readTyped(c.Request, MaxWrites)
	if err != nil {
		return answer{}, err
	}
	items, err := writeItems(body)
	if err != nil {
		return answer{}, err
	}
	writes := make([]lane.Write, len(items))
	for i, raw := range items {
		var in writeBody
		if err := decode(raw, &in); err != nil {
			return answer{}, err
		}
		w, wrong := in.write()
		if wrong != "" {
			return answer{}, refuse(problem.CodeInvalidWrite, itemDetail(i, wrong))
		}
		writes[i] = w
	}
	accepted, err := a.Lane(c.tenant, c.object).Accept(c.Context(), writes)
	if err != nil {
		return answer{}, err
	}
	out := acceptedAnswer{IDs: make([]string, len(accepted)), Duplicates: []string{}}
	for i, d := range accepted {
		out.IDs[i] = d.ID
		if d.Duplicate {
			out.Duplicates = append(out.Duplicates, d.ID)
		}
	}
	if len(body) > 0 && body[0] == '{' {
		out.ID = out.IDs[0]
	}
	a.Log("admin.writes_accepted", "tenant", c.tenant, "object", c.object, "count", strconv.Itoa(len(accepted)))
	return answer{http.StatusAccepted, out}, nil
}

type acceptedAnswer struct {
	ID  string   `json:"id,omitempty"` // of a single write
	IDs []string `json:"ids"`          // in the order of the writes
	// Duplicates are those of the ids that an idempotency key had before.
	Duplicates []string `json:"duplicates"`
}

// writeItems splits a list; a single object is a list of one.
func writeItems(body []byte) ([]json.RawMessage, error) {
	if len(body) > 0 && body[0] == '{' {
		return []json.RawMessage{body}, nil
	}
	var items []json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &items) != nil || len(items) == 0 {
		return nil, refuse(problem.CodeInvalidJSON, "send one write as a JSON object, or a list of at least one")
	}
	if len(items) > lane.MaxList {
		return nil, refuse(problem.CodeInvalidWrite, "a list has at most "+strconv.Itoa(lane.MaxList)+" writes")
	}
	return items, nil
}

func itemDetail(i int, text string) string { return "write " + strconv.Itoa(i) + ": " + text }

// readBody is one read.
type readBody struct {
	Method  string            `json:"method"` // GET, the default, or HEAD
	Path    string            `json:"path"`   // below the destination's base URL, query included
	Headers map[string]string `json:"headers"`
}

// postRead makes a synchronous read: GET or HEAD, under the destination's
// token, pacer and breaker, without the queue. The log has each that was
// answered, and for whom; what is refused, it has as any refusal.
func (a *api) postRead(c *call) (answer, error) {
	var in readBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Method != http.MethodGet && in.Method != http.MethodHead {
		return answer{}, refuse(problem.CodeInvalidRequest, "a read's method is GET or HEAD; send anything else as a write")
	}
	res, err := a.Read(c.Context(), c.tenant, c.object, outbound.Call{
		Method: in.Method, Path: in.Path, Header: headerList(in.Headers), MaxBody: MaxRead, Listed: c.agent,
	})
	if err != nil {
		return answer{}, err
	}
	a.Log("admin.read", "tenant", c.tenant, "object", c.object, "caller", c.caller, "status", strconv.Itoa(res.Status))
	if res.TooLarge {
		return answer{}, refuse(problem.CodeAnswerTooLarge, "a read's answer has at most 1 MiB")
	}
	out := readAnswer{Status: res.Status, Headers: outbound.Shown(res.Header), TookMs: res.Took.Milliseconds()}
	switch {
	case len(res.Body) == 0:
	case json.Valid(res.Body) && utf8.Valid(res.Body):
		out.Body = res.Body
	case utf8.Valid(res.Body):
		out.Body, err = json.Marshal(string(res.Body))
	default:
		out.BodyBase64 = res.Body
	}
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, out}, nil
}

// readAnswer is what a destination answered to a read. Body is JSON as it
// came, or text as a string; BodyBase64 anything else.
type readAnswer struct {
	Status     int               `json:"status"`
	Headers    map[string]string `json:"headers"`
	Body       json.RawMessage   `json:"body,omitempty"`
	BodyBase64 []byte            `json:"body_base64,omitempty"`
	TookMs     int64             `json:"took_ms"`
}

// refuseDestination is the problem of a configuration that is not acceptable.
func refuseDestination(err error) error {
	var t target.Error
	if errors.As(err, &t) {
		return refuse(problem.CodeInvalidTarget, t.Error()) // quotes nothing of the URL
	}
	return refuse(problem.CodeInvalidDestination, err.Error())
}

// ruleCodes are the problems of what a write may get wrong. Read only.
var ruleCodes = map[lane.Rule]string{
	lane.RuleValue: problem.CodeInvalidWrite, lane.RulePath: problem.CodeInvalidPath, lane.RuleHeader: problem.CodeInvalidHeader,
	lane.RuleBody: problem.CodeBodyTooLarge, lane.RuleExpired: problem.CodeExpired, lane.RuleConflict: problem.CodeIdempotencyConflict,
	lane.RuleTarget: problem.CodeInvalidTarget,
}

// outboundProblem maps what a call to a destination may end with, and false
// for anything else.
func outboundProblem(err error) (problem.Problem, bool) {
	var item *lane.ItemError
	var wait *outbound.WaitError
	var rule destination.Error
	var t target.Error
	switch {
	case errors.As(err, &item):
		return problem.New(ruleCodes[item.Rule], itemDetail(item.Index, item.Detail)), true
	case errors.As(err, &wait):
		code := problem.CodeRateLimited
		if wait.Reason == outbound.ReasonBreaker {
			code = problem.CodeDestinationFailing
		}
		return problem.New(code, "reason: "+wait.Reason).RetryAfter(int(math.Ceil(wait.After.Seconds()))), true
	case errors.As(err, &rule) && slices.Contains(headerErrors[:], rule):
		return problem.New(problem.CodeInvalidHeader, rule.Error()), true
	case errors.As(err, &rule):
		return problem.New(problem.CodeInvalidPath, rule.Error()), true
	case errors.As(err, &t):
		return problem.New(problem.CodeInvalidTarget, t.Error()), true
	}
	return problem.Problem{}, false
}

// headerErrors are the rules that are about headers. Read only.
var headerErrors = [...]destination.Error{destination.ErrHeaders, destination.ErrHeaderReserved, destination.ErrHeaderAuth, destination.ErrHeaderMethod}

func isNotFound(err error) bool { return errors.Is(err, outbound.ErrNotFound) }
