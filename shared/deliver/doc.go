// Package deliver is the consumer of the queue `events`: it brings each event
// to the agent's endpoint once, signed, and says per message whether the
// queue should forget it or bring it back.
//
//	batch ─▶ decode ─▶ by tenant ─▶ agent? ─▶ by shard ─▶ Ledger.Claim
//	                                                        │ Deliver
//	              (claim check) ◀─ payload bucket ─▶ CloudEvent ─▶ sign ─▶ POST
//	                                                        │
//	verdict per message ◀──────────── Ledger.Settle ◀───────┘
//
// # What an answer means
//
//	2xx                        delivered
//	410                        the agent is stopped; dead (agent_gone), replayable
//	3xx                        retry (redirect): never followed, the signature
//	                           is for the operator's URL only
//	every other 4xx, 5xx       retry (http_NNN)
//	no answer within 15 s      retry (timeout)
//	no answer at all           retry (network)
//	no agent configured        retry (no_agent)
//	agent stopped              dead (agent_stopped), replayable
//	URL not allowed            retry (target_refused)
//	payload or secret missing  retry (payload_unavailable, secret_invalid)
//	a panic of our own         retry (internal)
//
// A 401, a 404 or a 400 retries like a 500, on the same schedule: it comes
// from a wrong deployment as often as from a wrong event, and giving up early
// would make an operator's mistake on Friday evening a loss on Monday. The
// price is a few more requests, and the event ends dead and replayable anyway.
//
// The wait before the next attempt is exponential with full jitter (base 5 s,
// cap 24 h); a Retry-After is its floor.
//
// # Invariants
//
//   - Nothing is posted without a claim, and none when the claim's lease could
//     end before the POST does.
//   - Fail closed: with the Ledger or the Tenant object unreachable, nothing
//     is posted and the messages come back.
//   - Every post is checked against package target and signed by package
//     webhook; there is no unsigned way out.
//   - Verdicts are values; the caller acknowledges after Handle has returned.
//   - No Go timer, and no wait for another Handle (DESIGN §3 rule 1).
//   - A log line, a reason and an error hold no payload and no secret.
//
// # Failure modes
//
// A consumer that dies between POST and Settle, or a Ledger that stays away
// for the whole of Settle's tries, leads to a second POST under the same
// webhook-id once the lease is over. Messages nobody could process end in
// HandleDead, and those nobody could even read in quarantine; with a Ledger that
// is away for days they go round between the two queues until it is back.
package deliver
