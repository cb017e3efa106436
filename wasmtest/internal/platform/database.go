package platform

// MaxD1Params is how many parameters one statement of D1 may have.
// https://developers.cloudflare.com/d1/platform/limits/
const MaxD1Params = 100

// Database is a D1 database: SQLite behind a network, without transactions
// other than a batch.
type Database struct{ storage *Storage }

// OpenDatabase is an empty database, in memory.
func OpenDatabase() (*Database, error) {
	s, err := OpenStorage()
	return &Database{s}, err
}

// Close drops it.
func (d *Database) Close() { d.storage.Close() }

// Statement is a statement with its parameters.
type Statement struct {
	SQL  string
	Args []any
}

// Exec runs one statement.
func (d *Database) Exec(s Statement) (Rows, error) {
	if _, err := d.storage.prepare(s.SQL); err != nil {
		return Rows{}, err
	}
	before, err := d.changes()
	if err != nil {
		return Rows{}, err
	}
	rows, err := d.storage.query(s.SQL, s.Args)
	if err != nil {
		return Rows{}, err
	}
	after, err := d.changes()
	rows.Written, rows.LastID = after[0]-before[0], after[1]
	return rows, err
}

// changes are how many rows were ever written, and the last rowid given.
func (d *Database) changes() (n [2]int64, err error) {
	rows, err := d.storage.query("SELECT total_changes(), last_insert_rowid()", nil)
	if err != nil {
		return n, err
	}
	for i := range n {
		n[i], _ = rows.Values[0][i].(int64)
	}
	return n, nil
}

// Batch runs statements as one transaction.
func (d *Database) Batch(list []Statement) ([]Rows, error) {
	if err := d.storage.run("BEGIN"); err != nil {
		return nil, err
	}
	results := make([]Rows, len(list))
	for i, s := range list {
		var err error
		if results[i], err = d.Exec(s); err != nil {
			_ = d.storage.run("ROLLBACK")
			return nil, err
		}
	}
	return results, d.storage.run("COMMIT")
}
