package workerd

import (
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// TestAnotherAlarmTakesThePlaceOfTheRetry: an alarm whose handler failed is
// tried again, unless another one was set since it began. That one runs then,
// when it is due.
func TestAnotherAlarmTakesThePlaceOfTheRetry(t *testing.T) {
	set := func(a *Actor, after time.Duration) {
		_, err := a.iso.realm.Invoke(storageOf(a), "setAlarm", float64(start.Add(after).UnixMilli()))
		require.NoError(t, err)
	}
	fail := func(a *Actor) (*jsobj.Promise, error) { return nil, a.iso.realm.Fail("not yet") }
	const first = time.Minute
	tests := []struct {
		name  string
		alarm func(a *Actor) (*jsobj.Promise, error) // the first run's end
		call  time.Duration                          // when another event sets one for 70 s; 0: none
		want  []time.Duration                        // when the handler runs
	}{
		{"none", fail, 0, []time.Duration{first, first + 2*time.Second}},
		{"a later one, then it fails", func(a *Actor) (*jsobj.Promise, error) {
			set(a, 70*time.Second)
			return fail(a)
		}, 0, []time.Duration{first, 70 * time.Second}},
		{"one that is due already, then it fails", func(a *Actor) (*jsobj.Promise, error) {
			set(a, 30*time.Second)
			return fail(a)
		}, 0, []time.Duration{first, first}},
		{"a later one, by an event, while the retry waits", fail, 61 * time.Second, []time.Duration{first, 70 * time.Second}},
		{"a later one, confirmed before the isolate is killed", func(a *Actor) (*jsobj.Promise, error) {
			set(a, 70*time.Second)
			return then(fetchPause(a), a.iso.realm, func(jsobj.Value) (jsobj.Value, error) {
				a.iso.kill()
				return jsobj.Undefined{}, nil
			}), nil
		}, 0, []time.Duration{first, 70 * time.Second}},
		{"a later one, and it succeeds", func(a *Actor) (*jsobj.Promise, error) {
			set(a, 70*time.Second)
			return a.iso.realm.Resolved(jsobj.Undefined{}), nil
		}, 0, []time.Duration{first, 70 * time.Second}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var runs []time.Duration
			due := first
			r := deploy(t, &script{fetch: callObject("arm"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
				set(a, due)
				return a.iso.realm.Resolved("armed"), nil
			}, alarm: func(a *Actor) (*jsobj.Promise, error) {
				if runs = append(runs, a.iso.Now().Sub(start).Truncate(time.Second)); len(runs) == 1 {
					return tt.alarm(a)
				}
				return a.iso.realm.Resolved(jsobj.Undefined{}), nil
			}})
			r.Servers["far.example"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
			r.send("/")
			if tt.call > 0 {
				r.advance(tt.call - time.Second/2)
				due = 70 * time.Second
				r.send("/")
			}
			r.advance(time.Hour)
			require.Equal(t, tt.want, runs)
			_, set, err := r.worker.Object("Obj", "one").Storage.Alarm()
			require.NoError(t, err)
			require.False(t, set)
		})
	}
}

// TestRetryIsNotAnAlarmOfItsOwn: a retry that waits and a crash that brings the
// run's own alarm back make one run, after the pause.
func TestRetryIsNotAnAlarmOfItsOwn(t *testing.T) {
	for nth := 4; nth < 12; nth++ {
		var runs []time.Duration
		r := deploy(t, &script{fetch: callObject("arm"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
			_, err := a.iso.realm.Invoke(storageOf(a), "setAlarm", float64(start.Add(time.Minute).UnixMilli()))
			return a.iso.realm.Resolved("armed"), err
		}, alarm: func(a *Actor) (*jsobj.Promise, error) {
			runs = append(runs, a.iso.Now().Sub(start).Truncate(time.Second))
			return invoke(a.iso, "KV", "get", "k"), nil
		}}, platform.Hit{Fault: platform.Crash, Nth: nth})
		r.send("/")
		r.advance(time.Hour)
		require.LessOrEqual(t, len(runs), 2, "crash %d: %v", nth, runs)
		if len(runs) == 2 {
			require.GreaterOrEqual(t, runs[1]-runs[0], 2*time.Second, "crash %d", nth)
		}
	}
}
