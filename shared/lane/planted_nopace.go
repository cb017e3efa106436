//go:build hookweirplanted_nopace

package lane

// planted: the budget is not asked.
const planted = "nopace"
