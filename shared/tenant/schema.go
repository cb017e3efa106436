package tenant

import "github.com/hookweir/hookweir/shared/alarm"

// schema holds the migrations, oldest first; a released step never changes.
// Times are Unix milliseconds.
var schema = [][]string{{
	`CREATE TABLE identity (
		id         INTEGER PRIMARY KEY CHECK (id = 1),
		tenant     TEXT NOT NULL,
		generation INTEGER NOT NULL
	)`,
	// sealed is source.SealConfig of the row, the very text that KV holds.
	// secrets is the JSON of []Secret: ids and times, nothing secret.
	// A deleted row stays until KV has been told.
	`CREATE TABLE sources (
		name       TEXT PRIMARY KEY,
		provider   TEXT NOT NULL,
		url        TEXT NOT NULL,
		retention  INTEGER NOT NULL,
		secrets    TEXT NOT NULL,
		sealed     TEXT NOT NULL,
		generation INTEGER NOT NULL,
		created    INTEGER NOT NULL,
		updated    INTEGER NOT NULL,
		deleted    INTEGER NOT NULL,
		published  INTEGER NOT NULL,
		tries      INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE INDEX sources_unpublished ON sources (tries) WHERE published = 0`,
	`CREATE TABLE agent (
		id         INTEGER PRIMARY KEY CHECK (id = 1),
		url        TEXT NOT NULL,
		secrets    TEXT NOT NULL,
		sealed     TEXT NOT NULL,
		state      TEXT NOT NULL,
		reason     TEXT NOT NULL,
		stopped    INTEGER,
		generation INTEGER NOT NULL,
		created    INTEGER NOT NULL,
		updated    INTEGER NOT NULL
	)`,
	`CREATE TABLE api_keys (
		id        TEXT PRIMARY KEY,
		hash      BLOB NOT NULL,
		label     TEXT NOT NULL,
		created   INTEGER NOT NULL,
		last_used INTEGER
	) WITHOUT ROWID`,
}, {
	`CREATE TABLE directory (
		kind    TEXT NOT NULL,
		name    TEXT NOT NULL,
		created INTEGER NOT NULL,
		PRIMARY KEY (kind, name)
	) WITHOUT ROWID`,
}, {
	// tools is the JSON of the tools a key is restricted to, NULL for a key of
	// everything; rate is in calls a minute, 0 for the default.
	`ALTER TABLE api_keys ADD COLUMN tools TEXT`,
	`ALTER TABLE api_keys ADD COLUMN rate INTEGER NOT NULL DEFAULT 0`,
	`CREATE TABLE authorization_server (
		id      INTEGER PRIMARY KEY CHECK (id = 1),
		issuer  TEXT NOT NULL,
		jwks    TEXT NOT NULL,
		updated INTEGER NOT NULL
	)`,
	alarm.Schema,
}}
