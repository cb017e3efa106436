// Package tools is what Hookweir offers an agent by MCP: its own tools,
// resources, prompts and completions, over the operations that the HTTP API
// has.
//
//	tools/call ─▶ guard ─▶ schema ─▶ row of the table ─▶ API.Do ─▶ result
//	               │ who     │ input      │ confirm?        │ problem+json
//	               ▼         ▼            ▼                 ▼
//	             error     error     input_required      isError, with the code
//
// A tool is one row of the table in table.go: its schemas, its scope, its
// hints and the route it calls. Nothing else is a tool, so nothing is
// reachable by MCP that the API does not do, check and log.
//
// # Invariants
//
//   - The guard decides by what the protocol library has read, for every tool,
//     resource and prompt: what a key may not call it does not see either.
//   - Arguments are checked against the row's schema before anything is done,
//     and never become part of a path but by escaping.
//   - What changes a secret asks a person first, and what an upstream asks goes
//     to one (elicitation, or a multi round-trip request). The request state in
//     between is sealed, bound to tenant, caller, tool and arguments, and ends
//     (MCP 2026-07-28, request state).
//   - A result is at most MaxResult bytes; no error says more than the API's
//     problem+json does.
//
// # Failure modes
//
// An object behind the API does not answer: a tool error `unavailable`, to be
// tried again. A route this build does not have: `not_found`.
package tools
