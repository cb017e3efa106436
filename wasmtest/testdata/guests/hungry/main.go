//go:build js && wasm

// Hungry asks others as often as its caller says, and tells how it went.
package main

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare/fetch"
	"github.com/syumai/workers/cloudflare/kv"
)

func main() {
	http.HandleFunc("GET /fetch/{times}", times(func(r *http.Request) error {
		req, err := fetch.NewRequest(r.Context(), http.MethodGet, "https://far.example/", nil)
		if err != nil {
			return err
		}
		res, err := fetch.NewClient().Do(req, nil)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}))
	http.HandleFunc("GET /kv/{times}", times(func(*http.Request) error {
		namespace, err := kv.NewNamespace("KV")
		if err != nil {
			return err
		}
		_, err = namespace.GetString("k", nil)
		return err
	}))
	workers.Serve(nil)
}

// times calls until the caller's number is reached, or the first error.
func times(call func(*http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("times"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for i := range n {
			if err := call(r); err != nil {
				fmt.Fprintf(w, "%d, then %v", i, err)
				return
			}
		}
		fmt.Fprintf(w, "%d", n)
	}
}
