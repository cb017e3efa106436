//go:build hookweirplanted_noorder

package lane

// planted: every write of a key is ready at once.
const planted = "noorder"
