package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/queue"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
)

func TestDelivered(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	require.Equal(t, queue.Verdict{Ack: true}, w.handle1("m1", event.Encode(e)))
	require.Equal(t, 1, w.agent.times(e))
	got := w.detail(e)
	require.Equal(t, ledger.Delivered, got.State)
	require.Equal(t, 204, got.LastStatus)
	require.Equal(t, 1, w.logged("event_delivered"))

	require.Equal(t, queue.Verdict{Ack: true}, w.handle1("m1", event.Encode(e)), "the acknowledgement was lost")
	require.Equal(t, queue.Verdict{Ack: true}, w.handle1("m2", event.Encode(e)), "the provider sent it again")
	require.Equal(t, 1, w.agent.times(e))
	require.Equal(t, 1, w.logged("event_duplicate"))
}

func TestOutcomes(t *testing.T) {
	type outcome struct {
		ack    bool
		delay  time.Duration
		state  string
		reason string
	}
	retry := func(reason string) outcome { return outcome{false, 3 * time.Second, ledger.Pending, reason} }
	for _, c := range []struct {
		name       string
		status     int
		retryAfter string
		want       outcome
	}{
		{"200", 200, "", outcome{true, 0, ledger.Delivered, ""}},
		{"202", 202, "", outcome{true, 0, ledger.Delivered, ""}},
		{"299", 299, "", outcome{true, 0, ledger.Delivered, ""}},
		{"301 is not followed", 301, "", retry("redirect")},
		{"307 is not followed", 307, "", retry("redirect")},
		{"304", 304, "", retry("redirect")},
		{"400 retries like any other", 400, "", retry("http_400")},
		{"401", 401, "", retry("http_401")},
		{"404", 404, "", retry("http_404")},
		{"408", 408, "", retry("http_408")},
		{"410 stops the agent", 410, "", outcome{true, 0, ledger.Dead, "agent_gone"}},
		{"425", 425, "", retry("http_425")},
		{"429", 429, "", retry("http_429")},
		{"429 with seconds", 429, "120", outcome{false, 120 * time.Second, ledger.Pending, "http_429"}},
		{"429 with less than our own wait", 429, "1", retry("http_429")},
		{"503 with a date", 503, start.Add(90 * time.Second).Format(http.TimeFormat), outcome{false, 90 * time.Second, ledger.Pending, "http_503"}},
		{"503 with the old date form", 503, start.Add(90 * time.Second).Format("Monday, 02-Jan-06 15:04:05 GMT"), outcome{false, 90 * time.Second, ledger.Pending, "http_503"}},
		{"503 with the oldest date form", 503, start.Add(90 * time.Second).Format(time.ANSIC), outcome{false, 90 * time.Second, ledger.Pending, "http_503"}},
		{"503 next year", 503, "31536000", outcome{false, 24 * time.Hour, ledger.Pending, "http_503"}},
		{"503 with nonsense", 503, "soon", retry("http_503")},
		{"500", 500, "", retry("http_500")},
		{"599", 599, "", retry("http_599")},
		{"not a status", 700, "", retry("network")},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, e := newWorld(t), newEvent("1")
			w.agent.answer = func(_ string, h http.ResponseWriter) int {
				if c.retryAfter != "" {
					h.Header().Set("Retry-After", c.retryAfter)
				}
				h.Header().Set("Location", "/elsewhere")
				return c.status
			}
			v := w.handle1("m1", event.Encode(e))
			got := w.detail(e)
			require.Equal(t, c.want, outcome{v.Ack, v.Delay, got.State, got.LastError})
			require.Equal(t, 1, w.agent.calls)
			require.Len(t, got.Tries, 1)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	for reason, err := range map[string]error{"timeout": fetch.ErrTimeout, "network": errors.New("refused: secret hunter2")} {
		w, e := newWorld(t), newEvent("1")
		w.fail = func(call string) error {
			if strings.HasPrefix(call, "post") {
				return err
			}
			return nil
		}
		require.Equal(t, queue.Verdict{Delay: 3 * time.Second}, w.handle1("m1", event.Encode(e)))
		require.Equal(t, reason, w.detail(e).LastError)
		require.NotContains(t, fmt.Sprint(w.lines), "hunter2")
	}
}

func TestAgentStates(t *testing.T) {
	good := deliver.Agent{Secrets: [][]byte{secret}, State: deliver.AgentActive}
	for name, c := range map[string]struct {
		change func(a *deliver.Agent)
		ack    bool
		state  string
		reason string
	}{
		"none":           {func(a *deliver.Agent) { *a = deliver.Agent{} }, false, ledger.Pending, "no_agent"},
		"stopped":        {func(a *deliver.Agent) { a.State = deliver.AgentStopped }, true, ledger.Dead, "agent_stopped"},
		"unknown state":  {func(a *deliver.Agent) { a.State = 77 }, false, ledger.Pending, "no_agent"},
		"no secret":      {func(a *deliver.Agent) { a.Secrets = nil }, false, ledger.Pending, "secret_invalid"},
		"empty secret":   {func(a *deliver.Agent) { a.Secrets = [][]byte{{}} }, false, ledger.Pending, "secret_invalid"},
		"plain http":     {func(a *deliver.Agent) { a.URL = "http://example.com/" }, false, ledger.Pending, "target_refused"},
		"private target": {func(a *deliver.Agent) { a.URL = "https://10.0.0.1/" }, false, ledger.Pending, "target_refused"},
		"no url":         {func(a *deliver.Agent) { a.URL = "" }, false, ledger.Pending, "target_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := newWorld(t), newEvent("1")
			a := good
			a.URL = w.agent.url("/")
			c.change(&a)
			w.agents["acme"] = a
			v := w.handle1("m1", event.Encode(e))
			got := w.detail(e)
			require.Equal(t, c.state, got.State)
			require.Equal(t, c.reason, got.LastError)
			require.Equal(t, c.ack, v.Ack)
			require.Zero(t, w.agent.calls)
		})
	}
}

