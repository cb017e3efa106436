package sqlstore

import (
	"errors"
	"fmt"
)

// ErrSchema reports a database written by a newer build than this one. The
// object refuses to run rather than guess.
var ErrSchema = errors.New("sqlstore: schema is newer than this build")

// Migrate brings the schema up to date. steps[i] are the statements that lead
// from version i to version i+1; a step, once released, never changes. All of
// it happens in one transaction, so a failure leaves the old schema whole.
func Migrate(db DB, steps [][]string) error { return MigratePart(db, "schema", steps) }

// MigratePart is Migrate for a part that has its own tables, and its own
// version, in the database of another: part is a constant of the program.
func MigratePart(db DB, part string, steps [][]string) error {
	table := part + "_version"
	return db.Tx(func() error {
		if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS ` + table + ` (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL)`); err != nil {
			return err
		}
		version, err := Int64(db, `SELECT COALESCE(MAX(version), 0) FROM `+table)
		if err != nil {
			return err
		}
		if version > int64(len(steps)) {
			return ErrSchema
		}
		if version == int64(len(steps)) {
			return nil
		}
		for i, step := range steps[version:] {
			for _, statement := range step {
				if _, err := db.Exec(statement); err != nil {
					return fmt.Errorf("sqlstore: migration to version %d: %w", int(version)+i+1, err)
				}
			}
		}
		_, err = db.Exec(`INSERT INTO `+table+` (id, version) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET version = excluded.version`, len(steps))
		return err
	})
}
