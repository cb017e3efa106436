//go:build hookweirplanted

package planted

import "os"

// Bug is the one that this run has; it is set once.
var Bug = os.Getenv("HOOKWEIR_PLANTED")
