//go:build hookweirplanted_respend

package vault

// planted: a refresh token whose answer was lost is sent again, as often as it takes.
const planted = "respend"
