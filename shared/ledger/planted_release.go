//go:build hookweirplanted_release

package ledger

// planted: a claim is released after a second, however slow the agent.
const planted = "release"
