//go:build !hookweirtest

package main

import (
	"github.com/hookweir/hookweir/shared/edge/backend"
	"github.com/hookweir/hookweir/shared/fetch"
)

func fetcher() fetch.Func { return backend.Fetch }
