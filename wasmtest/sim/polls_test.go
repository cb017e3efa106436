package sim

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCheckStalled is the model of what a poll that gets nowhere has to say.
func TestCheckStalled(t *testing.T) {
	at := func(m int) time.Time { return time.Date(2026, 1, 1, 0, m, 0, 0, time.UTC) }
	said := func(what string, m, status int) *Post {
		return &Post{Tenant: "a", Type: "hookweir.poll." + what, Time: at(m), Body: `{"poll":"list"}`, Status: status}
	}
	other := said("stalled", 33, 204)
	other.Tenant = "b"
	poll := said("stalled", 33, 204)
	poll.Body = `{"poll":"tsil"}`
	tests := []struct {
		name  string
		at    int // minutes; read at 0, every ten
		posts []*Post
		found bool
	}{
		{"three intervals and the ways are not over", 38, nil, false},
		{"they are", 39, nil, true},
		{"said", 50, []*Post{said("stalled", 33, 204)}, false},
		{"said and not heard", 50, []*Post{said("stalled", 33, 503)}, true},
		{"said, and once more", 50, []*Post{said("stalled", 33, 503), said("stalled", 33, 204)}, false},
		{"said too late", 50, []*Post{said("stalled", 39, 204)}, true},
		{"said before", 50, []*Post{said("stalled", -9, 204)}, false},
		{"taken back", 50, []*Post{said("recovered", 34, 204), said("stalled", 33, 204)}, true},
		{"said to another", 50, []*Post{other}, true},
		{"said of another", 50, []*Post{poll}, true},
		{"said something else", 50, []*Post{said("paused", 33, 204)}, true},
	}
	for _, tt := range tests {
		l := look{tenant: "a", poll: "list", at: at(tt.at), read: at(0), interval: 10 * time.Minute, status: 200}
		found := violations(func(add adder) { checkStalled([]look{l}, tt.posts, add) })
		require.Equal(t, tt.found, len(found) == 1, tt.name)
	}
	nothing := look{tenant: "a", poll: "list", at: at(1), read: at(0), status: 503}
	require.Len(t, violations(func(add adder) { checkStalled([]look{nothing}, nil, add) }), 1, "no word of the poll")
}
