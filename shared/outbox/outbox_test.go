package outbox_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/outbox"
	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

func open(t *testing.T) *memsql.DB {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, sqlstore.Migrate(db, [][]string{{outbox.Schema}}))
	return db
}

func TestFlushOldestFirst(t *testing.T) {
	var got []string
	box := outbox.Box{DB: open(t), Send: func(messages [][]byte) error {
		for _, m := range messages {
			got = append(got, string(m))
		}
		return nil
	}}
	var want []string
	for i := range 101 {
		want = append(want, strconv.Itoa(i))
		require.NoError(t, box.Add([]byte(want[i])))
	}
	sent, err := box.Flush()
	require.NoError(t, err)
	assert.Equal(t, 100, sent)
	waiting, err := box.Waiting()
	require.NoError(t, err)
	assert.True(t, waiting)
	sent, err = box.Flush()
	require.NoError(t, err)
	assert.Equal(t, 1, sent)
	assert.Equal(t, want, got)
	waiting, err = box.Waiting()
	require.NoError(t, err)
	assert.False(t, waiting)
	sent, err = box.Flush()
	require.NoError(t, err)
	assert.Zero(t, sent)
}

func TestFlushKeepsWhatTheQueueRefused(t *testing.T) {
	refused := errors.New("refused")
	calls := 0
	var got []int
	box := outbox.Box{DB: open(t), Send: func(messages [][]byte) error {
		if calls++; calls == 2 {
			return refused
		}
		for _, m := range messages {
			got = append(got, len(m))
		}
		return nil
	}}
	for _, n := range []int{100_000, 100_001, 100_002} { // two fit one call
		require.NoError(t, box.Add(make([]byte, n)))
	}
	sent, err := box.Flush()
	assert.ErrorIs(t, err, refused)
	assert.Equal(t, 2, sent)
	sent, err = box.Flush()
	require.NoError(t, err)
	assert.Equal(t, 1, sent)
	assert.Equal(t, []int{100_000, 100_001, 100_002}, got)
}

// TestFlushDuringAnAdd: what is added while the queue is asked stays.
func TestFlushDuringAnAdd(t *testing.T) {
	db := open(t)
	var box outbox.Box
	box = outbox.Box{DB: db, Send: func([][]byte) error { return box.Add([]byte("late")) }}
	require.NoError(t, box.Add([]byte("early")))
	sent, err := box.Flush()
	require.NoError(t, err)
	assert.Equal(t, 1, sent)
	waiting, err := box.Waiting()
	require.NoError(t, err)
	assert.True(t, waiting)
}

func TestAddIsPartOfItsTransaction(t *testing.T) {
	db := open(t)
	box := outbox.Box{DB: db}
	failed := errors.New("failed")
	assert.ErrorIs(t, db.Tx(func() error {
		require.NoError(t, box.Add([]byte("x")))
		return failed
	}), failed)
	waiting, err := box.Waiting()
	require.NoError(t, err)
	assert.False(t, waiting)
}
