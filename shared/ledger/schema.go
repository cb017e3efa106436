package ledger

// schema holds the migrations; a released step never changes. Times are Unix
// milliseconds.
//
// due_at is when the alarm has to look at the row: a pending or delivering
// one to send it again, a delivered one to purge it, a dead one never (NULL).
// One index serves both, because every index entry is a billed row write.
//
// body stands last so that reading a row's other columns does not walk the
// pages a large body overflows into.
var schema = [][]string{{
	`CREATE TABLE identity (
		id     INTEGER PRIMARY KEY CHECK (id = 1),
		tenant TEXT NOT NULL,
		shard  INTEGER NOT NULL
	)`,
	`CREATE TABLE events (
		key           TEXT PRIMARY KEY,
		source        TEXT NOT NULL,
		id            TEXT NOT NULL,
		provider      TEXT NOT NULL,
		type          TEXT NOT NULL,
		time          INTEGER NOT NULL,
		accepted      INTEGER NOT NULL,
		origin        TEXT NOT NULL,
		authenticated TEXT NOT NULL,
		content_type  TEXT NOT NULL,
		retention_s   INTEGER NOT NULL,
		size          INTEGER NOT NULL,
		claim         TEXT NOT NULL,
		state         TEXT NOT NULL,
		owner         TEXT NOT NULL,
		fence         INTEGER NOT NULL,
		attempts      INTEGER NOT NULL,
		lease_until   INTEGER,
		next_at       INTEGER,
		expires_at    INTEGER,
		delivered_at  INTEGER,
		due_at        INTEGER,
		sweeps        INTEGER NOT NULL DEFAULT 0,
		last_status   INTEGER NOT NULL DEFAULT 0,
		last_error    TEXT NOT NULL DEFAULT '',
		duplicates    INTEGER NOT NULL DEFAULT 0,
		replays       INTEGER NOT NULL DEFAULT 0,
		body          BLOB
	)`,
	`CREATE INDEX events_list ON events (accepted, key)`,
	`CREATE INDEX events_due ON events (due_at) WHERE due_at IS NOT NULL`,
	`CREATE INDEX events_open ON events (state, accepted, key) WHERE state <> 'delivered'`,
	`CREATE INDEX events_claim ON events (claim) WHERE claim <> ''`,
	`CREATE TABLE attempts (
		key     TEXT NOT NULL,
		fence   INTEGER NOT NULL,
		attempt INTEGER NOT NULL,
		at      INTEGER NOT NULL,
		outcome TEXT NOT NULL,
		status  INTEGER NOT NULL,
		reason  TEXT NOT NULL,
		took_ms INTEGER NOT NULL,
		PRIMARY KEY (key, fence)
	) WITHOUT ROWID`,
	`CREATE TABLE drops (
		claim  TEXT PRIMARY KEY,
		due_at INTEGER NOT NULL
	) WITHOUT ROWID`,
	`CREATE INDEX drops_due ON drops (due_at)`,
}}
