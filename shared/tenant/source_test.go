//go:build !js

package tenant_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/tenant"
)

func TestPutSource(t *testing.T) {
	w := newWorld(t)
	s, err := w.PutSource(ctx, tenant.PutSource{
		Name: "gh", Provider: "github", Secrets: []string{"s1", "s2"},
		URL: "https://hooks.example.com/x", Retention: 48 * time.Hour,
	})
	require.NoError(t, err)
	assert.True(t, s.Published)
	assert.Equal(t, int64(1), s.Generation)
	assert.Equal(t, start, s.Created)
	assert.Len(t, s.Secrets, 2)
	assert.NotContains(t, asJSON(t, s), "s1")

	c := w.edge("gh")
	assert.Equal(t, []string{"s1", "s2"}, values(c))
	assert.Equal(t, "github", c.Provider)
	assert.Equal(t, 48*time.Hour, c.Retention)
	assert.Equal(t, "https://hooks.example.com/x", c.URL)
	assert.Equal(t, s.Secrets[0].ID, c.Secrets[0].ID)

	got, err := w.Source(ctx, "gh")
	require.NoError(t, err)
	assert.Equal(t, s, got)
	list, err := w.Sources(ctx)
	require.NoError(t, err)
	assert.Equal(t, []tenant.Source{s}, list)

	// The same again changes nothing and writes nothing.
	w.now = w.now.Add(time.Hour)
	again, err := w.PutSource(ctx, tenant.PutSource{
		Name: "gh", Provider: "github", Secrets: []string{"s1", "s2"},
		URL: "https://hooks.example.com/x", Retention: 48 * time.Hour,
	})
	require.NoError(t, err)
	assert.Equal(t, s, again)
	assert.Equal(t, 1, w.kv.calls)

	// A value that stays keeps its id and age; one that is not named is gone.
	s3 := w.put("gh", "s3", "s2")
	assert.Equal(t, int64(2), s3.Generation)
	assert.Equal(t, s.Secrets[1], s3.Secrets[1])
	assert.Equal(t, w.now, s3.Secrets[0].Created)
	assert.Equal(t, start, s3.Created)
	assert.Equal(t, source.DefaultRetention, s3.Retention)
	assert.Equal(t, []string{"s3", "s2"}, values(w.edge("gh")))
	w.restart()
	got, err = w.Source(ctx, "gh")
	require.NoError(t, err)
	assert.Equal(t, s3, got)
}

func TestPutSourceRefuses(t *testing.T) {
	w := newWorld(t)
	many := make([]string, source.MaxSecrets+1)
	for i := range many {
		many[i] = "s" + strconv.Itoa(i)
	}
	for why, c := range map[string]struct {
		change func(*tenant.PutSource)
		want   error
	}{
		"name":              {func(p *tenant.PutSource) { p.Name = "a/b" }, tenant.ErrRequest},
		"no name":           {func(p *tenant.PutSource) { p.Name = "" }, tenant.ErrRequest},
		"reserved name":     {func(p *tenant.PutSource) { p.Name = "hookweir" }, tenant.ErrReserved},
		"provider":          {func(p *tenant.PutSource) { p.Provider = "nobody" }, tenant.ErrProvider},
		"no secrets":        {func(p *tenant.PutSource) { p.Secrets = nil }, tenant.ErrSecret},
		"empty secret":      {func(p *tenant.PutSource) { p.Secrets = []string{""} }, tenant.ErrSecret},
		"blank secret":      {func(p *tenant.PutSource) { p.Secrets = []string{"ok", " \n"} }, tenant.ErrSecret},
		"long secret":       {func(p *tenant.PutSource) { p.Secrets = []string{strings.Repeat("x", tenant.MaxSecretBytes+1)} }, tenant.ErrSecret},
		"not UTF-8":         {func(p *tenant.PutSource) { p.Secrets = []string{"a\xff"} }, tenant.ErrSecret},
		"scheme refuses it": {func(p *tenant.PutSource) { p.Secrets = []string{"bad one"} }, tenant.ErrSecret},
		"same secret twice": {func(p *tenant.PutSource) { p.Secrets = []string{"s", "s"} }, tenant.ErrRequest},
		"nine secrets":      {func(p *tenant.PutSource) { p.Secrets = many }, tenant.ErrSecrets},
		"short retention":   {func(p *tenant.PutSource) { p.Retention = source.MinRetention - time.Second }, tenant.ErrRequest},
		"long retention":    {func(p *tenant.PutSource) { p.Retention = source.MaxRetention + time.Second }, tenant.ErrRequest},
		"odd retention":     {func(p *tenant.PutSource) { p.Retention = source.MinRetention + time.Millisecond }, tenant.ErrRequest},
		"url scheme":        {func(p *tenant.PutSource) { p.URL = "ftp://x" }, tenant.ErrRequest},
		"url with a space":  {func(p *tenant.PutSource) { p.URL = "https://x/ y" }, tenant.ErrRequest},
		"long url":          {func(p *tenant.PutSource) { p.URL = "https://" + strings.Repeat("x", tenant.MaxURLBytes) }, tenant.ErrRequest},
	} {
		p := tenant.PutSource{Name: "gh", Provider: "github", Secrets: []string{"s"}}
		c.change(&p)
		_, err := w.PutSource(ctx, p)
		require.ErrorIs(t, err, c.want, why)
		_, err = w.Source(ctx, "gh")
		require.ErrorIs(t, err, tenant.ErrNotFound, why)
	}
	assert.Empty(t, w.kv.values)
	w.put("gh", many[1:]...)
}

