// Command worker is the public edge module: it wires package ingest to the
// bindings of wrangler.toml and serves.
package main

import (
	"github.com/hookweir/hookweir/shared/edge/ingress"
	"github.com/hookweir/hookweir/shared/ingest"
	"github.com/hookweir/hookweir/shared/seal"
)

func main() {
	gate, err := ingest.New(ingest.Config{
		Sources:  ingress.KV{Binding: "CONFIG"},
		Seen:     seen(),
		Events:   events(),
		Payloads: payloads(),
		Backend:  ingress.Service{Binding: "CONSUMERS"},
		Ring:     sourceKeys(),
		Crypto:   ingress.Crypto{},
		Web:      ingress.Web{},
		Setting:  ingress.Setting,
		Now:      now,
		Log:      ingress.Log,
	})
	if err != nil {
		panic(err)
	}
	ingress.Run(handler(gate))
}

// sourceKeys reads the ring that opens source configuration. Without one the
// gate serves no webhook and says so on /healthz.
func sourceKeys() *seal.Ring {
	value, _ := ingress.Setting("SOURCE_KEYS")
	ring, err := seal.Parse(value, ingress.Crypto{})
	if err != nil {
		ingress.Log([]byte(`{"level":"error","event":"edge.no_source_keys","detail":"SOURCE_KEYS is missing or malformed"}`))
		return nil
	}
	return ring
}