func TestLoopbackIsForDevelopment(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	cfg := w.config()
	cfg.AllowLoopback = false
	d, err := deliver.New(cfg)
	require.NoError(t, err)
	d.Handle(context.Background(), []queue.Message{message("m1", e)})
	require.Equal(t, "target_refused", w.detail(e).LastError)
	require.Zero(t, w.agent.calls)
}

func TestGoneStopsTheRestOfTheBatch(t *testing.T) {
	w := newWorld(t)
	w.agent.status(410)
	var batch []queue.Message
	for i := range 30 {
		batch = append(batch, message(fmt.Sprint("m", i), newEvent(fmt.Sprint(i))))
	}
	for _, v := range w.handle(batch...) {
		require.True(t, v.Ack)
	}
	require.LessOrEqual(t, w.agent.calls, 2*deliver.MaxPosts)
	require.NotEmpty(t, w.gone)
	for i := range 30 {
		require.Equal(t, ledger.Dead, w.detail(newEvent(fmt.Sprint(i))).State)
	}
	// The operator replays one after the agent is back.
	w.agent.status(200)
	w.agents["acme"] = deliver.Agent{URL: w.agent.url("/"), Secrets: [][]byte{secret}, State: deliver.AgentActive}
	e := newEvent("3")
	require.NoError(t, w.client("acme", ledger.ShardOf(e.Key())).Replay(context.Background(), e.Key()))
	require.Equal(t, queue.Verdict{Ack: true}, w.handle1("ref", w.requeued[0]))
	require.Equal(t, 1, w.agent.times(e))
}

