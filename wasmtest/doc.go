// Package wasmtest runs Cloudflare Workers written in Go, the very .wasm files
// that deploy, inside `go test`: no Node, no network, no account, in virtual
// time and under every fault the platform has.
//
//	edge := wasmtest.New(t, wasmtest.Config{
//		Workers: []wasmtest.Worker{{Name: "shop", Module: "build/app.wasm", KV: map[string]string{"CARTS": "carts"}}},
//		Servers: map[string]http.Handler{"api.example.com": api},
//	})
//	res := edge.Fetch(httptest.NewRequest("POST", "https://shop.example/cart", body))
//
// A Worker is a module, its bindings (as in wrangler.toml, see [Wrangler]) and
// its glue: which JavaScript calls into it. Stock syumai/workers modules need
// no more than the above, [Build] to be up to date, and a Class.Fake for each
// Durable Object; examples/wasmtest is one with its tests. [Hookweir] deploys
// this repository's two Workers.
//
//	  Fetch, Queue.Send, Advance, Cron
//	              │
//	┌─────────────▼──────────────┐   one event loop, one virtual clock,
//	│ Workers: wazero, their      │   one seed
//	│ JavaScript objects in Go    │
//	└─┬────────┬────────┬───────┬─┘
//	  KV    Queues   R2, DO   fetch ──▶ Config.Servers (http.Handler)
//
// # Time and chance
//
// Nothing happens between calls. Fetch runs the loop until the response is
// there; Advance runs it for as much virtual time as asked, which costs only
// what happens in it. The clock stands still while Wasm runs. Everything that
// chance decides (latencies, order, faults, the guests' randomness) is drawn
// from Config.Seed: the same seed gives the same [Edge.Trace], to the bit.
// When a test fails, its seed and the command that replays it are printed.
//
// # Faults
//
// [Faults] gives each row of [FaultCatalogue] a probability; Config.Script
// plans single ones. Without either the platform is well-behaved, but no
// better than documented: limits, KV's write rate, at-least-once alarms.
//
// # What ends a test
//
// A member of JavaScript that wasmtest lacks ("Headers.toSorted is not
// implemented"), a fetch to a host with no server, and whatever an event left
// behind (operations nobody awaited, timers, callbacks without Release; see
// Worker.Allow) fail the test by name. A module that panics, exits, loops or
// outgrows 128 MB fails its own event, with the reason in [Edge.Log], as it
// would in production.
//
// # Divergences
//
// Bodies cross between Workers whole; fetch follows redirects in no time; the
// CPU limit is real time (Config.Hang). README.md lists what miniflare does
// differently from production and which of the two is modelled here.
package wasmtest
