package lane

import "github.com/hookweir/hookweir/shared/outbox"

// schema holds the migrations; a released step never changes. Times are Unix
// milliseconds, in `state` what its fields say.
//
// An open write is in one of four places, told by two columns, each of which
// is indexed only where it is set, because every index entry is a billed row:
//
//	rank set    ready: goes out as soon as the budget allows, lowest first
//	due_at set  the alarm looks at it then: after a backoff, when a queue
//	            message or a consumer is overdue; final ones to be purged
//	neither     behind another write of its key, or waiting for a decision
//
// holds marks the writes that keep their place in the order of a key, and all
// open ones without a key.
//
// body stands last so that reading the other columns does not walk the pages
// it overflows into.
var schema = [][]string{{
	`CREATE TABLE lane (
		id          INTEGER PRIMARY KEY CHECK (id = 1),
		tenant      TEXT NOT NULL,
		destination TEXT NOT NULL,
		config      TEXT NOT NULL,
		sealed      TEXT NOT NULL,
		generation  INTEGER NOT NULL,
		created     INTEGER NOT NULL,
		updated     INTEGER NOT NULL,
		seq         INTEGER NOT NULL,
		depth       INTEGER NOT NULL,
		bytes       INTEGER NOT NULL,
		released    INTEGER NOT NULL,
		state       TEXT NOT NULL
	)`,
	`CREATE TABLE writes (
		seq         INTEGER PRIMARY KEY,
		tag         TEXT NOT NULL,
		method      TEXT NOT NULL,
		path        TEXT NOT NULL,
		header      TEXT NOT NULL,
		part        TEXT NOT NULL,
		ordered     INTEGER NOT NULL,
		idem        TEXT,
		digest      BLOB NOT NULL,
		priority    INTEGER NOT NULL,
		not_before  INTEGER,
		expires_at  INTEGER,
		accepted    INTEGER NOT NULL,
		since       INTEGER NOT NULL,
		size        INTEGER NOT NULL,
		claim       TEXT NOT NULL,
		state       TEXT NOT NULL,
		holds       INTEGER NOT NULL,
		rank        INTEGER,
		due_at      INTEGER,
		released    INTEGER NOT NULL DEFAULT 0,
		fence       INTEGER NOT NULL DEFAULT 0,
		attempts    INTEGER NOT NULL DEFAULT 0,
		safe        INTEGER NOT NULL DEFAULT 0,
		replays     INTEGER NOT NULL DEFAULT 0,
		settled_at  INTEGER,
		last_status INTEGER NOT NULL DEFAULT 0,
		reason      TEXT NOT NULL DEFAULT '',
		took_ms     INTEGER NOT NULL DEFAULT 0,
		answer      TEXT NOT NULL DEFAULT '',
		body        BLOB
	)`,
	`CREATE INDEX writes_ready ON writes (ordered, rank, seq) WHERE rank IS NOT NULL`,
	`CREATE INDEX writes_due ON writes (due_at) WHERE due_at IS NOT NULL`,
	`CREATE INDEX writes_holds ON writes (part, seq) WHERE holds = 1`,
	`CREATE INDEX writes_idem ON writes (idem) WHERE idem IS NOT NULL`,
	`CREATE INDEX writes_undecided ON writes (state, seq) WHERE state IN ('dead', 'parked')`,
	`CREATE TABLE attempts (
		seq     INTEGER NOT NULL,
		fence   INTEGER NOT NULL,
		attempt INTEGER NOT NULL,
		at      INTEGER NOT NULL,
		outcome TEXT NOT NULL,
		status  INTEGER NOT NULL,
		reason  TEXT NOT NULL,
		took_ms INTEGER NOT NULL,
		answer  TEXT NOT NULL,
		PRIMARY KEY (seq, fence)
	) WITHOUT ROWID`,
	`CREATE TABLE grants (
		id       INTEGER PRIMARY KEY AUTOINCREMENT,
		parallel INTEGER NOT NULL,
		until    INTEGER NOT NULL
	)`,
	`CREATE TABLE drops (
		claim  TEXT PRIMARY KEY,
		due_at INTEGER NOT NULL
	) WITHOUT ROWID`,
	outbox.Schema,
}, {
	// Asked for with every settlement; while the bucket is down they pile up.
	`CREATE INDEX drops_due ON drops (due_at)`,
}}
