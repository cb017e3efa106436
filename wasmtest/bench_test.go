package wasmtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// BenchmarkWebhook is one signed delivery through both Workers: verified,
// queued, claimed, posted to the agent and settled.
func BenchmarkWebhook(b *testing.B) {
	edge := hookweir(b, &agent{}, wasmtest.Config{})
	configure(b, edge, "acme")
	n := 0
	for b.Loop() {
		n++
		edge.Send(github("acme", fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012d", n), githubSecret, `{"ref":"x"}`), nil)
		edge.Advance(100 * time.Millisecond)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkBoot is a crash of the private Worker and its next event.
func BenchmarkBoot(b *testing.B) {
	edge := hookweir(b, &agent{}, wasmtest.Config{})
	configure(b, edge, "acme")
	for b.Loop() {
		edge.Worker("hookweir-consumers").Kill()
		edge.Fetch(api("GET", "acme/sources/gh", ""))
	}
}

// BenchmarkIdleHour is an hour in which nothing happens.
func BenchmarkIdleHour(b *testing.B) {
	edge := hookweir(b, &agent{}, wasmtest.Config{})
	configure(b, edge, "acme")
	for b.Loop() {
		edge.Advance(time.Hour)
	}
}
