package admin

import (
	"net/http"
	"net/url"
	"time"

	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/tenant"
)

// defaultOverlap is how long the older secrets live on when a rotation does
// not say: long enough to change the provider's side by hand.
const defaultOverlap = 24 * time.Hour

// sourceAnswer is a source as the API shows it.
type sourceAnswer struct {
	Source     string          `json:"source"`
	Provider   string          `json:"provider"`
	WebhookURL string          `json:"webhook_url"` // to be registered at the provider
	URL        string          `json:"url,omitempty"`
	Retention  string          `json:"retention"`
	Secrets    []tenant.Secret `json:"secrets"`
	Generation int64           `json:"generation"`
	Published  bool            `json:"published"`
	Created    time.Time       `json:"created"`
	Updated    time.Time       `json:"updated"`
}

func (a *api) showSource(c *call, s tenant.Source) sourceAnswer {
	return sourceAnswer{
		Source: s.Name, Provider: s.Provider, WebhookURL: a.origin(c.Request) + "/webhooks/" + c.tenant + "/" + s.Name,
		URL: s.URL, Retention: s.Retention.String(), Secrets: s.Secrets,
		Generation: s.Generation, Published: s.Published, Created: s.Created, Updated: s.Updated,
	}
}

// origin is where providers reach the edge. The service binding hands the
// request on as the edge got it, so its own origin is the public one.
func (a *api) origin(r *http.Request) string {
	if a.PublicURL != "" {
		return a.PublicURL
	}
	u := url.URL{Scheme: r.URL.Scheme, Host: r.Host}
	if u.Host == "" {
		u.Host = r.URL.Host
	}
	if u.Scheme == "" {
		u.Scheme = "https"
		if r.TLS == nil {
			u.Scheme = "http"
		}
	}
	return u.String()
}

func (a *api) listSources(c *call) (answer, error) {
	list, err := a.Tenant(c.tenant).Sources(c.Context())
	if err != nil {
		return answer{}, err
	}
	out := make([]sourceAnswer, len(list))
	for i, s := range list {
		out[i] = a.showSource(c, s)
	}
	return answer{http.StatusOK, map[string]any{"sources": out}}, nil
}

func (a *api) getSource(c *call) (answer, error) {
	s, err := a.Tenant(c.tenant).Source(c.Context(), c.object)
	return a.answerSource(c, s, err)
}

// sourceBody is the whole of a source.
type sourceBody struct {
	Provider  string            `json:"provider"`  // a name of GET /v1/providers
	Secrets   []string          `json:"secrets"`   // 1 to 8, newest first
	URL       string            `json:"url"`       // as registered at the provider, where the scheme signs it
	Retention string            `json:"retention"` // how long duplicates are known, `24h` to `720h`; `72h` when empty; never shorter than the provider's timestamps are good
	Params    map[string]string `json:"params"`    // what the provider's scheme takes beside secrets
}

func (a *api) putSource(c *call) (answer, error) {
	var in sourceBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	retention, err := duration("retention", in.Retention, source.DefaultRetention)
	if err != nil {
		return answer{}, err
	}
	if retention < source.MinRetention || retention > source.MaxRetention {
		return answer{}, refuse(problem.CodeInvalidRequest, "retention must be from 24h to 720h")
	}
	s, err := a.Tenant(c.tenant).PutSource(c.Context(), tenant.PutSource{
		Name: c.object, Provider: in.Provider, Secrets: in.Secrets, URL: in.URL, Params: in.Params, Retention: retention,
	})
	a.logChange("admin.source_put", c, err)
	return a.answerSource(c, s, err)
}

// rotateBody brings a new secret in.
type rotateBody struct {
	Secret  string `json:"secret"`  // for an agent: made and shown once when empty
	Overlap string `json:"overlap"` // how long the older ones live on, `0s` to `720h`; `24h` when empty
}

func (a *api) rotateSource(c *call) (answer, error) {
	var in rotateBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	overlap, err := overlapOf(in.Overlap)
	if err != nil {
		return answer{}, err
	}
	s, err := a.Tenant(c.tenant).RotateSource(c.Context(), tenant.RotateSource{Name: c.object, Secret: in.Secret, Overlap: overlap})
	a.logChange("admin.source_rotated", c, err)
	return a.answerSource(c, s, err)
}

// offerAnswer is a secret that waits for the operator's decision.
type offerAnswer struct {
	Secret  string    `json:"secret"`
	Offered time.Time `json:"offered"`
}

// getOffer shows the secret that the provider has offered. It is not the
// source's: the operator makes it so, by rotating to it.
func (a *api) getOffer(c *call) (answer, error) {
	if a.Offer == nil {
		return answer{}, refuse(problem.CodeNotFound, "")
	}
	// The source first: what was offered for one that is gone is nobody's.
	if _, err := a.Tenant(c.tenant).Source(c.Context(), c.object); err != nil {
		return answer{}, err
	}
	offer, err := a.Offer(c.Context(), c.tenant, c.object)
	if err != nil {
		return answer{}, err
	}
	if offer == nil {
		return answer{}, refuse(problem.CodeNotFound, "no secret was offered within the last hour")
	}
	a.logChange("admin.offer_shown", c, nil)
	return answer{http.StatusOK, offerAnswer{string(offer.Secret), offer.At}}, nil
}

func (a *api) answerSource(c *call, s tenant.Source, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{http.StatusOK, a.showSource(c, s)}, nil
}

// deleteSource answers 204 when the edge's configuration is gone, and 202
// while it is still to be removed from KV.
func (a *api) deleteSource(c *call) (answer, error) {
	published, err := a.Tenant(c.tenant).DeleteSource(c.Context(), c.object)
	a.logChange("admin.source_deleted", c, err)
	if err != nil {
		return answer{}, err
	}
	if !published {
		return answer{http.StatusAccepted, map[string]bool{"published": false}}, nil
	}
	return answer{status: http.StatusNoContent}, nil
}

func overlapOf(s string) (time.Duration, error) {
	d, err := duration("overlap", s, defaultOverlap)
	if err == nil && d > tenant.MaxOverlap {
		return 0, refuse(problem.CodeInvalidRequest, "overlap must be at most 720h")
	}
	return d, err
}

// logChange notes a change that took effect. Tenant and object are valid
// names.
func (a *api) logChange(event string, c *call, err error) {
	if err == nil {
		a.Log(event, "tenant", c.tenant, "object", c.object)
	}
}
