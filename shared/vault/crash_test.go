//go:build !js

package vault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/fetch"
	"github.com/hookweir/hookweir/shared/oauth/oauthtest"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/vault"
)

// killed is what a step that ends the process panics with.
var errKilled = errors.New("killed")

// mortal is a database that ends the process at its nth step: before or after a
// transaction, or in its middle.
type mortal struct {
	sqlstore.DB
	left int // steps until the end; negative: immortal
}

func (m *mortal) step() {
	if m.left == 0 {
		panic(errKilled)
	}
	m.left--
}

func (m *mortal) Exec(query string, args ...any) (sqlstore.Rows, error) {
	m.step()
	return m.DB.Exec(query, args...)
}

func (m *mortal) Tx(f func() error) error {
	err := m.DB.Tx(f)
	m.step() // after the commit
	return err
}

// survive runs f and reports whether the process outlived it.
func survive(f func()) (alive bool) {
	defer func() {
		if v := recover(); v != nil {
			if v != error(errKilled) {
				panic(v)
			}
			alive = false
		}
	}()
	f()
	return true
}

// TestKilledAtEachStep kills the process at every statement, every commit and
// around the request of a refresh, with a server that is strict, one that
// forgives, one that does not rotate, and under each fault. Whatever happens,
// no refresh token is spent twice, none that arrived is lost, and in the end
// the connection works or says that it does not.
func TestKilledAtEachStep(t *testing.T) {
	for _, mode := range []string{"strict", "grace", "none"} {
		for _, fault := range []oauthtest.Fault{"", oauthtest.FailBefore, oauthtest.DropAfter} {
			t.Run(fmt.Sprintf("%s %s", mode, fault), func(t *testing.T) {
				for n := 0; ; n++ {
					require.Less(t, n, 400, "does a refresh never end?")
					if !killedAt(t, mode, fault, n) {
						require.Greater(t, n, 20, "the kills did not reach the refresh")
						return
					}
				}
			})
		}
	}
}

func killedAt(t *testing.T, mode string, fault oauthtest.Fault, n int) bool {
	w := newWorld(t)
	m := &mortal{DB: w.db, left: -1}
	w.db = m
	w.restart()
	w.as.Rotate = mode != "none"
	grace := time.Duration(0)
	if mode == "grace" {
		grace = 2 * time.Minute
		w.as.Grace = grace
	}
	w.connect("crm", rotation(mode, grace))
	w.now = start.Add(50 * time.Minute)
	if fault != "" {
		w.as.Break(fault)
	}
	arrived := false // an answer with tokens reached this process
	w.before = func(fetch.Request) { m.step() }
	w.after = func(fetch.Request) {
		arrived = arrived || fault == ""
		m.step()
	}
	w.alarm = w.now
	m.left = n
	w.alarm = time.Time{}
	// The alarm and a caller in one: both ways into a refresh.
	alive := survive(func() {
		assert.NoError(t, w.obj.Alarm())
		w.now = start.Add(time.Hour)
		_, _ = w.token("crm")
	})
	m.left = -1
	w.before, w.after = nil, nil
	if !alive {
		w.restart()
		w.alarm = w.now // the platform repeats an alarm that did not end
	}
	w.until(w.clock().Add(10 * time.Minute))
	w.until(start.Add(2 * time.Hour))
	c := w.state("crm")
	tok, err := w.token("crm")
	switch c.State {
	case vault.Active:
		require.NoError(t, err, "step %d", n)
		assert.True(t, w.as.Active(tok.Value), "step %d: a dead token was handed out", n)
	case vault.NeedsReauth:
		require.ErrorIs(t, err, vault.ErrNeedsReauth)
		w.settle()
		assert.Contains(t, w.told(), "needs_reauth", "step %d: silent", n)
		// A window forgives one repetition: the kill's, or the fault's.
		assert.True(t, mode == "strict" || mode == "grace" && fault != "", "step %d: there was a way back", n)
	default:
		assert.Fail(t, "no end", "step %d: %s %s %s", n, c.State, c.Reason, c.Cause)
	}
	_, _, reuses := w.as.Counts()
	assert.Zero(t, reuses, "step %d: a spent refresh token was sent again", n)
	if mode == "strict" && fault == "" {
		assert.Empty(t, w.as.Twice(), "step %d", n)
	}
	return !alive
}

// TestArrivedIsStored: once the answer is there, it takes one transaction, and
// only a death before its commit loses it.
func TestArrivedIsStored(t *testing.T) {
	w := newWorld(t)
	m := &mortal{DB: w.db, left: -1}
	w.db = m
	w.restart()
	w.connect("crm")
	w.advance(time.Hour)
	before := w.state("crm").Generation
	w.after = func(fetch.Request) { m.left = 1_000 }
	alive := survive(func() {
		_, err := w.token("crm")
		assert.NoError(t, err)
	})
	require.True(t, alive)
	used := 1_000 - m.left
	require.Greater(t, w.state("crm").Generation, before)
	assert.Less(t, used, 40, "statements between the answer and the token")
}

func TestTwoInstances(t *testing.T) {
	// While one instance refreshes, another one over the same storage neither
	// refreshes nor waits for ever; and it takes over when the first is gone.
	w := newWorld(t)
	w.connect("crm")
	w.advance(time.Hour)
	first := w.obj
	var err error
	w.before = func(fetch.Request) {
		w.before = nil
		w.restart()
		_, err = w.token("crm")
	}
	res, firstErr := first.Token(vault.TokenRequest{Connection: "crm", Caller: "mcp"})
	require.NoError(t, firstErr)
	require.ErrorIs(t, err, vault.ErrUnavailable)
	posts, _, _ := w.as.Counts()
	assert.Equal(t, 1, posts)
	tok, err := w.token("crm")
	require.NoError(t, err)
	assert.Equal(t, res.Value, tok.Value)
}
