package admin

import (
	"errors"

	"github.com/hookweir/hookweir/shared/tenant"
)

// A destination's configuration is its Lane's, and its name the tenant's. What
// follows keeps the second true whatever comes in between, or is cut short: at
// the end a destination that is there is listed.

func listing(name string) tenant.Listing {
	return tenant.Listing{Kind: tenant.Destinations, Name: name}
}

// enlistDestination writes the name down. Names that changes cut short have
// left make room for it.
func (a *api) enlistDestination(c *call) error {
	directory := a.Tenant(c.tenant)
	err := directory.Enlist(c.Context(), listing(c.object))
	if !errors.Is(err, tenant.ErrLimit) {
		return err
	}
	names, err := directory.Listed(c.Context(), tenant.Destinations)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := a.relist(c, n); err != nil {
			return err
		}
	}
	return directory.Enlist(c.Context(), listing(c.object))
}

// relist takes a name out that has no destination. It looks again after: a PUT
// that was under way may have made it.
func (a *api) relist(c *call, name string) error {
	there := func() (bool, error) {
		_, err := a.Lane(c.tenant, name).Describe(c.Context())
		if isNotFound(err) {
			return false, nil
		}
		return err == nil, err
	}
	if ok, err := there(); ok || err != nil {
		return err
	}
	if err := a.Tenant(c.tenant).Delist(c.Context(), listing(name)); err != nil {
		return err
	}
	if ok, err := there(); !ok || err != nil {
		return err
	}
	return a.Tenant(c.tenant).Enlist(c.Context(), listing(name))
}
