package toolserver

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/access"
)

// platform is a ResponseWriter whose time the test moves.
type platform struct {
	*httptest.ResponseRecorder
	after  time.Duration
	f      func() time.Duration
	retire func()
}

func (p *platform) Pulse(d time.Duration, f func() time.Duration) { p.after, p.f = d, f }
func (p *platform) OnRetire(f func())                             { p.retire = f }

func TestPulses(t *testing.T) {
	p := &platform{ResponseRecorder: httptest.NewRecorder()}
	w := newPulsing(p)
	assert.Equal(t, firstPulse, p.after)
	var waits []time.Duration
	for range 6 {
		waits = append(waits, p.f())
	}
	assert.Equal(t, []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, lastPulse, lastPulse, lastPulse}, waits)
	assert.Equal(t, "text/event-stream", p.Header().Get("Content-Type"))
	// An error of the library's comes as JSON with a status of its own.
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, err := w.Write([]byte(`{"jsonrpc":"2.0"}`))
	assert.NoError(t, err)
	assert.Equal(t, http.StatusOK, p.Code)
	assert.Equal(t, ":\n\n:\n\n:\n\n:\n\n:\n\n:\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\"}\n\n", p.Body.String())
}

func TestNoPulseInWhatIsNoStream(t *testing.T) {
	p := &platform{ResponseRecorder: httptest.NewRecorder()}
	w := newPulsing(p)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(`{}`))
	assert.Zero(t, p.f())
	assert.Equal(t, http.StatusNotFound, p.Code)
	assert.Equal(t, "{}", p.Body.String())
}

// What lasts ends when its memory is to be given up.
func TestLastingEnds(t *testing.T) {
	p := &platform{ResponseRecorder: httptest.NewRecorder()}
	s := &Server{lasts: map[*listening]bool{}}
	_, r, done := s.lasting(p, httptest.NewRequest(http.MethodPost, "/", nil), &access.Caller{ID: "key:a"})
	defer done()
	assert.NoError(t, r.Context().Err())
	p.retire()
	assert.Error(t, r.Context().Err())
}

// And when its caller would not be let in any more: at once when that is said,
// and else with a pulse.
func TestLastingEndsWithItsCaller(t *testing.T) {
	gone := map[string]bool{}
	s := &Server{lasts: map[*listening]bool{}, cfg: Config{Still: func(c *access.Caller) bool { return !gone[c.ID] }}}
	var pulses []func() time.Duration
	ctx := map[string]context.Context{}
	for _, id := range []string{"key:a", "key:b", "subject:c"} {
		p := &platform{ResponseRecorder: httptest.NewRecorder()}
		_, r, done := s.lasting(p, httptest.NewRequest(http.MethodPost, "/", nil), &access.Caller{ID: id})
		ctx[id], pulses = r.Context(), append(pulses, p.f)
		defer done()
	}
	gone["key:a"] = true
	s.Recheck()
	assert.Error(t, ctx["key:a"].Err())
	assert.NoError(t, ctx["key:b"].Err())
	gone["subject:c"] = true // a token that is over
	for _, pulse := range pulses {
		pulse()
	}
	assert.Error(t, ctx["subject:c"].Err())
	assert.NoError(t, ctx["key:b"].Err())
}

// A call that may wait for its client's answer ends a while after its memory
// is to be given up, and not before.
func TestQuestionsEnd(t *testing.T) {
	p := &platform{ResponseRecorder: httptest.NewRecorder()}
	_, r, done := questioning(p, httptest.NewRequest(http.MethodPost, "/", nil))
	defer done()
	p.f()
	p.retire()
	assert.NotZero(t, p.f())
	assert.NoError(t, r.Context().Err())
	assert.Zero(t, p.f())
	assert.Error(t, r.Context().Err())
}
