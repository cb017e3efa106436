package gojs

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/guests"
	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// BenchmarkBoot is the time from a compiled module to a main that runs.
func BenchmarkBoot(b *testing.B) {
	path, err := guests.Build(filepath.Join("..", "..", ".."), "async")
	if err != nil {
		b.Fatal(err)
	}
	module, err := engine().Load(path)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		h := &host{loop: sched.New(start, sched.NewRand(1, sched.Ties)), rand: sched.NewRand(1, sched.Entropy)}
		h.realm = jsobj.NewRealm(h)
		in, err := module.Instantiate(Config{Name: "async", Realm: h.realm, Limits: Limits{Hang: time.Second}})
		if err != nil {
			b.Fatal(err)
		}
		if err := in.Run(); err != nil {
			b.Fatal(err)
		}
		in.Close()
	}
}
