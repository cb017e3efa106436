//go:build js && wasm

// Shop is a stock github.com/syumai/workers module that has nothing to do with
// Hookweir: orders come in over HTTP, a queue takes them to a payment API, KV
// holds their state, and a cron job asks for the exchange rate.
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare/cron"
	"github.com/syumai/workers/cloudflare/fetch"
	"github.com/syumai/workers/cloudflare/kv"
	"github.com/syumai/workers/cloudflare/queues"
)

func main() {
	http.HandleFunc("POST /orders", order)
	http.HandleFunc("GET /orders/{id}", state)
	http.HandleFunc("GET /hang", func(http.ResponseWriter, *http.Request) { select {} })
	http.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("no such luck") })
	queues.ConsumeNonBlock(pay)
	cron.ScheduleTaskNonBlock(rate)
	workers.Serve(nil)
}

func order(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := strings.TrimSpace(string(body))
	orders, _ := kv.NewNamespace("ORDERS")
	if err := orders.PutString(id, "ordered", nil); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	payments, _ := queues.NewProducer("PAYMENTS")
	if err := payments.SendText(id); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
	fmt.Fprintf(w, "order %s accepted\n", id)
}

func state(w http.ResponseWriter, r *http.Request) {
	orders, _ := kv.NewNamespace("ORDERS")
	v, err := orders.GetString(r.PathValue("id"), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, v)
}

func pay(batch *queues.MessageBatch) error {
	orders, _ := kv.NewNamespace("ORDERS")
	for _, m := range batch.Messages {
		id, err := m.StringBody()
		if err != nil {
			return err
		}
		status, err := get("https://pay.example/charge/" + id)
		if err != nil || status != http.StatusOK {
			fmt.Printf("payment of %s: status %d, attempt %d\n", id, status, m.Attempts)
			m.Retry(queues.WithRetryDelay(30 * time.Second))
			continue
		}
		if err := orders.PutString(id, "paid", nil); err != nil {
			m.Retry()
			continue
		}
		m.Ack()
	}
	return nil
}

func rate(ctx context.Context) error {
	e, err := cron.NewEvent(ctx)
	if err != nil {
		return err
	}
	status, err := get("https://rates.example/eur")
	fmt.Println("rate asked at", e.ScheduledTime.Format(time.TimeOnly), "status", status)
	return err
}

func get(url string) (int, error) {
	req, err := fetch.NewRequest(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := fetch.NewClient().Do(req, nil)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res.StatusCode, err
}
