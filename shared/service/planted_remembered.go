//go:build !hookweirplanted

package service

// remembered is where a build with the planted bug oneagent keeps a tenant.
// This one keeps none.
type remembered struct{}

func (*remembered) agentOf(tenant string) string { return tenant }
