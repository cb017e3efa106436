package wasmtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// A run in which much went wrong charged a customer twice. Which of its faults
// does it take?
func ExampleShrink() {
	run := func(faults wasmtest.Faults, script []wasmtest.Hit) (charges int, happened []wasmtest.Happened) {
		edge, err := wasmtest.Open(wasmtest.Config{
			Workers: []wasmtest.Worker{{
				Name: "shop", Module: guest("shop"),
				KV:        map[string]string{"ORDERS": "orders"},
				Producers: map[string]string{"PAYMENTS": "payments"},
				Consumers: []wasmtest.Consumer{{Queue: "payments"}},
			}},
			Servers: map[string]http.Handler{"pay.example": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { charges++ })},
			Faults:  faults, Script: script, Seed: 11,
		})
		if err != nil {
			panic(err)
		}
		defer edge.Close()
		edge.Fetch(httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("17")))
		edge.Advance(time.Hour)
		return charges, edge.Happened()
	}

	charges, happened := run(wasmtest.Faults{wasmtest.FetchLost: 0.9, wasmtest.QueueDelay: 0.9, wasmtest.QueueReorder: 0.9}, nil)
	fmt.Println(charges > 1, len(happened) > 1)
	var script []wasmtest.Hit
	for _, h := range happened {
		script = append(script, h.Hit)
	}
	few := wasmtest.Shrink(script, func(only []wasmtest.Hit) bool {
		charges, _ := run(nil, only)
		return charges > 1
	})
	for _, hit := range few {
		fmt.Println(hit.Fault)
	}
	// Output:
	// true true
	// fetch.lost
}
