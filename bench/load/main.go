// Command load is the bench's client: it keeps a number of connections busy
// with signed GitHub deliveries, each with an id of its own, and prints one
// line of JSON about what came back and what it cost the server.
//
//	load -addr 127.0.0.1:8787 -path /full -size 1024 -clients 32 -seconds 1 -pid 4242
//
// It speaks HTTP/1.1 over raw keep-alive sockets: with 2 cores, a heavier
// client would measure itself.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

type options struct {
	addr, path, secret, run string
	size, clients, pid      int
	want                    int
	warm, measured          time.Duration
	print                   bool
}

// report is the line printed. Latencies are in milliseconds.
type report struct {
	Requests  int     `json:"requests"`
	Errors    int     `json:"errors"`
	FirstBad  string  `json:"first_error,omitempty"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"requests_per_s"`
	P50       float64 `json:"p50_ms"`
	P90       float64 `json:"p90_ms"`
	P99       float64 `json:"p99_ms"`
	CPU       float64 `json:"cpu_s"`
	CPUPer1k  float64 `json:"cpu_s_per_1k"`
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "", "host:port of the Worker")
	flag.StringVar(&o.path, "path", "/full", "path to POST to")
	flag.StringVar(&o.secret, "secret", "It's a Secret to Everybody", "GitHub webhook secret")
	flag.StringVar(&o.run, "run", "r0", "prefix of the delivery ids, unique to this run")
	flag.IntVar(&o.size, "size", 1024, "body in bytes")
	flag.IntVar(&o.clients, "clients", 1, "connections, each with one request in flight")
	flag.IntVar(&o.pid, "pid", 0, "process whose CPU time is read from /proc")
	flag.IntVar(&o.want, "want", 202, "status every answer must have")
	flag.DurationVar(&o.warm, "warm", 100*time.Millisecond, "unmeasured start")
	flag.DurationVar(&o.measured, "for", time.Second, "measured time")
	flag.BoolVar(&o.print, "print", false, "print one request instead of sending any")
	flag.Parse()
	if o.print {
		content := body(o.size)
		request, _ := compose(o, 0, content, sign(o.secret, content))
		_, _ = os.Stdout.Write(request)
		return
	}
	r, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		os.Exit(1)
	}
}

// body returns a JSON body of exactly size bytes (at least 10).
func body(size int) string {
	const head, tail = `{"pad":"`, `"}`
	return head + strings.Repeat("x", max(0, size-len(head)-len(tail))) + tail
}

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func run(o options) (*report, error) {
	content := body(o.size)
	signature := sign(o.secret, content)
	clients := make([]*client, o.clients)
	for i := range clients {
		c, err := dial(o, i, content, signature)
		if err != nil {
			return nil, err
		}
		defer c.close()
		clients[i] = c
	}
	phase(clients, o.warm)
	for _, c := range clients {
		if c.errors > 0 {
			return nil, fmt.Errorf("while warming up: %s", c.firstBad)
		}
		c.latencies = c.latencies[:0]
	}
	before, err := cpuTime(o.pid)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	phase(clients, o.measured)
	elapsed := time.Since(began)
	after, err := cpuTime(o.pid)
	if err != nil {
		return nil, err
	}
	return summarise(clients, elapsed, after-before), nil
}

// phase keeps every client busy for d.
func phase(clients []*client, d time.Duration) {
	end := time.Now().Add(d)
	var wg sync.WaitGroup
	for _, c := range clients {
		wg.Go(func() { c.until(end) })
	}
	wg.Wait()
}

func summarise(clients []*client, elapsed, cpu time.Duration) *report {
	r := &report{Seconds: elapsed.Seconds(), CPU: cpu.Seconds()}
	var all []time.Duration
	for _, c := range clients {
		all = append(all, c.latencies...)
		r.Errors += c.errors
		if r.FirstBad == "" {
			r.FirstBad = c.firstBad
		}
	}
	slices.Sort(all)
	r.Requests = len(all)
	if len(all) == 0 {
		return r
	}
	at := func(q float64) float64 {
		return float64(all[min(len(all)-1, int(q*float64(len(all))))].Microseconds()) / 1000
	}
	r.PerSecond = float64(len(all)) / elapsed.Seconds()
	r.P50, r.P90, r.P99 = at(0.50), at(0.90), at(0.99)
	r.CPUPer1k = cpu.Seconds() / float64(len(all)) * 1000
	return r
}
