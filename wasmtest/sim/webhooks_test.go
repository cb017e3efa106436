package sim

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckDeliveries(t *testing.T) {
	list := []*Delivery{
		{Tenant: "a", ID: "1", Status: 202},
		{Tenant: "a", ID: "2", Forged: "wrong secret", Status: 401},
	}
	check := func(add adder) { checkDeliveries(list, add) }
	require.Empty(t, violations(check))
	list[1].Status = 200
	require.Equal(t, []Violation{{"G1", "a/gh/2", "forged (wrong secret) and answered 200"}}, violations(check))
}