func TestGoneThatCannotBeRecordedIsRetried(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	w.agent.status(410)
	w.fail = func(call string) error {
		if strings.HasPrefix(call, "gone") {
			return errPlatform
		}
		return nil
	}
	require.False(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Equal(t, ledger.Pending, w.detail(e).State)
}

func TestGoneFromTheOldAgentDoesNotStopTheNew(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	w.agent.answer = func(string, http.ResponseWriter) int {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.agents["acme"] = deliver.Agent{URL: w.agent.url("/acme"), Secrets: [][]byte{secret}, State: deliver.AgentActive, Generation: 2}
		return 410
	}
	require.False(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Empty(t, w.gone)
}

func TestFailClosed(t *testing.T) {
	for _, call := range []string{"acme/%d claim", "acme/%d claim answer", "agent acme"} {
		t.Run(call, func(t *testing.T) {
			w, e := newWorld(t), newEvent("1")
			if strings.Contains(call, "%") {
				call = fmt.Sprintf(call, ledger.ShardOf(e.Key()))
			}
			w.fail = func(c string) error {
				if c == call {
					return errPlatform
				}
				return nil
			}
			v := w.handle1("m1", event.Encode(e))
			require.False(t, v.Ack)
			require.Equal(t, 2*time.Second, v.Delay)
			require.Zero(t, w.agent.calls)
			w.fail = func(string) error { return nil }
			w.pass(time.Hour)
			require.True(t, w.handle1("m1", event.Encode(e)).Ack)
			require.Equal(t, 1, w.agent.times(e))
		})
	}
}

func TestSettleIsTriedAgain(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	failures := 2
	w.fail = func(call string) error {
		if strings.HasSuffix(call, "settle answer") && failures > 0 { // it took effect, but nobody heard
			failures--
			return errPlatform
		}
		return nil
	}
	require.True(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Len(t, w.detail(e).Tries, 1)
}

func TestLostSettleWaitsForTheLease(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	down := true
	w.fail = func(call string) error {
		if down && strings.HasSuffix(call, " settle") {
			return errPlatform
		}
		return nil
	}
	require.Equal(t, queue.Verdict{Delay: 25 * time.Second}, w.handle1("m1", event.Encode(e)))
	down = false
	w.pass(10 * time.Second)
	require.Equal(t, queue.Verdict{Delay: 15 * time.Second}, w.handle1("m1", event.Encode(e)))
	w.pass(15 * time.Second)
	require.True(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Equal(t, 2, w.agent.times(e), "inherent: same webhook-id, the agent's to recognise")
}

func TestOneTenantOrShardDoesNotBlockAnother(t *testing.T) {
	w := newWorld(t)
	a := w.agents["acme"]
	w.agents["beta"], w.agents["gamma"] = a, a
	var batch []queue.Message
	for i := range 40 {
		tenant := []string{"acme", "beta", "gamma"}[i%3]
		batch = append(batch, message(fmt.Sprint("m", i), forTenant(newEvent(fmt.Sprint(i)), tenant)))
	}
	batch = append(batch, queue.Message{ID: "bad", Body: []byte("?")}, queue.Message{ID: "none"},
		queue.Message{ID: "name", Body: event.EncodeReference("../x", "../x/y/z")})
	w.fail = func(call string) error {
		if call == "agent beta" || call == "acme/1 claim" {
			return errPlatform
		}
		return nil
	}
	verdicts := w.handle(batch...)
	require.Len(t, verdicts, len(batch))
	for i := range 40 {
		e := forTenant(newEvent(fmt.Sprint(i)), []string{"acme", "beta", "gamma"}[i%3])
		down := e.Tenant == "beta" || e.Tenant == "acme" && ledger.ShardOf(e.Key()) == 1
		require.Equal(t, !down, verdicts[i].Ack, e.Key())
		require.Equal(t, map[bool]int{true: 0, false: 1}[down], w.agent.times(e), e.Key())
	}
	require.False(t, verdicts[40].Ack)
	require.False(t, verdicts[41].Ack)
	require.False(t, verdicts[42].Ack)
	require.Equal(t, 3, w.logged("message_undecodable"))
	require.LessOrEqual(t, w.agent.peak, deliver.MaxPosts)
}

func TestClaimCheck(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	body := []byte(`{"big":"` + strings.Repeat("x", 3<<20) + `"}`)
	e.Body, e.Claim, e.Size = nil, "evt/acme/1", int64(len(body))

	require.False(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Equal(t, "payload_unavailable", w.detail(e).LastError)
	w.payloads[e.Claim] = body[:100]
	w.pass(time.Hour)
	require.False(t, w.handle1("m1", event.Encode(e)).Ack, "half a payload is none")
	w.payloads[e.Claim] = body
	w.pass(time.Hour)
	require.True(t, w.handle1("m1", event.Encode(e)).Ack)
	require.Equal(t, string(body), string(w.agent.events[0]["data"]))
}

func TestNoPostBeyondTheLease(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	e.Body, e.Claim, e.Size = nil, "evt/acme/1", 2
	w.payloads[e.Claim] = []byte("{}")
	w.fail = func(call string) error {
		if strings.HasPrefix(call, "payload") {
			w.clock = w.clock.Add(11 * time.Second) // of a lease of 25 s
		}
		return nil
	}
	require.False(t, w.handle1("m1", event.Encode(e)).Ack)
	got := w.detail(e)
	require.Equal(t, ledger.Pending, got.State)
	require.Equal(t, "lease_short", got.LastError)
	require.Zero(t, got.Attempts, "the agent was not asked")
	require.Zero(t, w.agent.calls)
}

func TestRunsOutOfAttempts(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	w.agent.status(500)
	w.jitter = 0.999999
	var span time.Duration
	for n := 1; ; n++ {
		v := w.handle1("m1", event.Encode(e))
		if v.Ack {
			require.Equal(t, ledger.MaxAttempts, n)
			break
		}
		require.LessOrEqual(t, v.Delay, 24*time.Hour)
		span += v.Delay
		w.pass(v.Delay)
	}
	require.Equal(t, ledger.Dead, w.detail(e).State)
	require.Equal(t, 1, w.logged("event_dead"))
	require.InDelta(t, 5.9, span.Hours()/24, 0.1, "days, at most; ledger.MaxAttempts documents it")
}

func TestHandleDead(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	refused := newEvent("with space")
	batch := []queue.Message{
		message("a", e),
		{ID: "b", Attempts: 1, Body: []byte("garbage")},
		message("c", refused),
		{ID: "d", Attempts: 1, Body: event.EncodeReference("acme", "acme/gh/none")},
	}
	for _, v := range w.d.HandleDead(context.Background(), batch) {
		require.Equal(t, queue.Verdict{Ack: true}, v)
	}
	require.Equal(t, ledger.Dead, w.detail(e).State)
	require.Equal(t, map[string][]byte{"b": []byte("garbage"), "c": event.Encode(refused)}, w.quarantined)
	require.Zero(t, w.agent.calls)

	require.NoError(t, w.client("acme", ledger.ShardOf(e.Key())).Replay(context.Background(), e.Key()))
	require.True(t, w.handle1("ref", w.requeued[0]).Ack)
	require.Equal(t, 1, w.agent.times(e))
}

func TestHandleDeadKeepsWhatNobodyTook(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	w.fail = func(string) error { return errPlatform }
	young, old := message("a", e), message("b", newEvent("2"))
	old.Attempts = 99
	for _, v := range w.d.HandleDead(context.Background(), []queue.Message{young, old, {ID: "c", Body: []byte("?")}}) {
		require.False(t, v.Ack)
		require.Greater(t, v.Delay, time.Second)
	}
	require.Empty(t, w.quarantined)
	w.fail = func(call string) error {
		if strings.HasPrefix(call, "quarantine") {
			return nil
		}
		return errPlatform
	}
	v := w.d.HandleDead(context.Background(), []queue.Message{young, old})
	require.False(t, v[0].Ack)
	require.True(t, v[1].Ack, "two days without a ledger: into quarantine")
	require.Contains(t, w.quarantined, "b")
}

func TestLogHoldsNoPayloadAndNoSecret(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	e.Body = []byte(`{"card":"4242424242424242"}`)
	w.agent.status(500)
	w.handle1("m1", event.Encode(e))
	w.agent.status(200)
	w.pass(time.Hour)
	w.handle1("m1", event.Encode(e))
	w.d.HandleDead(context.Background(), []queue.Message{{ID: "x", Body: []byte("4242")}})
	require.NotEmpty(t, w.lines)
	require.NotContains(t, fmt.Sprint(w.lines), "4242")
	require.NotContains(t, fmt.Sprint(w.lines), string(secret))
}

func TestNewWantsEverything(t *testing.T) {
	_, err := deliver.New(deliver.Config{})
	require.Error(t, err)
}

// A panic in one goroutine would end the module: it is that event's failure.
func TestPanicIsOneEventsFailure(t *testing.T) {
	w, bad, good := newWorld(t), newEvent("bad"), newEvent("good")
	bad.Claim, bad.Size, bad.Body = "evt/acme/gh/x-y", 1, nil
	w.fail = func(call string) error {
		if call == "payload "+bad.Claim {
			panic("a secret of the request")
		}
		return nil
	}
	verdicts := w.handle(message("m1", bad), message("m2", good))
	require.Equal(t, queue.Verdict{Delay: 3 * time.Second}, verdicts[0])
	require.Equal(t, queue.Verdict{Ack: true}, verdicts[1])
	require.Equal(t, ledger.Pending, w.detail(bad).State)
	require.Equal(t, deliver.ReasonInternal, w.detail(bad).Tries[0].Reason)
	require.Equal(t, ledger.Delivered, w.detail(good).State)
	require.Equal(t, 1, w.logged("deliver_panic"))
	require.NotContains(t, strings.Join(w.lines, "\n"), "secret of the request")
}

// Nor does it end the module where there is no event to blame: the messages
// come back.
func TestPanicsAround(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	var batch []queue.Message
	for _, call := range []string{"agent acme", "quarantine m2"} {
		w.fail = func(c string) error {
			if c == call {
				_ = batch[len(batch)]
			}
			return nil
		}
		verdicts := w.handle(message("m1", e))
		verdicts = append(verdicts, w.d.HandleDead(context.Background(), []queue.Message{{ID: "m2", Attempts: 1, Body: []byte("?")}})...)
		switch call {
		case "agent acme":
			require.False(t, verdicts[0].Ack)
		default:
			require.False(t, verdicts[1].Ack)
		}
	}
	require.Equal(t, 2, w.logged("deliver_panic"))
}

// TestFirstAttemptIsAsStored: an attribute out of range is the same at every
// attempt, the first too.
func TestFirstAttemptIsAsStored(t *testing.T) {
	w, e := newWorld(t), newEvent("1")
	e.Time = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)
	status := 503
	w.agent.answer = func(string, http.ResponseWriter) int { return status }
	w.handle1("m1", event.Encode(e))
	status = 204
	w.pass(time.Minute)
	require.Equal(t, queue.Verdict{Ack: true}, w.handle1("m1", event.Encode(e)))
	require.Len(t, w.agent.events, 2)
	for _, got := range w.agent.events {
		require.Equal(t, `"`+e.Accepted.UTC().Format(time.RFC3339Nano)+`"`, string(got["time"]))
	}
}
