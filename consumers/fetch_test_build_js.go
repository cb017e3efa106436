//go:build hookweirtest

package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/edge/backend"
	"github.com/hookweir/hookweir/shared/fetch"
)

// fetcher ends the module around a request to the outside when a test asks for
// it by HOOKWEIR_FAULT = "{panic|exit|trap}@{claimed|posted}[/{n}]": before the
// request, when events are claimed, or after the far side answered and before
// that is recorded; the first few times, or every n-th. It is compiled into the
// test build only.
func fetcher() fetch.Func {
	fault, point, _ := strings.Cut(backend.Setting("HOOKWEIR_FAULT"), "@")
	point, n, _ := strings.Cut(point, "/")
	every, _ := strconv.Atoi(n)
	return func(ctx context.Context, r fetch.Request) (fetch.Response, error) {
		if point == "claimed" {
			backend.Crash(fault, every)
		}
		res, err := backend.Fetch(ctx, r)
		if point == "posted" {
			backend.Crash(fault, every)
		}
		return res, err
	}
}
