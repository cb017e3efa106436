//go:build hookweirtest

package main

import (
	"context"
	"strings"

	"github.com/hookweir/hookweir/shared/deliver"
	"github.com/hookweir/hookweir/shared/edge/backend"
)

// poster ends the module in the middle of a batch when a test asks for it by
// HOOKWEIR_FAULT = "{panic|exit|trap}@{claimed|posted}": after the events were
// claimed, or after the agent took one and before that is recorded. It is
// compiled into the test build only.
func poster() postFunc {
	fault, point, _ := strings.Cut(backend.Setting("HOOKWEIR_FAULT"), "@")
	return func(ctx context.Context, r deliver.PostRequest) (deliver.PostResponse, error) {
		if point == "claimed" {
			backend.Crash(fault)
		}
		res, err := post(ctx, r)
		if point == "posted" {
			backend.Crash(fault)
		}
		return res, err
	}
}
