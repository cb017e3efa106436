package workerd

import (
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// A batch of three: ack, retry, nothing said; then the handler ends well,
// throws, or dies with its isolate.
func TestQueueVerdicts(t *testing.T) {
	tests := []struct {
		name    string
		planned []platform.Hit
		end     func(c *Context) (*jsobj.Promise, error)
		left    []string
	}{
		{"returns", nil, func(c *Context) (*jsobj.Promise, error) { return c.iso.realm.Resolved(jsobj.Undefined{}), nil }, []string{"b"}},
		{"throws", nil, func(c *Context) (*jsobj.Promise, error) { return nil, c.iso.realm.Fail("no") }, []string{"b", "c"}},
		{"dies", []platform.Hit{{Fault: platform.Crash, Nth: 1}}, func(c *Context) (*jsobj.Promise, error) {
			return invoke(c.iso, "KV", "get", "k"), nil
		}, []string{"a", "b", "c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			deliveries := 0
			r := deploy(t, &script{queue: func(c *Context, b jsobj.Value) (*jsobj.Promise, error) {
				deliveries++
				if deliveries > 1 {
					t.Fatal("delivered before the retry was due")
				}
				list, _ := b.(jsobj.Object).Get(c.iso.realm, "messages")
				messages := list.(*jsobj.Array).Items()
				require.Len(t, messages, 3)
				_, _ = c.iso.realm.Invoke(messages[0].(jsobj.Object), "ack")
				_, _ = c.iso.realm.Invoke(messages[1].(jsobj.Object), "retry")
				return tt.end(c)
			}}, tt.planned...)
			for _, body := range []string{"a", "b", "c"} {
				r.Queue("q").Send("text", []byte(body), 0)
			}
			r.advance(1500 * time.Millisecond)
			var left []string
			for _, m := range r.Queue("q").Waiting() {
				left = append(left, string(m.Body))
			}
			require.Equal(t, tt.left, left)
		})
	}
}

func TestCronTicks(t *testing.T) {
	tests := []struct {
		planned []platform.Hit
		want    int
	}{
		{nil, 3},
		{[]platform.Hit{{Fault: platform.CronSkip, Nth: 2}}, 2},
		{[]platform.Hit{{Fault: platform.CronTwice, Nth: 2}}, 4},
		{[]platform.Hit{{Fault: platform.CronLate, Nth: 2}}, 3},
		{[]platform.Hit{{Fault: platform.CronLate, Nth: 3}}, 2}, // the third is still to come
	}
	for _, tt := range tests {
		ticks := 0
		r := deploy(t, &script{cron: func(c *Context, _ jsobj.Value) (*jsobj.Promise, error) {
			ticks++
			return c.iso.realm.Resolved(jsobj.Undefined{}), nil
		}}, tt.planned...)
		r.advance(3*time.Minute + time.Second)
		require.Equal(t, tt.want, ticks)
	}
}
