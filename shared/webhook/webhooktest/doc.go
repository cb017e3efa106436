// Package webhooktest loads the corpus of webhook deliveries under
// shared/webhook/testdata: one file per case, which the host tests, the Wasm
// tests, the tests over HTTP and the fuzz targets all read.
//
//	testdata/<provider>/<case>.txtar
//
// A file is prose that says why the case is there, then four sections, in
// this order:
//
//	-- request --
//	POST https://hooks.example.com/webhooks/acme/github
//	X-Hub-Signature-256: sha256=…
//
//	the body, byte for byte
//	-- secrets --
//	main - - It's a Secret to Everybody
//	-- now --
//	1614265330
//	-- want --
//	ok
//	id: 72d3162e-cc78-11e3-81ab-4c9367dc0958
//
// The body is what stands between the empty line and the line feed before
// `-- secrets --`: that line feed belongs to the marker, so a body that ends
// in one is followed by an empty line. Lines end in LF; a CR is content. A
// header line that occurs twice was sent twice.
//
// A secret's line is its id, when it starts and ends to be active in Unix
// seconds (`-` is unbounded), and its value, which runs to the end of the
// line. `now` is in Unix seconds.
//
// Between secrets and now a case may have `-- params --` (the source's
// parameters, a name and its value to the end of the line) and, for each
// document that can be fetched, `-- document https://… --`.
//
// `want` is `ok`, then what the result must hold (id, type, time in RFC 3339
// or `-`, secret, authenticated; for a handshake reply, its status and media
// type, reply-body, reply-header, and the secret it offers as offer), or `error:` and the code of the refusal.
package webhooktest
