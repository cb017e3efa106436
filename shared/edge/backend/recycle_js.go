//go:build !hookweirtest

package backend

// maxEvents is after how many events an instance is replaced. syumai's
// AwaitPromise keeps about 2 KB of each await; an event makes one or two.
func maxEvents() int { return 5_000 }
