// Package toolserver is one tenant's MCP endpoint: Streamable HTTP, the
// stateless protocol 2026-07-28 and the older ones with sessions on one URL.
//
//	request ─▶ method ─▶ Origin ─▶ Authenticate ─▶ frame ─▶ Permit ─┬▶ stateless (it says its version in _meta)
//	             │ 405     │ 403      │ 401            │ 400   │ 403  └▶ session (initialize, Mcp-Session-Id)
//
// The protocol itself is the official go-sdk's. This package decides who may
// speak to it and in which era, keeps sessions over restarts, and tells
// listeners of changes. It runs in the tenant's Durable Object, whose life
// long streams need.
//
// # Invariants
//
//   - The caller's token ends here: what is behind sees who calls, never by
//     what (no token passthrough).
//   - A session's id proves nothing: it is bound to the caller that opened it
//     (MCP security best practices, session hijacking).
//   - A session that is not kept any more is not in memory either, and the
//     calls that it waits in end with it.
//   - Who is let in to listen does not listen for ever: a stream ends when its
//     key is deleted or its token is over.
//   - Every list and resource is cacheScope private: what one caller sees, no
//     shared cache keeps for another.
//   - No Go timer: no idle timeout, no delayed notification. The one clock is
//     the answer's own (pulse.go), a promise of its request.
//   - What is answered past the library is what the library has accepted
//     before, in all but id and arguments (direct.go).
//   - A message that names its method or tool twice is refused: the two
//     parsers that look at it must not see two calls.
//
// # Failure modes
//
// The instance is replaced or the object evicted: streams end, and their
// readers come back. A kept session is opened again from the request that
// opened it first; subscriptions made in it are lost with the memory, which
// the client sees from its stream having ended.
package toolserver
