//go:build hookweirtest

package main

import (
	"net/http"
	"time"

	"github.com/hookweir/hookweir/shared/edge/backend"
)

// now can be moved by a test, which polls for hours within a second.
func now() time.Time { return backend.Now() }

func clocked(h http.Handler) http.Handler { return backend.Clocked(h) }
