//go:build !js

package vault_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAlarmNotSetHoldsNobodyUp: a caller that was to refresh fails because the
// alarm cannot be set; the next one refreshes, and does not wait for a refresh
// that nobody makes.
func TestAlarmNotSetHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which ends, where all wait for ever
		w := newWorld(t)
		w.as.Grace = time.Hour
		fails, set := errors.New("storage"), w.cfg.SetAlarm
		var fail error
		w.cfg.SetAlarm = func(at time.Time) error {
			if fail != nil {
				return fail
			}
			return set(at)
		}
		w.restart()
		w.connect("crm", rotation("grace", time.Hour))
		w.advance(2 * time.Hour)
		// A refresh that was interrupted, longer ago than any may take.
		ago := w.clock().Add(-40 * time.Second).UnixMilli()
		_, err := w.cfg.DB.Exec(`UPDATE connections SET intent_at = ?, first_at = ?`, ago, ago)
		require.NoError(t, err)
		w.restart()
		fail = fails
		_, err = w.token("crm")
		require.ErrorIs(t, err, fails)
		fail = nil
		_, err = w.token("crm")
		require.NoError(t, err)
	})
}
