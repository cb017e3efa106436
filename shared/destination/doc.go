// Package destination is where writes and reads go: its configuration, and
// the rules of what may be asked of it.
//
//	{method, path, headers} ─▶ Config.URL ─▶ base URL + path, never outside of it
//	                        ─▶ CheckHeader ─▶ no header that is the platform's or ours
//
// # Invariants
//
//   - A path cannot leave the base URL. Whatever two parsers could read
//     differently is refused rather than normalised: dot segments in any
//     encoding, encoded slashes and backslashes, empty segments, control
//     characters.
//   - The token is the gate's to set: with a connection or a credential, a
//     caller's Authorization and the credential's own header are refused, and
//     with any, Host, Content-Length and the hop-by-hop headers.
//   - Every bound has a default that is safe for an API nobody has described.
//
// # Failure modes
//
// An API that wants an encoded slash in a path (`group%2Fproject`) cannot be
// asked for it by path.
package destination
