// Package playbook holds tests alone: the six failure modes of DESIGN §1, each
// against the deployable modules in virtual time. e2e/playbook runs the same
// six on workerd; docs/playbook.md says what each shows.
//
//	slack ─ events ─▶ Workers ─▶ agent ─ writes ─▶ Workers ─▶ salesforce
//	slack ◀─ poll ─────┘
//
// The outside systems are http.Handlers that enforce their own rules and keep
// their own logs, by the edge's clock.
package playbook
