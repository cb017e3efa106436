// Package upstream connects a tenant to other MCP servers, pins what their
// tools say, and holds every later word against it: a tool whose description
// or schema changes under an agent (a rug pull) does not reach the agent.
// Resources, their templates and prompts are pinned in the same way.
//
//	PUT /upstreams/x ─▶ discover all pages ─▶ canonical JSON (RFC 8785) ─▶ rows
//	                                                │ approve, or first use
//	                                                ▼
//	alarm, TTL, each use ─▶ discover again ─▶ compare with the pin ─▶ class ─▶ policy
//	                                                                     │ allow: the pin moves
//	                                                                     │ warn:  the pin is served, a notice goes out
//	                                                                     ▼ block: calls are refused until approved
//
// # Invariants
//
//   - The agent sees the definition that was approved, never the server's own
//     latest words, and arguments are checked against that one.
//   - A pin is the whole definition as it came over the wire, members this
//     build does not know included. It outlives the tool's removal, approved
//     or not: a tool that comes back is held against it, and a call of one
//     that is gone asks whether it is back.
//   - First use is one look, the first that found anything.
//   - What a look brings counts for the upstream as it was put: not for one
//     that took its place under the name meanwhile, nor after another PUT,
//     which is looked at before anything of it is called.
//   - Of looks that overlap nobody knows which is the newer. One that saw
//     something else than what another has stored since it began is made again.
//   - A call is made under the pin that there is when it leaves, whatever was
//     approved, taken by a policy or put while it was looked at.
//   - An approval names the report it was given for (a hash over the URL and
//     every item), so neither what changes between looking and approving nor
//     another server that says the same is approved.
//   - Two tools of one name, or of names that look alike, and definitions
//     with hidden characters are served to nobody (fail closed).
//   - A call that is cancelled is cancelled at the upstream; what it had done
//     by then, nobody knows.
//   - The agent's token never reaches an upstream: a request carries the
//     token of the upstream's own connection, or none.
//   - What a tool asks of a person goes to the client that called, under the
//     upstream's name and only if every word of it can be seen, and the answer
//     to the server and the definition that asked; else the upstream hears that
//     nobody answered. A call that waits for an answer is not made anew.
//   - Lists are answered from the pins: a slow or dead upstream delays nobody.
//     Each exchange with one has a deadline and a bound on its size, and so
//     has a look, and what is kept. A `$ref` to the network is never fetched.
//   - Whatever an upstream says ends no more than its own call: an answer that
//     is none is a failure at once, one that the protocol library makes a panic
//     of is one that cannot be read, and a schema is held against nothing
//     before what that takes has been counted.
//
// # Failure modes
//
// An upstream does not answer: its tools stay listed, a call of one is a tool
// error, its health says so, and the next check comes by the alarm. A call that
// waits for an answer is lost with the memory it waits in (held.go): the client
// is told that nobody knows whether the upstream acted.
package upstream
