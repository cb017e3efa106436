package seal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestPrimaryIn: who has the other ring must not open what this one seals.
func TestPrimaryIn(t *testing.T) {
	a, b := "a:"+std(keyA), "b:"+std(keyB)
	for _, c := range []struct {
		why, ring, other string
		want             bool
	}{
		{"apart", a, b, false},
		{"the same", a, a, true},
		{"by another id", "x:" + std(keyA), a, true},
		{"the other's second", a, b + "," + a, true},
		{"on its way out here", b + "," + a, a, false},
		{"one id, two keys", a, "a:" + std(keyB), false},
	} {
		ring, other := parse(t, c.ring), parse(t, c.other)
		assert.Equal(t, c.want, ring.PrimaryIn(other), c.why)
		sealed, err := ring.Seal([]byte("x"), place)
		assert.NoError(t, err)
		if _, err := other.Open(sealed, place); err == nil {
			assert.True(t, c.want, c.why)
		}
	}
	var none *Ring
	assert.False(t, none.PrimaryIn(parse(t, a)))
	assert.False(t, parse(t, a).PrimaryIn(none))
}
