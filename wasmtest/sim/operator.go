package sim

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// tries is how often an operator asks the API, with growing pauses: a tenant
// that is not set up shows nothing.
const tries = 80

// must asks the API until it agrees or says 404; status is 0 if it never did.
func (s *simulation) must(method, path, body string) (status int, answer []byte) {
	for try := range tries {
		res := s.edge.Fetch(api(method, path, body))
		answer, _ = io.ReadAll(res.Body)
		if res.StatusCode < 300 || res.StatusCode == 404 {
			return res.StatusCode, answer
		}
		s.edge.Advance(time.Duration(1+try) * time.Second)
	}
	return 0, answer
}

// api is a request of the operator; path begins with the tenant.
func api(method, path, body string) *http.Request {
	r, _ := http.NewRequest(method, "https://hooks.example.com/v1/tenants/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+adminToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// overlap is for how long a rotated secret is to stay good.
func (s *simulation) overlap() time.Duration {
	return s.rand.Between(time.Minute, 8*time.Minute).Truncate(time.Second)
}