func TestSourceLimit(t *testing.T) {
	w := newWorld(t)
	w.put("first", "s")
	_, err := w.db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO sources SELECT 'x' || i, provider, url, retention, secrets, sealed, generation, created, updated, 0, 1, 0 FROM n, sources`, tenant.MaxSources-1)
	require.NoError(t, err)
	_, err = w.PutSource(ctx, tenant.PutSource{Name: "last", Provider: "github", Secrets: []string{"s"}})
	require.ErrorIs(t, err, tenant.ErrLimit)
	w.put("first", "s2") // what is there may change
	_, err = w.DeleteSource(ctx, "x1")
	require.NoError(t, err)
	w.put("last", "s")
}

func TestRotateSource(t *testing.T) {
	w := newWorld(t)
	rotate := func(secret string, overlap time.Duration) tenant.Source {
		t.Helper()
		s, err := w.RotateSource(ctx, tenant.RotateSource{Name: "gh", Secret: secret, Overlap: overlap})
		require.NoError(t, err)
		return s
	}
	w.put("gh", "s1")
	s := rotate("s2", 24*time.Hour)
	assert.True(t, s.Published)
	assert.Equal(t, []string{"s2", "s1"}, values(w.edge("gh")))
	assert.Zero(t, s.Secrets[0].NotAfter)
	assert.Equal(t, start.Add(24*time.Hour), s.Secrets[1].NotAfter)

	// Rotating again: a longer overlap does not prolong what was to end, a
	// shorter one cuts it short.
	w.now = start.Add(time.Hour)
	s = rotate("s3", 240*time.Hour)
	assert.Equal(t, w.now.Add(240*time.Hour), s.Secrets[1].NotAfter)
	assert.Equal(t, start.Add(24*time.Hour), s.Secrets[2].NotAfter)
	s = rotate("s4", time.Minute)
	for _, old := range s.Secrets[1:] {
		assert.Equal(t, w.now.Add(time.Minute), old.NotAfter)
	}

	// A repeated call is the same call.
	w.now = w.now.Add(30 * time.Second)
	again := rotate("s4", time.Minute)
	assert.Equal(t, s, again)

	// What has ended is dropped.
	w.now = w.now.Add(30 * time.Second)
	s = rotate("s5", time.Hour)
	assert.Equal(t, []string{"s5", "s4"}, values(w.edge("gh")))
	assert.Len(t, s.Secrets, 2)

	// Overlap 0 drops the others at once; going back to an old value works.
	s = rotate("s4", 0)
	assert.Equal(t, []string{"s4"}, values(w.edge("gh")))
	assert.Zero(t, s.Secrets[0].NotAfter)

	for i := range source.MaxSecrets - 1 {
		rotate("n"+strconv.Itoa(i), time.Hour)
	}
	_, err := w.RotateSource(ctx, tenant.RotateSource{Name: "gh", Secret: "one more", Overlap: time.Hour})
	require.ErrorIs(t, err, tenant.ErrSecrets)
	assert.Len(t, w.edge("gh").Secrets, source.MaxSecrets)

	for why, c := range map[string]struct {
		in   tenant.RotateSource
		want error
	}{
		"no such source":   {tenant.RotateSource{Name: "x", Secret: "s"}, tenant.ErrNotFound},
		"negative overlap": {tenant.RotateSource{Name: "gh", Secret: "s", Overlap: -1}, tenant.ErrRequest},
		"long overlap":     {tenant.RotateSource{Name: "gh", Secret: "s", Overlap: tenant.MaxOverlap + 1}, tenant.ErrRequest},
		"empty secret":     {tenant.RotateSource{Name: "gh"}, tenant.ErrSecret},
		"bad secret":       {tenant.RotateSource{Name: "gh", Secret: "bad"}, tenant.ErrSecret},
	} {
		_, err := w.RotateSource(ctx, c.in)
		require.ErrorIs(t, err, c.want, why)
	}
}

func TestDeleteSource(t *testing.T) {
	w := newWorld(t)
	first := w.put("gh", "s1")
	published, err := w.DeleteSource(ctx, "gh")
	require.NoError(t, err)
	assert.True(t, published)
	assert.Nil(t, w.edge("gh"))
	_, err = w.Source(ctx, "gh")
	require.ErrorIs(t, err, tenant.ErrNotFound)
	_, err = w.DeleteSource(ctx, "gh")
	require.ErrorIs(t, err, tenant.ErrNotFound)
	n, err := sqlstore.Int64(w.db, `SELECT count(*) FROM sources`)
	require.NoError(t, err)
	assert.Zero(t, n)

	w.now = w.now.Add(time.Minute)
	second := w.put("gh", "s1")
	assert.Greater(t, second.Generation, first.Generation+1, "a generation never repeats")
	assert.Equal(t, w.now, second.Created)
	assert.NotEqual(t, first.Secrets[0].ID, second.Secrets[0].ID)
}

var errKV = errors.New("429 from KV")

func TestPublicationIsAnOutbox(t *testing.T) {
	w := newWorld(t)
	w.kv.err = errKV
	s := w.put("gh", "s1")
	assert.False(t, s.Published)
	assert.Equal(t, start.Add(2*time.Second), w.alarm)

	var pauses []time.Duration
	for range 10 {
		before := w.now
		w.tick()
		pauses = append(pauses, w.alarm.Sub(w.now))
		require.True(t, w.now.After(before))
	}
	assert.Equal(t, 8*time.Second, pauses[0], "the put and the first alarm have failed")
	assert.Equal(t, 5*time.Minute, pauses[9])
	assert.Nil(t, w.edge("gh"))

	w.restart() // the memory of it is in the database
	w.kv.err = nil
	w.tick()
	assert.Equal(t, []string{"s1"}, values(w.edge("gh")))
	got, err := w.Source(ctx, "gh")
	require.NoError(t, err)
	assert.True(t, got.Published)
	assert.True(t, w.alarm.IsZero(), "nothing is left to do")

	// Deleting is published the same way, and cannot be seen meanwhile.
	w.kv.err = errKV
	published, err := w.DeleteSource(ctx, "gh")
	require.NoError(t, err)
	assert.False(t, published)
	_, err = w.Source(ctx, "gh")
	require.ErrorIs(t, err, tenant.ErrNotFound)
	assert.NotNil(t, w.edge("gh"))
	w.kv.err = nil
	w.tick()
	assert.Nil(t, w.edge("gh"))
	assert.True(t, w.alarm.IsZero())
}

func TestTheAlarmIsSetBeforeKVIsAsked(t *testing.T) {
	w := newWorld(t)
	w.kv.during = func() { assert.False(t, w.alarm.IsZero()) }
	w.put("gh", "s1")
	assert.Nil(t, w.kv.during, "KV was not asked")

	w.cfg.SetAlarm = func(time.Time) error { return errors.New("no alarm") }
	w.restart()
	calls := w.kv.calls
	_, err := w.PutSource(ctx, tenant.PutSource{Name: "gh", Provider: "github", Secrets: []string{"s2"}})
	require.Error(t, err)
	assert.Equal(t, calls, w.kv.calls)
}

func TestANewerRowDuringThePut(t *testing.T) {
	w := newWorld(t)
	var inner tenant.Source
	w.kv.during = func() { inner = w.put("gh", "s2") }
	outer := w.put("gh", "s1")
	assert.False(t, inner.Published, "one put at a time")
	assert.False(t, outer.Published, "what was put is no longer the newest")
	assert.Equal(t, 1, w.kv.calls)
	w.tick()
	assert.Equal(t, []string{"s2"}, values(w.edge("gh")))
	got, err := w.Source(ctx, "gh")
	require.NoError(t, err)
	assert.True(t, got.Published)

	// Deleted and made again while the delete is under way.
	w.kv.during = func() { w.put("gh", "s3") }
	published, err := w.DeleteSource(ctx, "gh")
	require.NoError(t, err)
	assert.False(t, published)
	w.tick()
	assert.Equal(t, []string{"s3"}, values(w.edge("gh")))
}

func TestAPutThatNeverReturns(t *testing.T) {
	w := newWorld(t)
	w.kv.during = func() { panic("the request was cancelled") }
	// The panic stands for a goroutine that never comes back, but for its
	// deferred calls; so the object is made anew, as after an eviction.
	assert.Panics(t, func() { w.put("gh", "s1") })
	w.restart()
	w.tick()
	assert.Equal(t, []string{"s1"}, values(w.edge("gh")))

	// In the same object the claim on the source runs out.
	hung := make(chan struct{})
	entered := make(chan struct{})
	w.kv.during = func() { close(entered); <-hung }
	done := make(chan struct{})
	go func() { defer close(done); _, _ = w.PutSource(ctx, putOf("gh", "s2")) }()
	<-entered
	w.tick()
	assert.Equal(t, []string{"s1"}, values(w.edge("gh")))
	for w.now.Before(start.Add(time.Minute)) && !w.alarm.IsZero() {
		w.tick()
	}
	assert.Equal(t, []string{"s2"}, values(w.edge("gh")))
	close(hung)
	<-done
}

// TestAPutThatComesTooLate: KV is mended when an older write lands over a newer
// one that the row believes in.
func TestAPutThatComesTooLate(t *testing.T) {
	for _, gone := range []bool{false, true} {
		w := newWorld(t)
		w.put("gh", "s1")
		hung, entered, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		w.kv.during = func() { close(entered); <-hung }
		go func() { defer close(done); _, _ = w.PutSource(ctx, putOf("gh", "s2")) }()
		<-entered
		w.restart() // the event's instance is replaced; the write is still on its way
		if gone {
			published, err := w.DeleteSource(ctx, "gh")
			require.NoError(t, err)
			require.True(t, published)
		} else {
			require.True(t, w.put("gh", "s3").Published)
		}
		close(hung)
		<-done
		for !w.alarm.IsZero() {
			w.tick()
		}
		if gone {
			assert.NotContains(t, w.kv.values, "src:acme/gh", "a deleted source lives on")
		} else {
			assert.Equal(t, []string{"s3"}, values(w.edge("gh")), "a rotated secret is back")
		}
	}
}

func putOf(name, secret string) tenant.PutSource {
	return tenant.PutSource{Name: name, Provider: "github", Secrets: []string{secret}}
}

func TestManyUnpublishedSources(t *testing.T) {
	w := newWorld(t)
	w.kv.err = errKV
	for i := range 120 {
		w.put("s"+strconv.Itoa(i), "secret")
	}
	assert.Equal(t, start.Add(2*time.Second), w.alarm, "later calls do not push the alarm away")
	w.kv.err = nil
	for range 3 {
		w.tick()
	}
	assert.Len(t, w.kv.values, 120)
	assert.True(t, w.alarm.IsZero())
}

func TestSourceKeysMissingOrChanged(t *testing.T) {
	w := newWorld(t)
	w.put("gh", "s1")
	right := w.cfg.SourceKeys

	w.cfg.SourceKeys = nil
	w.restart()
	_, err := w.PutSource(ctx, putOf("gh", "s2"))
	require.ErrorIs(t, err, seal.ErrNoRing)
	_, err = w.RotateSource(ctx, tenant.RotateSource{Name: "gh", Secret: "s2"})
	require.ErrorIs(t, err, seal.ErrNoRing)
	s, err := w.Source(ctx, "gh")
	require.NoError(t, err, "a list needs no key")
	assert.Len(t, s.Secrets, 1)

	w.cfg.SourceKeys = ring(t, 9)
	w.restart()
	_, err = w.RotateSource(ctx, tenant.RotateSource{Name: "gh", Secret: "s2"})
	require.ErrorIs(t, err, tenant.ErrUnreadable)
	w.put("gh", "s2") // a PUT needs nothing of the old
	assert.Equal(t, []string{"s2"}, values(w.edge("gh")))

	// Under a new primary key the same PUT seals again.
	w.cfg.SourceKeys = right
	w.restart()
	before := w.put("gh", "s3")
	both, err := seal.Parse(ringText(7)+","+ringText(1), aesgcm.Suite{})
	require.NoError(t, err)
	w.cfg.SourceKeys = both
	w.restart()
	after := w.put("gh", "s3")
	assert.Greater(t, after.Generation, before.Generation)
	assert.Equal(t, before.Secrets, after.Secrets)
	assert.True(t, strings.HasPrefix(w.kv.values["src:acme/gh"], "hw1.k07."))
}

// Parameters travel sealed with the secrets, through a rotation too.
func TestParams(t *testing.T) {
	w := newWorld(t)
	in := tenant.PutSource{Name: "gh", Provider: "github", Secrets: []string{"secret one"}, Params: map[string]string{"audience": "me"}}
	_, err := w.PutSource(ctx, in)
	require.NoError(t, err)
	params := func() map[string]string { return w.edge("gh").Params }
	assert.Equal(t, in.Params, params())
	_, err = w.RotateSource(ctx, tenant.RotateSource{Name: "gh", Secret: "secret two", Overlap: time.Hour})
	require.NoError(t, err)
	assert.Equal(t, in.Params, params())

	in.Params = map[string]string{"bad": "x"}
	_, err = w.PutSource(ctx, in)
	require.ErrorIs(t, err, tenant.ErrParams)
	assert.Equal(t, map[string]string{"audience": "me"}, params(), "what was refused changed nothing")

	in.Params = nil
	_, err = w.PutSource(ctx, in)
	require.NoError(t, err)
	assert.Empty(t, params())
}
