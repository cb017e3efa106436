package poll

import "github.com/hookweir/hookweir/shared/outbox"

// schema holds the migrations; a released step never changes.
//
// All that changes with every run is one row, because rows written are what a
// poll that finds nothing costs. seq counts its writes: a run that was
// overtaken by another, or by a new definition, has a number that is gone and
// stores nothing.
var schema = [][]string{{
	`CREATE TABLE identity (
		id     INTEGER PRIMARY KEY CHECK (id = 1),
		tenant TEXT NOT NULL,
		poll   TEXT NOT NULL
	)`,
	// definition, state and health are JSON: of Definition, crawl.State and
	// health. A deleted poll keeps its row: a later one of its name goes on with
	// the generations, which tell notices apart.
	`CREATE TABLE poll (
		id         INTEGER PRIMARY KEY CHECK (id = 1),
		seq        INTEGER NOT NULL,
		generation INTEGER NOT NULL,
		listed     INTEGER NOT NULL,
		deleted    INTEGER NOT NULL,
		definition TEXT NOT NULL,
		state      TEXT NOT NULL,
		health     TEXT NOT NULL
	)`,
	`CREATE TABLE known (
		id    INTEGER PRIMARY KEY CHECK (id = 1),
		items BLOB NOT NULL
	)`,
	// staged are the events of a crawl from the newest down, until it has
	// reached its end; lowest first they are oldest first.
	`CREATE TABLE staged (
		place   INTEGER PRIMARY KEY,
		message BLOB NOT NULL
	)`,
	outbox.Schema,
}}
