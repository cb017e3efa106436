package toolserver

import (
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// schema holds the migrations, oldest first; a released step never changes.
var schema = [][]string{{
	`CREATE TABLE mcp_sessions (
		id         TEXT PRIMARY KEY,
		owner      TEXT NOT NULL,
		initialize BLOB NOT NULL,
		used       INTEGER NOT NULL
	) WITHOUT ROWID`,
}}

// Migrate brings the tables of sessions up to date in an object's database.
func Migrate(db sqlstore.DB) error { return sqlstore.MigratePart(db, "toolserver", schema) }

const (
	// MaxSessions bounds a tenant's sessions; the one unused the longest goes.
	MaxSessions = 200
	// sessionAge is how long a session may lie unused. Many clients never say
	// that they are done.
	sessionAge = 24 * time.Hour
	// usedEvery is the resolution of that: one write per session and minute in
	// use. Coarser, a client that comes again and again would push out those
	// that are at work.
	usedEvery = time.Minute
)

// SQLSessions keeps sessions in an object's database.
type SQLSessions struct {
	DB  sqlstore.DB
	Now func() time.Time
}

// Save adds a session and drops those that are old, or too many.
func (s SQLSessions) Save(n Session) (ended []string, err error) {
	now := s.Now()
	drop := func(which string, args ...any) error {
		rows, err := s.DB.Exec(`DELETE FROM mcp_sessions WHERE `+which+` RETURNING id`, args...)
		if err != nil {
			return err
		}
		for r := range rows.All() {
			ended = append(ended, r.Text())
			if err := r.Done(); err != nil {
				return err
			}
		}
		return nil
	}
	err = s.DB.Tx(func() error {
		if err := drop(`used < ?`, now.Add(-sessionAge).UnixMilli()); err != nil {
			return err
		}
		if err := drop(`id IN (SELECT id FROM mcp_sessions ORDER BY used DESC, id LIMIT -1 OFFSET ?)`, MaxSessions-1); err != nil {
			return err
		}
		_, err := s.DB.Exec(`INSERT INTO mcp_sessions (id, owner, initialize, used) VALUES (?,?,?,?)`, n.ID, n.Owner, n.Initialize, now.UnixMilli())
		return err
	})
	if err != nil {
		return nil, err
	}
	return ended, nil
}

// Load finds a session and notes its use; nil when there is none.
func (s SQLSessions) Load(id string) (*Session, error) {
	now := s.Now()
	rows, err := s.DB.Exec(`SELECT owner, initialize, used FROM mcp_sessions WHERE id = ? AND used >= ?`, id, now.Add(-sessionAge).UnixMilli())
	if err != nil {
		return nil, err
	}
	row, ok := rows.First()
	if !ok {
		return nil, nil
	}
	n := &Session{ID: id, Owner: row.Text(), Initialize: row.Blob()}
	used := row.Time()
	if err := row.Done(); err != nil {
		return nil, err
	}
	if now.Sub(used) >= usedEvery {
		_, err = s.DB.Exec(`UPDATE mcp_sessions SET used = ? WHERE id = ?`, now.UnixMilli(), id)
	}
	return n, err
}

// Delete ends a session.
func (s SQLSessions) Delete(id string) error {
	_, err := s.DB.Exec(`DELETE FROM mcp_sessions WHERE id = ?`, id)
	return err
}
