package wasmtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// A stock syumai/workers module, tested without Node, network or account. In
// a test, New(t, …) takes the place of Open and Close.
func Example() {
	payments := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}) // 200
	edge, err := wasmtest.Open(wasmtest.Config{
		Workers: []wasmtest.Worker{{
			Name: "shop", Module: guest("shop"),
			KV:        map[string]string{"ORDERS": "orders"},
			Producers: map[string]string{"PAYMENTS": "payments"},
			Consumers: []wasmtest.Consumer{{Queue: "payments"}},
		}},
		Servers: map[string]http.Handler{"pay.example": payments},
	})
	if err != nil {
		panic(err)
	}
	defer edge.Close()

	res := edge.Fetch(httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("17")))
	fmt.Println(res.StatusCode, edge.Queue("payments").Len(), "in the queue")

	edge.Advance(10 * time.Second) // the queue's batch timeout is 5 s
	state, _ := edge.KV("orders").Get("17")
	fmt.Println(state)
	// Output:
	// 202 1 in the queue
	// paid
}

// Faults are planned one by one, or given a probability. Here the payment API
// charges the customer and its answer is lost; what the shop does then shows.
func Example_faults() {
	charges := 0
	edge, err := wasmtest.Open(wasmtest.Config{
		Workers: []wasmtest.Worker{{
			Name: "shop", Module: guest("shop"),
			KV:        map[string]string{"ORDERS": "orders"},
			Producers: map[string]string{"PAYMENTS": "payments"},
			Consumers: []wasmtest.Consumer{{Queue: "payments"}},
		}},
		Servers: map[string]http.Handler{"pay.example": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { charges++ })},
		Script:  []wasmtest.Hit{{Fault: wasmtest.FetchLost, Nth: 1}},
	})
	if err != nil {
		panic(err)
	}
	defer edge.Close()
	edge.Fetch(httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("17")))
	edge.Advance(time.Hour)
	fmt.Println("charged", charges, "times: this shop needs an idempotency key")
	for _, line := range edge.Log() {
		fmt.Println(line.At.Format(time.TimeOnly), line.Text)
	}
	// Output:
	// charged 2 times: this shop needs an idempotency key
	// 00:00:05 payment of 17: status 0, attempt 1
}
