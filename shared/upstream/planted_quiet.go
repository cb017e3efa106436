//go:build hookweirplanted_quiet

package upstream

// planted: nobody is told of a drift.
const planted = "quiet"
