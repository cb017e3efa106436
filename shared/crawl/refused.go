package crawl

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/retry"
)

// refused finds the answers that are no page; nil for one that may be.
func (r *Recipe) refused(s State, in Input, a Answer) error {
	ok := a.Status >= 200 && a.Status <= 299
	wait, asked := retry.After(a.Header.Get("Retry-After"), in.Now)
	switch {
	case a.Status == http.StatusNotModified:
		return nil
	case ok && a.TooLarge:
		return fail(TooLarge, CodeTooLarge)
	case a.Status == http.StatusTooManyRequests,
		// GitHub refuses with 403 and says 0 remain, or when to come back
		// (docs.github.com, "Rate limits for the REST API").
		a.Status == http.StatusForbidden && (asked || a.Header.Get("X-Ratelimit-Remaining") == "0"):
		return &Failure{Class: Throttled, Code: CodeThrottled, Wait: wait}
	}
	// A code that the recipe does not know says no more than the status does.
	if err := r.fault(s, a.Body); err != nil && (ok || err.Code != CodeInside) {
		err.Wait = wait
		return err
	}
	switch {
	case ok:
		return nil
	case a.Status == http.StatusUnauthorized:
		return fail(Unauthorized, CodeAuth)
	case slices.Contains(r.Expired, a.Status) && s.Cursor != "":
		return fail(Expired, CodeExpired)
	case a.Status >= 400 && a.Status <= 499 && s.Crawl.Pages > 0:
		return failStatus(Broken, a.Status) // the page's token, most likely
	}
	return &Failure{Class: Failed, Code: httpCode(a.Status), Wait: wait}
}

func httpCode(status int) string {
	f, _ := failStatus(Failed, status).(*Failure)
	return f.Code
}

// fault looks for an error in the body.
func (r *Recipe) fault(s State, body []byte) *Failure {
	for i := range r.Faults {
		f := &r.Faults[i]
		if !f.holds(body) {
			continue
		}
		code, _ := jsontext.FindString(body, f.Code...)
		switch {
		case code == "":
		case slices.Contains(f.Throttled, code):
			return &Failure{Class: Throttled, Code: CodeThrottled}
		case slices.Contains(f.Auth, code):
			return &Failure{Class: Unauthorized, Code: CodeAuth}
		case slices.Contains(f.Expired, code) && s.Cursor != "":
			return &Failure{Class: Expired, Code: CodeExpired}
		}
		return &Failure{Class: Failed, Code: CodeInside}
	}
	return nil
}

func (f *Fault) holds(body []byte) bool {
	raw, ok := jsontext.Find(body, f.When.Path...)
	if !ok {
		return false
	}
	if f.When.Is != "" {
		text, _ := jsontext.String(raw)
		return text == f.When.Is
	}
	text := strings.ReplaceAll(strings.TrimSpace(string(raw)), " ", "")
	return text != "null" && text != "[]"
}

// nextLink is the target of rel="next" in Link headers (RFC 8288 §3).
func nextLink(headers []string) string {
	for _, h := range headers {
		for h != "" {
			_, rest, ok := strings.Cut(h, "<")
			if !ok {
				break
			}
			target, params, ok := strings.Cut(rest, ">")
			if !ok {
				break
			}
			params, h, _ = strings.Cut(params, "<")
			for _, p := range strings.Split(params, ";") {
				name, value, _ := strings.Cut(strings.Trim(p, " ,\t"), "=")
				if strings.EqualFold(name, "rel") && slices.Contains(strings.Fields(strings.Trim(value, `"`)), "next") {
					return target
				}
			}
			if h != "" {
				h = "<" + h
			}
		}
	}
	return ""
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}
