package target

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestMatchPath(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"/orders", "/orders", true},
		{"/orders", "/orders?limit=1", true},
		{"/orders", "/orders/", false},
		{"/orders", "/orders/1", false},
		{"/orders", "/Orders", false},
		{"/orders", "/%6frders", false}, // a spelling nobody listed
		{"/orders/*", "/orders/1", true},
		{"/orders/*", "/orders", false},
		{"/orders/*", "/orders/", false},
		{"/orders/*", "/orders/1/items", false},
		{"/orders/*/items", "/orders/1/items", true},
		{"/orders/*/items", "/orders/1/2/items", false},
		{"/orders/**", "/orders", true},
		{"/orders/**", "/orders/", true},
		{"/orders/**", "/orders/1/items?x=/y", true},
		{"/orders/**", "/ordersx", false},
		{"/orders/**", "/x?/orders/1", false},
		{"/**", "/", true},
		{"/**", "/anything/at/all", true},
		{"/", "/", true},
		{"/", "/x", false},
		{"/**/x", "/a/x", false}, // only at the end
		{"", "/x", false},
	} {
		assert.Equal(t, c.want, MatchPath(c.pattern, c.path), "%q %q", c.pattern, c.path)
	}
}
