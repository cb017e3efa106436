//go:build hookweirplanted_blindretry

package lane

// planted: a write is repeated whatever became of it.
const planted = "blindretry"
