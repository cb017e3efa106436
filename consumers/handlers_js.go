//go:build !hookweirtest

package main

import "github.com/hookweir/hookweir/shared/edge/backend"

func handlers(h backend.Handlers) backend.Handlers { return h }
