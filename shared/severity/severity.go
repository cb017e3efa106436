// Package severity says how grave each event of the log is, so that an
// operator can be woken by the grave ones alone.
//
//	part ─ Log("vault.alarm_lost", …) ─▶ edge/backend ─ Of ─▶ {"event":…,"level":"error",…}
//
// A part names what happened; how grave that is, is said here once. What the
// table does not name is in the course of things. The public Worker says its
// levels itself: it has few events, and they are gone with the request.
package severity

import "slices"

// Levels of a line of log, as the platform's own have them.
const (
	Error = "error" // a defect, or a setting: it does not go away, somebody has to look
	Warn  = "warn"  // trouble of an agent, a provider, a destination or a part that is tried again
	Info  = "info"
)

// errors and warns are sorted. Read only.
var (
	errors = [...]string{
		"backend.answer_failed", "backend.panic", "backend.scheduled_failed", "cron.stalled", "deliver_panic",
		"dispatch_panic", "endpoint_failed", "lane_failed", "lane_panic", "message_quarantined", "messages_sent_back",
		"object_unopened", "polls_panic", "quarantine_unavailable", "queue_unknown", "setting_missing",
		"upstream.call_panicked", "vault.alarm_lost", "vault.refresh_not_stored", "vaults_panic", "writes_given_up",
	}
	warns = [...]string{
		"agent_stopped", "agent_unavailable", "breaker_opened", "budget_unavailable", "event_dead", "event_refused",
		"lane_unavailable", "ledger_unavailable", "message_undecodable", "notices_unsent", "poll.items_poisoned",
		"poll.not_listed", "poll.notices_wait", "poll.stalled", "poll_unavailable", "polls_message_undecodable",
		"polls_not_settled", "polls_queue_unavailable", "polls_shard_unavailable", "queue_unavailable",
		"upstream.blocked", "upstream.drift", "upstream.failing", "upstream.not_recorded", "upstream.notices_wait",
		"uses_not_told", "vault.alarm_not_set", "vault.callback_refused", "vault.caller_refused",
		"vault.connection_degraded", "vault.connection_expiring", "vault.connection_needs_reauth", "vault.flow_failed",
		"vault.index_unavailable", "vault.notices_wait", "vault.refresh_not_begun", "vault.token_not_revoked",
		"vaults_not_watched", "watchers_not_told", "write_dead", "write_parked",
	}
)

// Of is the level of an event.
func Of(event string) string {
	if _, found := slices.BinarySearch(errors[:], event); found {
		return Error
	}
	if _, found := slices.BinarySearch(warns[:], event); found {
		return Warn
	}
	return Info
}
