//go:build !js

package alarm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/alarm"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

func TestSlots(t *testing.T) {
	db, err := memsql.Open()
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.Exec(alarm.Schema)
	require.NoError(t, err)
	var set time.Time
	c := alarm.Clock{DB: db, SetAlarm: func(at time.Time) error { set = at; return nil }}
	at := func(s int) time.Time { return time.Unix(int64(s), 0).UTC() }

	require.NoError(t, c.Set("b", at(20)))
	require.NoError(t, c.Set("a", at(30)))
	assert.Equal(t, at(20), set, "a later slot does not delay an earlier one")
	require.NoError(t, c.Set("a", at(10)))
	assert.Equal(t, at(10), set)

	var ran []string
	require.NoError(t, c.Ring(at(10), func(s string) error { ran = append(ran, s); return nil }))
	assert.Equal(t, []string{"a"}, ran)
	assert.Equal(t, at(20), set)

	// One that is set anew by its own run stays.
	require.NoError(t, c.Ring(at(20), func(s string) error { return c.Set(s, at(50)) }))
	assert.Equal(t, at(50), set)

	// One that fails stays due; the others are done.
	require.NoError(t, c.Set("a", at(50)))
	boom := errors.New("boom")
	require.ErrorIs(t, c.Ring(at(60), func(s string) error {
		if s == "b" {
			return boom
		}
		return nil
	}), boom)
	ran = nil
	require.NoError(t, c.Ring(at(60), func(s string) error { ran = append(ran, s); return nil }))
	assert.Equal(t, []string{"b"}, ran)
}
