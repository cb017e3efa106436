//go:build hookweirplanted_nofence

package ledger

// planted: an event in delivery is handed to whoever asks.
const planted = "nofence"
