package ingest

import (
	"errors"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/webhook"
)

var noStore = [2]string{"cache-control", "no-store"}

// HeadTooLarge answers a request whose head does not fit the bridge.
func HeadTooLarge() *Response {
	return answerProblem(problem.New(problem.CodeHeadersTooLarge, ""))
}

// Panicked answers a request whose handler panicked.
func Panicked() *Response { return answerProblem(problem.New(problem.CodeInternal, "")) }

func answerProblem(p problem.Problem) *Response {
	r := &Response{
		Status: p.Status,
		Header: [][2]string{{"content-type", problem.ContentType}, noStore},
		Body:   p.Append(nil),
	}
	for _, h := range p.Headers {
		r.Header = append(r.Header, [2]string{h.Name, h.Value})
	}
	return r
}

func unavailable(detail string) *Response {
	return answerProblem(problem.New(problem.CodeUnavailable, detail).RetryAfter(retryAfter))
}

// notReady answers what needs a setting that is missing. Which one, /healthz
// says; a provider is not told.
func notReady() *Response {
	return answerProblem(problem.New(problem.CodeNotReady, "a setting of the worker is missing: GET /healthz names it").RetryAfter(retryAfter))
}

func methodNotAllowed(allow string) *Response {
	return answerProblem(problem.New(problem.CodeMethodNotAllowed, "").With("Allow", allow))
}

// answerAccepted says that the event is taken, with the status that its
// provider takes for a yes.
func (d *delivery) answerAccepted(key string) *Response {
	return answerJSON(d.src.verifier.AcceptedStatus(), `{"accepted":true,"id":`, key)
}

func answerDuplicate(key string) *Response { return answerJSON(200, `{"duplicate":true,"id":`, key) }

func answerJSON(status int, head, key string) *Response {
	b := make([]byte, 0, len(head)+len(key)+8)
	b = append(jsontext.AppendString(append(b, head...), key), '}')
	return &Response{Status: status, Header: [][2]string{{"content-type", "application/json"}, noStore}, Body: b}
}

// answerReply answers a handshake. A reply that puts back what a stranger sent
// must not be taken for a page.
func answerReply(r *webhook.Reply) *Response {
	res := &Response{Status: r.Status, Header: [][2]string{noStore, {"x-content-type-options", "nosniff"}}, Body: r.Body}
	if r.ContentType != "" {
		res.Header = append(res.Header, [2]string{"content-type", r.ContentType})
	}
	if r.Header[0] != "" {
		res.Header = append(res.Header, r.Header)
	}
	return res
}

// answered is the answer the provider wants to hear, else ours.
func answered(wanted *webhook.Reply, ours *Response) *Response {
	if wanted == nil {
		return ours
	}
	return answerReply(wanted)
}

// noSource answers when the configuration did not come.
func (d *delivery) noSource(err error) *Response {
	switch {
	case errors.Is(err, ErrAbsent):
		d.log("info", "webhook.unknown_source", "")
		return answerProblem(problem.New(problem.CodeNotFound, "no such source"))
	case errors.Is(err, errUnready):
		d.log("error", "webhook.source_not_ready", "")
		return answerProblem(problem.New(problem.CodeSourceNotReady, "no secret of it opens: GET /healthz, and SOURCE_KEYS must be the same in both Workers").RetryAfter(retryAfter))
	case errors.Is(err, ErrNotConfigured):
		d.log("error", "webhook.config_unavailable", "")
		return notReady()
	}
	d.log("error", "webhook.config_unavailable", "")
	return unavailable("the source's configuration could not be read")
}

func (d *delivery) noBody(err error) *Response {
	switch {
	case errors.Is(err, ErrTooLarge):
		d.log("info", "webhook.too_large", "")
		return answerProblem(problem.New(problem.CodeBodyTooLarge, "a webhook's body has at most 25 MiB"))
	case errors.Is(err, ErrBusy):
		d.log("warn", "webhook.overloaded", "")
		return answerProblem(problem.New(problem.CodeOverloaded, "nothing was kept, send it again").RetryAfter(retryAfter))
	case errors.Is(err, ErrTimeout):
		return answerProblem(problem.New(problem.CodeRequestTimeout, "the body did not arrive within 30 s"))
	}
	return answerProblem(problem.New(problem.CodeBadRequest, "the body could not be read"))
}

// refuse answers a delivery that did not verify, with the status its provider
// wants to see.
func (d *delivery) refuse(err error) *Response {
	if errors.Is(err, webhook.ErrNoSecret) {
		return d.noSource(errUnready) // the operator's doing, so the provider shall try again
	}
	if errors.Is(err, webhook.ErrMethod) {
		return methodNotAllowed(d.src.verifier.Allow())
	}
	code := webhook.Code(err)
	d.logRefusal(code)
	if errors.Is(err, webhook.ErrKeysUnavailable) {
		return answerProblem(problem.New(problem.CodeKeysUnavailable, "").RetryAfter(retryAfter))
	}
	p := problem.New(code, "")
	if !errors.Is(err, webhook.ErrHandshake) { // that one was authentic
		p.Status = d.src.verifier.RefusalStatus()
	}
	return answerProblem(p)
}

func unixMilli(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
