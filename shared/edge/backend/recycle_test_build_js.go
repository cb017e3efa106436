//go:build hookweirtest

package backend

import "strconv"

// maxEvents is what a test says by HOOKWEIR_RECYCLE, or 5,000.
func maxEvents() int {
	if n, err := strconv.Atoi(Setting("HOOKWEIR_RECYCLE")); err == nil {
		return n
	}
	return 5_000
}
