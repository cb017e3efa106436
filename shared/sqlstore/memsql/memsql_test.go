package memsql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
	"github.com/hookweir/hookweir/shared/sqlstore/sqlstoretest"
)

func open(t *testing.T) sqlstore.DB {
	t.Helper()
	db, err := memsql.Open()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestConformance(t *testing.T) { sqlstoretest.Run(t, open) }

func TestNumbersAreThePlatforms(t *testing.T) {
	rows, err := open(t).Exec(`SELECT 1, 0.5, ?, count(*)`, 7)
	require.NoError(t, err)
	require.Equal(t, [][]any{{1.0, 0.5, 7.0, 1.0}}, rows.Values)
}

func TestUnrepresentableIntegerIsAnError(t *testing.T) {
	_, err := open(t).Exec(`SELECT 9007199254740993`)
	require.ErrorIs(t, err, sqlstore.ErrColumn)
}

func TestDatabasesAreSeparate(t *testing.T) {
	a, b := open(t), open(t)
	_, err := a.Exec(`CREATE TABLE x (n INTEGER)`)
	require.NoError(t, err)
	_, err = b.Exec(`SELECT * FROM x`)
	require.Error(t, err)
}
