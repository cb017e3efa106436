package wasmtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/hookweir/hookweir/wasmtest/internal/guests"
	"github.com/stretchr/testify/require"
)

func guest(name string) string {
	path, err := guests.Build("..", name)
	if err != nil {
		panic(err)
	}
	return path
}

// shop is a stock syumai/workers module and what it needs.
func shop(pay http.Handler) wasmtest.Config {
	return wasmtest.Config{
		Workers: []wasmtest.Worker{{
			Name:      "shop",
			Module:    guest("shop"),
			KV:        map[string]string{"ORDERS": "orders"},
			Producers: map[string]string{"PAYMENTS": "payments"},
			Consumers: []wasmtest.Consumer{{Queue: "payments", Timeout: time.Second, DeadLetter: "payments-dead"}},
			Crons:     []string{"*/15 * * * *"},
		}},
		Servers: map[string]http.Handler{
			"pay.example":   pay,
			"rates.example": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "1.08") }),
		},
	}
}

func text(res *http.Response) string {
	b, _ := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %s", res.StatusCode, strings.TrimSpace(string(b)))
}

func TestShop(t *testing.T) {
	failures := 2
	edge := wasmtest.New(t, shop(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if failures--; failures >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})))
	require.Equal(t, "202 order 17 accepted", text(edge.Fetch(httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("17")))))
	require.Equal(t, "200 ordered", text(edge.Fetch(httptest.NewRequest("GET", "https://shop.example/orders/17", nil))))
	require.Equal(t, 1, edge.Queue("payments").Len())
	edge.Advance(2 * time.Minute)
	require.Equal(t, 0, edge.Queue("payments").Len())
	require.Equal(t, "200 paid", text(edge.Fetch(httptest.NewRequest("GET", "https://shop.example/orders/17", nil))))
	edge.Advance(30 * time.Minute)
	var lines []string
	for _, l := range edge.Log() {
		lines = append(lines, l.Text)
	}
	require.Equal(t, []string{
		"payment of 17: status 503, attempt 1",
		"payment of 17: status 503, attempt 2",
		"rate asked at 00:15:00 status 200",
		"rate asked at 00:30:00 status 200",
	}, lines)
}
