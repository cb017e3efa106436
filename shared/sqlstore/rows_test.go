package sqlstore_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

func one(v any) *sqlstore.Row {
	return sqlstore.Rows{Columns: []string{"c"}, Values: [][]any{{v}}}.Row(0)
}

func TestRowTakesNumbersOfEitherKind(t *testing.T) {
	for _, v := range []any{int64(3), 3.0} {
		r := one(v)
		require.EqualValues(t, 3, r.Int64())
		require.NoError(t, r.Done())
		require.Equal(t, 3.0, one(v).Float64())
		require.Equal(t, 3, one(v).Int())
		require.True(t, one(v).Bool())
		require.Equal(t, time.UnixMilli(3).UTC(), one(v).Time())
	}
	require.True(t, one(nil).Time().IsZero())
}

func TestRowRefusesOtherTypes(t *testing.T) {
	for name, read := range map[string]func() *sqlstore.Row{
		"text as integer":     func() *sqlstore.Row { r := one("3"); r.Int64(); return r },
		"fraction as integer": func() *sqlstore.Row { r := one(3.5); r.Int64(); return r },
		"infinity as integer": func() *sqlstore.Row { r := one(math.Inf(1)); r.Int64(); return r },
		"NaN as integer":      func() *sqlstore.Row { r := one(math.NaN()); r.Int64(); return r },
		"text as time":        func() *sqlstore.Row { r := one("3"); r.Time(); return r },
		"blob as number":      func() *sqlstore.Row { r := one([]byte{3}); r.Float64(); return r },
		"number as text":      func() *sqlstore.Row { r := one(3.0); _ = r.Text(); return r },
		"text as blob":        func() *sqlstore.Row { r := one("secret"); r.Blob(); return r },
		"past the end":        func() *sqlstore.Row { r := one(3.0); r.Int64(); r.Int64(); return r },
		"a column left":       func() *sqlstore.Row { return one(3.0) },
	} {
		t.Run(name, func(t *testing.T) {
			err := read().Done()
			require.ErrorIs(t, err, sqlstore.ErrColumn)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestRowsWalk(t *testing.T) {
	rows := sqlstore.Rows{Columns: []string{"n"}, Values: [][]any{{1.0}, {2.0}, {3.0}}}
	sum := int64(0)
	for row := range rows.All() {
		sum += row.Int64()
		if sum == 3 {
			break
		}
	}
	require.EqualValues(t, 3, sum)
	_, ok := sqlstore.Rows{}.First()
	require.False(t, ok)
}
