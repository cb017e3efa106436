//go:build js && wasm

// Seats is a Worker on stock github.com/syumai/workers that has nothing to do
// with Hookweir: it books a seat once, in a Durable Object, keeps the booking
// in KV, and has a queue send the confirmation. The build tag above leaves
// `go test` with the tests, which run what this compiles to.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare"
	"github.com/syumai/workers/cloudflare/cache"
	"github.com/syumai/workers/cloudflare/cron"
	"github.com/syumai/workers/cloudflare/fetch"
	"github.com/syumai/workers/cloudflare/kv"
	"github.com/syumai/workers/cloudflare/queues"
)

func main() {
	http.HandleFunc("POST /book/{seat}", book)
	http.HandleFunc("GET /book/{seat}", booking)
	http.HandleFunc("GET /plan", plan)
	http.HandleFunc("GET /ticker", ticker)
	queues.ConsumeNonBlock(mail)
	cron.ScheduleTaskNonBlock(remind)
	workers.Serve(nil)
}

// book asks the seat's object, which takes the first guest only.
func book(w http.ResponseWriter, r *http.Request) {
	seat, guest := r.PathValue("seat"), r.FormValue("guest")
	seats, err := cloudflare.NewDurableObjectNamespace("SEATS")
	if failed(w, err) {
		return
	}
	object, err := seats.Get(seats.IdFromName(seat))
	if failed(w, err) {
		return
	}
	ask, err := http.NewRequest("POST", "https://seat/take?guest="+guest, nil)
	if failed(w, err) {
		return
	}
	answer, err := object.Fetch(ask)
	if failed(w, err) {
		return
	}
	if answer.StatusCode != http.StatusOK {
		http.Error(w, "taken", http.StatusConflict)
		return
	}
	bookings, err := kv.NewNamespace("BOOKINGS")
	if failed(w, err) || failed(w, bookings.PutString(seat, guest, nil)) {
		return
	}
	mails, err := queues.NewProducer("MAILS")
	if failed(w, err) || failed(w, mails.SendText(guest+" has seat "+seat)) {
		return
	}
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "%s: seat %s\n", cloudflare.Getenv("VENUE"), seat)
}

func booking(w http.ResponseWriter, r *http.Request) {
	bookings, err := kv.NewNamespace("BOOKINGS")
	if failed(w, err) {
		return
	}
	guest, err := bookings.GetString(r.PathValue("seat"), nil)
	if !failed(w, err) {
		fmt.Fprintln(w, guest)
	}
}

// plan is the hall's plan, asked for once in a minute.
func plan(w http.ResponseWriter, r *http.Request) {
	r.Body = nil // syumai would give the GET a body, which no Request takes
	plans := cache.New()
	if kept, err := plans.Match(r, nil); err == nil {
		io.Copy(w, kept.Body)
		return
	}
	ask, err := fetch.NewRequest(context.Background(), "GET", "https://hall.example/plan", nil)
	if failed(w, err) {
		return
	}
	res, err := fetch.NewClient().Do(ask, nil)
	if failed(w, err) {
		return
	}
	text, err := io.ReadAll(res.Body)
	if failed(w, err) {
		return
	}
	res.Header.Set("Cache-Control", "max-age=60")
	if err := plans.Put(r, &http.Response{StatusCode: 200, Header: res.Header, Body: body(text)}); err != nil {
		fmt.Println("not kept:", err)
	}
	w.Write(text)
}

// ticker takes its time, by Go's own timer.
func ticker(w http.ResponseWriter, r *http.Request) {
	for i := range 3 {
		fmt.Fprintln(w, i)
		time.Sleep(time.Second)
		if r.URL.Query().Has("panic") {
			panic("the ticker broke")
		}
	}
}

// mail sends what it can; the rest comes again a minute later.
func mail(batch *queues.MessageBatch) error {
	for _, m := range batch.Messages {
		text, err := m.StringBody()
		if err != nil {
			return err
		}
		ask, err := fetch.NewRequest(context.Background(), "POST", "https://mail.example/send", body([]byte(text)))
		if err != nil {
			return err
		}
		ask.Header.Set("Idempotency-Key", m.ID)
		if res, err := fetch.NewClient().Do(ask, nil); err != nil || res.StatusCode != http.StatusOK {
			fmt.Println("not sent:", text)
			m.Retry(queues.WithRetryDelay(time.Minute))
			continue
		}
		m.Ack()
	}
	return nil
}

func remind(ctx context.Context) error {
	e, err := cron.NewEvent(ctx)
	if err == nil {
		fmt.Println("reminders of", e.ScheduledTime.UTC().Format(time.DateOnly))
	}
	return err
}

func failed(w http.ResponseWriter, err error) bool {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
	return err != nil
}

func body(b []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(b)) }
