package vault

import "github.com/hookweir/hookweir/shared/outbox"

// schema holds the migrations, oldest first; a released step never changes.
// Times are Unix milliseconds.
var schema = [][]string{{
	// key is the tenant's own key, sealed under VAULT_KEYS; empty until it is
	// needed, and again when the vault was shredded. registered is what the
	// index was last told.
	`CREATE TABLE identity (
		id         INTEGER PRIMARY KEY CHECK (id = 1),
		tenant     TEXT NOT NULL,
		generation INTEGER NOT NULL,
		key        TEXT NOT NULL,
		registered TEXT NOT NULL
	)`,
	// settings, endpoints, requested, granted, kept are JSON. generation is
	// that of the tokens in the table tokens, which is apart so that a row put
	// back from an older copy does not open. config is that of the secret.
	`CREATE TABLE connections (
		name        TEXT PRIMARY KEY,
		settings    TEXT NOT NULL,
		secret      TEXT NOT NULL,
		config      INTEGER NOT NULL,
		endpoints   TEXT NOT NULL,
		state       TEXT NOT NULL,
		reason      TEXT NOT NULL,
		cause       TEXT NOT NULL,
		since       INTEGER NOT NULL,
		generation  INTEGER NOT NULL,
		token_type  TEXT NOT NULL,
		instance    TEXT NOT NULL,
		kept        TEXT NOT NULL,
		requested   TEXT NOT NULL,
		granted     TEXT NOT NULL,
		refreshable INTEGER NOT NULL,
		rotates     TEXT NOT NULL,
		authorized  INTEGER,
		obtained    INTEGER,
		expires     INTEGER,
		ends        INTEGER,
		intent_at   INTEGER,
		first_at    INTEGER,
		lost        INTEGER NOT NULL,
		failed      INTEGER NOT NULL,
		failures    INTEGER NOT NULL,
		retry_at    INTEGER,
		refresh_at  INTEGER,
		refused     INTEGER NOT NULL,
		warned      INTEGER,
		review_at   INTEGER,
		flow_at     INTEGER,
		flow_error  TEXT NOT NULL,
		created     INTEGER NOT NULL,
		updated     INTEGER NOT NULL,
		due_at      INTEGER
	) WITHOUT ROWID`,
	`CREATE INDEX connections_due ON connections (due_at) WHERE due_at IS NOT NULL`,
	`CREATE TABLE tokens (
		connection TEXT PRIMARY KEY,
		access     TEXT NOT NULL,
		refresh    TEXT NOT NULL
	) WITHOUT ROWID`,
	// hash is SHA-256 of the state, browser of the cookie's value: neither can
	// be read back. A ticket is a link that somebody may open; it has no
	// verifier yet.
	`CREATE TABLE flows (
		hash       BLOB PRIMARY KEY,
		ticket     INTEGER NOT NULL,
		connection TEXT NOT NULL,
		config     INTEGER NOT NULL,
		generation INTEGER NOT NULL,
		verifier   TEXT NOT NULL,
		browser    BLOB,
		redirect   TEXT NOT NULL,
		endpoints  TEXT NOT NULL,
		requested  TEXT NOT NULL,
		expires    INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE INDEX flows_expire ON flows (expires)`,
	// What the provider is still to be told, with all that it takes: the
	// connection may be gone or another by then.
	`CREATE TABLE revocations (
		id         INTEGER PRIMARY KEY AUTOINCREMENT,
		connection TEXT NOT NULL,
		hint       TEXT NOT NULL,
		generation INTEGER NOT NULL,
		token      TEXT NOT NULL,
		settings   TEXT NOT NULL,
		secret     TEXT NOT NULL,
		config     INTEGER NOT NULL,
		endpoints  TEXT NOT NULL,
		tries      INTEGER NOT NULL,
		cause      TEXT NOT NULL,
		due_at     INTEGER NOT NULL
	)`,
	`CREATE INDEX revocations_due ON revocations (due_at)`,
	// Use of scopes, by day (days since 1970). scope is empty for calls: all of
	// them under operation 'all', those that no scope is known for under
	// 'unmapped'.
	`CREATE TABLE uses (
		connection TEXT NOT NULL,
		scope      TEXT NOT NULL,
		operation  TEXT NOT NULL,
		day        INTEGER NOT NULL,
		calls      INTEGER NOT NULL,
		last       INTEGER NOT NULL,
		PRIMARY KEY (connection, scope, operation, day)
	) WITHOUT ROWID`,
	outbox.Schema,
}}
