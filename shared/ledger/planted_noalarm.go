//go:build hookweirplanted_noalarm

package ledger

// planted: the alarm is never set.
const planted = "noalarm"
