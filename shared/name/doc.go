// Package name holds the one rule for the names an operator chooses: tenants,
// sources, destinations, connections, polls and upstreams (DESIGN §4).
//
//	[a-z0-9][a-z0-9_-]{0,62}
//
// Such a name can stand in a URL path, a KV key, a Durable Object name, an
// event key and a log line without any escaping, holds no separator of ours
// (`/`, `:`, `.`), and has one spelling only: no upper case, no Unicode.
//
// The package links into the worker: no regexp.
package name
