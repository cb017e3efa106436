// Package call is what the calls of all Durable Objects have in common: a
// client packs an argument, an object's Invoke answers with the number of an
// error or a result, and the client has the very same error or result again.
//
//	Client.Method(in) ── payload: whose object, argument ──▶ Invoke
//	  out, err        ◀── uint8 number of the error, result ──
//
// An error crosses as its place in a table that both sides have from their
// package, so that its text, which may hold what nobody else should read,
// never does. Both sides may be of different builds for the length of a
// deployment: tables grow at the end, and a number that this build does not
// know is [ErrAnswer].
package call
