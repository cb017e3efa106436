package poll

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// BenchmarkIdlePoll is a poll that finds nothing, on the host: what Go and
// SQLite cost of it. bench/polls.mjs measures the whole of it on workerd.
func BenchmarkIdlePoll(b *testing.B) {
	db, err := memsql.Open()
	require.NoError(b, err)
	defer db.Close()
	clock := begin
	rows := 0
	p, err := New(Config{
		DB: db, Now: func() time.Time { return clock }, Rand: func() float64 { return 0.5 },
		SetAlarm: func(time.Time) error { rows++; return nil },
		Call: func(context.Context, string, Request) (Response, error) {
			return Response{Status: 200, Header: http.Header{}, Body: []byte(`{"data":[],"has_more":false}`), Base: "https://api.example.com"}, nil
		},
		Ledger:     func(string, int) Ledger { return nil }, // is not asked
		Send:       func([][]byte) error { return nil },
		PutPayload: func(context.Context, string, []byte) error { return nil },
		Schedule:   func(string) Schedule { return noSchedule{} },
		Log:        func(string, ...string) {},
	})
	require.NoError(b, err)
	require.NoError(b, p.bind("acme", "p", true))
	_, err = p.Put(context.Background(), Definition{Preset: "stripe", Destination: "stripe"})
	require.NoError(b, err)
	rows = 0
	for b.Loop() {
		ran, err := p.Run(context.Background(), Due)
		require.NoError(b, err)
		clock = ran.Next
	}
	b.ReportMetric(float64(rows)/float64(b.N), "alarms/op")
}

type noSchedule struct{}

func (noSchedule) Add(context.Context, string, string, time.Duration, time.Time) error { return nil }

func (noSchedule) Remove(context.Context, string) error { return nil }
