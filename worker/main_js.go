// Command worker is the public edge module: it wires package ingest to the
// bindings of wrangler.toml and serves.
package main

import (
	"github.com/hookweir/hookweir/shared/edge/ingress"
	"github.com/hookweir/hookweir/shared/ingest"
	"github.com/hookweir/hookweir/shared/seal"
)

func main() {
	missing := ingress.Missing("IDEMPOTENCY", "CONFIG", "EVENTS", "PAYLOADS", "CONSUMERS")
	ring, fault := sourceKeys()
	if fault != "" {
		missing = append(missing, fault)
	}
	gate, err := ingest.New(ingest.Config{
		Sources:  ingress.KV{Binding: "CONFIG"},
		Seen:     seen(),
		Events:   events(),
		Payloads: payloads(),
		Backend:  ingress.Service{Binding: "CONSUMERS"},
		Ring:     ring,
		Crypto:   ingress.Crypto{},
		Web:      ingress.Web{},
		Setting:  ingress.Setting,
		Missing:  missing,
		Now:      now,
		Log:      ingress.Log,
	})
	if err != nil {
		panic(err)
	}
	ingress.Run(handler(gate))
}

// sourceKeys reads the ring that opens source configuration, or says what is
// wrong with it.
func sourceKeys() (ring *seal.Ring, fault string) {
	value, _ := ingress.Setting("SOURCE_KEYS")
	ring, err := seal.Parse(value, ingress.Crypto{})
	if err != nil {
		return nil, "secret SOURCE_KEYS of the worker is " + seal.Fault(err) + ": wrangler secret put SOURCE_KEYS"
	}
	return ring, ""
}
