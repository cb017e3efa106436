package access

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookweir/hookweir/shared/target"
)

// Origins says which browser pages may call the endpoint. A page of another
// origin that reaches it acts with whatever the browser has (MCP security best
// practices, DNS rebinding).
type Origins struct {
	// Public is the endpoint's own origin, such as https://hooks.example.com.
	// Empty: that of the request, which the platform has routed by its name.
	Public string
	// Development: the endpoint is on this machine, where nothing routes by
	// name, so only a name of this machine is its own.
	Development bool
	// Allowed are further origins.
	Allowed []string
}

// Check reports whether a request may go on. Programs send no Origin.
func (o Origins) Check(r *http.Request) bool {
	own := o.Public
	if own == "" {
		own = r.URL.Scheme + "://" + r.Host
	}
	if o.Development && o.Public == "" && !loopback(own) {
		return false // rebound: our own name is not that
	}
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	given := values[0]
	if strings.EqualFold(given, own) {
		return true
	}
	for _, a := range o.Allowed {
		if strings.EqualFold(given, a) {
			return true
		}
	}
	return o.Development && loopback(given)
}

// loopback reports whether an origin is on this machine.
func loopback(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Path != "" || u.User != nil || u.Host == "" {
		return false
	}
	// What passes only where loopback is allowed, is loopback.
	return target.Check(origin, target.Policy{}) != nil && target.Check(origin, target.Policy{AllowLoopback: true}) == nil
}
