//go:build hookweirplanted_bare

package outbound

// planted: a call whose token cannot be had leaves without.
const planted = "bare"
