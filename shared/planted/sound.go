//go:build !hookweirplanted

package planted

// Bug is none.
const Bug = ""
