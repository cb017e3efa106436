//go:build hookweirplanted_nopin

package upstream

// planted: a call is not held against the pin.
const planted = "nopin"
