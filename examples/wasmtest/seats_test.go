package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

func TestMain(m *testing.M) {
	if _, err := wasmtest.Build("."); err != nil { // build/app.wasm
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// outside is what the Worker talks to.
type outside struct {
	mails map[string]int // by idempotency key
	plans int            // asked for
	down  bool           // the mail server
}

// open deploys the Worker as wrangler.jsonc says.
func open(t *testing.T, o *outside, script ...wasmtest.Hit) *wasmtest.Edge {
	t.Helper()
	worker, err := wasmtest.Wrangler("wrangler.jsonc")
	if err != nil {
		t.Fatal(err)
	}
	worker.Module = "build/app.wasm"
	// What the JavaScript class does, for the test: the first guest has the seat.
	worker.Objects["SEATS"] = wasmtest.Class{Name: "Seat", Fake: func(string) http.Handler {
		holder := ""
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			guest := r.FormValue("guest")
			if holder != "" && holder != guest {
				w.WriteHeader(http.StatusConflict)
				return
			}
			holder = guest
		})
	}}
	o.mails = map[string]int{}
	return wasmtest.New(t, wasmtest.Config{
		Workers: []wasmtest.Worker{worker},
		Script:  script,
		Servers: map[string]http.Handler{
			"mail.example": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if o.down {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				o.mails[r.Header.Get("Idempotency-Key")]++
			}),
			"hall.example": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				o.plans++
				fmt.Fprintln(w, "stalls, circle, gods")
			}),
		},
	})
}

// ask is a request and what came of it.
func ask(edge *wasmtest.Edge, method, path string) string {
	res := edge.Fetch(httptest.NewRequest(method, "https://seats.example"+path, nil))
	b, _ := io.ReadAll(res.Body)
	return fmt.Sprintf("%d %s", res.StatusCode, strings.TrimSpace(string(b)))
}

func want(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestASeatIsBookedOnce(t *testing.T) {
	o := &outside{}
	edge := open(t, o)
	want(t, ask(edge, "POST", "/book/7?guest=ann"), "201 Opera: seat 7")
	want(t, ask(edge, "POST", "/book/7?guest=bob"), "409 taken")
	want(t, ask(edge, "GET", "/book/7"), "200 ann")
	want(t, edge.Queue("mails").Len(), 1)
	edge.Advance(2 * time.Second) // the batch's timeout is one
	want(t, len(o.mails), 1)
}

// The object took the booking and its answer was lost: whoever asks again
// gets the seat all the same.
func TestALostAnswerLosesNoSeat(t *testing.T) {
	o := &outside{}
	edge := open(t, o, wasmtest.Hit{Fault: wasmtest.ObjectLost, Nth: 1})
	want(t, ask(edge, "POST", "/book/7?guest=ann"), "503 failed on promise: Error: Network connection lost.")
	want(t, ask(edge, "POST", "/book/7?guest=ann"), "201 Opera: seat 7")
}

// The mail server acts and its answer is lost, so the letter goes again, under
// the same key.
func TestALetterGoesAgainUnderItsKey(t *testing.T) {
	o := &outside{}
	edge := open(t, o, wasmtest.Hit{Fault: wasmtest.FetchLost, Nth: 1})
	ask(edge, "POST", "/book/7?guest=ann")
	edge.Advance(5 * time.Minute)
	want(t, len(o.mails), 1)
	for _, times := range o.mails {
		want(t, times, 2)
	}
}

func TestLettersThatCannotBeSentAreDead(t *testing.T) {
	o := &outside{down: true}
	edge := open(t, o)
	ask(edge, "POST", "/book/7?guest=ann")
	edge.Advance(time.Hour) // three tries, a minute apart; an hour takes no time
	dead := edge.Queue("mails-dead").Messages()
	want(t, len(dead), 1)
	want(t, string(dead[0].Body), "ann has seat 7")
	want(t, len(edge.Log()), 3)
}

func TestThePlanIsAskedForOnceAMinute(t *testing.T) {
	o := &outside{}
	edge := open(t, o)
	want(t, ask(edge, "GET", "/plan"), "200 stalls, circle, gods")
	want(t, ask(edge, "GET", "/plan"), "200 stalls, circle, gods")
	want(t, o.plans, 1)
	edge.Advance(time.Minute)
	ask(edge, "GET", "/plan")
	want(t, o.plans, 2)
}

func TestTime(t *testing.T) {
	edge := open(t, &outside{})
	want(t, ask(edge, "GET", "/ticker"), "200 0\n1\n2")
	edge.Advance(24 * time.Hour)
	want(t, edge.Log()[len(edge.Log())-1].Text, "reminders of 2026-01-01")
}
