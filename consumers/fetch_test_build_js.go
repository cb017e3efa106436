//go:build hookweirtest

package main

import (
	"context"
	"strings"

	"github.com/hookweir/hookweir/shared/edge/backend"
	"github.com/hookweir/hookweir/shared/fetch"
)

// fetcher ends the module around a request to the outside when a test asks for
// it by HOOKWEIR_FAULT = "{panic|exit|trap}@{claimed|posted}": before the
// request, when events are claimed, or after the far side answered and before
// that is recorded. It is compiled into the test build only.
func fetcher() fetch.Func {
	fault, point, _ := strings.Cut(backend.Setting("HOOKWEIR_FAULT"), "@")
	return func(ctx context.Context, r fetch.Request) (fetch.Response, error) {
		if point == "claimed" {
			backend.Crash(fault)
		}
		res, err := backend.Fetch(ctx, r)
		if point == "posted" {
			backend.Crash(fault)
		}
		return res, err
	}
}
