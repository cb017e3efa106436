package seal_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

// A token of 1 KiB, as the vault seals and opens it. In Wasm:
//
//	GOOS=js GOARCH=wasm go test -exec "$(go env GOROOT)/lib/wasm/go_js_wasm_exec" -run '^$' -bench . ./shared/seal
func ring(b *testing.B) *seal.Ring {
	r, err := seal.Parse("k:"+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, seal.KeyBytes)), aesgcm.Suite{})
	if err != nil {
		b.Fatal(err)
	}
	return r
}

var benchAAD = seal.AAD{Purpose: "token", Tenant: "acme", Object: "crm", Field: "access", Generation: 7}

func BenchmarkSeal(b *testing.B) {
	r, plain := ring(b), bytes.Repeat([]byte("t"), 1<<10)
	for b.Loop() {
		if _, err := r.Seal(plain, benchAAD); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	r := ring(b)
	sealed, err := r.Seal(bytes.Repeat([]byte("t"), 1<<10), benchAAD)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.Open(sealed, benchAAD); err != nil {
			b.Fatal(err)
		}
	}
}
