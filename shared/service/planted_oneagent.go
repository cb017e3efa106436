//go:build hookweirplanted

package service

import "github.com/hookweir/hookweir/shared/planted"

// remembered is the tenant whose agent an isolate has looked up first. The bug
// oneagent remembers the agent and not whose it is: everybody's events go
// there.
type remembered struct{ tenant string }

func (r *remembered) agentOf(tenant string) string {
	if planted.Bug == "oneagent" && r.tenant == "" {
		r.tenant = tenant
	}
	if r.tenant != "" {
		return r.tenant
	}
	return tenant
}
