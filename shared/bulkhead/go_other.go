//go:build !js

package bulkhead

// Go runs f in a goroutine of its own.
func Go(f func()) { go f() }
