package lane_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/sqlstore/memsql"
)

// benchLane is a Lane whose queue takes everything and delivers nothing.
func benchLane(b *testing.B, rate pace.Limit) lane.Client {
	b.Helper()
	db, err := memsql.Open()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	l, err := lane.New(lane.Config{
		DB: db, Now: time.Now, Jitter: func() float64 { return 0.5 },
		SendWrites: func([][]byte) error { return nil }, SendEvents: func([][]byte) error { return nil },
		SetAlarm:   func(time.Time) error { return nil },
		PutPayload: func(string, []byte) error { return nil }, DropPayload: func(string) error { return nil },
		Performer: &lane.Performer{}, Budget: func(string, string) outbound.Lane { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	c := lane.Client{Tenant: "acme", Destination: "shop", Invoke: func(_ context.Context, m string, p []byte) ([]byte, error) { return l.Invoke(m, p) }}
	cfg := destination.New(base)
	cfg.Rate = rate
	if _, err := c.Put(context.Background(), lane.PutDestination{Config: cfg}); err != nil {
		b.Fatal(err)
	}
	return c
}

// BenchmarkPermit is a call for 100 slots, encoding, transaction and all.
func BenchmarkPermit(b *testing.B) {
	c := benchLane(b, pace.Limit{Requests: pace.MaxRequests, Per: time.Second, Burst: pace.MaxBurst})
	n := 0
	for b.Loop() {
		g, err := c.Permit(context.Background(), outbound.PermitRequest{N: outbound.MaxPermits, Horizon: pace.MaxHorizon})
		if err != nil {
			b.Fatal(err)
		}
		n += len(g.Slots)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "permits/s")
}

// BenchmarkAccept stores a list of 100 writes of 1 KB.
func BenchmarkAccept(b *testing.B) {
	c := benchLane(b, pace.Limit{})
	writes := make([]lane.Write, 100)
	n := 0
	for b.Loop() {
		for i := range writes {
			writes[i] = keyed(fmt.Sprint(i%10), fmt.Sprintf("%1024d", n))
			n++
		}
		if _, err := c.Accept(context.Background(), writes); err != nil {
			if n > lane.MaxOpen {
				break
			}
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "writes/s")
}
