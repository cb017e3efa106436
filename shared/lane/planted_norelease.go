//go:build hookweirplanted_norelease

package lane

// planted: what is released never reaches the queue, and nobody looks again.
const planted = "norelease"
