package outbox

import (
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Schema creates the table; it is a statement of the owner's migrations
// (sqlstore.Migrate).
const Schema = `CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, message BLOB NOT NULL)`

// perFlush bounds what one Flush reads, in messages: at 128 KB each they are
// 13 MB, and an alarm goes on with the rest.
const perFlush = queue.MaxBatch

// Box is the outbox of one object.
type Box struct {
	DB sqlstore.DB
	// Send puts messages on the queue, all or, after an error, perhaps some.
	Send func(messages [][]byte) error
}

// Add puts a message in. Call it in the transaction of what the message tells.
func (b Box) Add(message []byte) error {
	_, err := b.DB.Exec(`INSERT INTO outbox (message) VALUES (?)`, message)
	return err
}

// Waiting reports whether anything is left to send.
func (b Box) Waiting() (bool, error) {
	n, err := sqlstore.Int64(b.DB, `SELECT EXISTS (SELECT 1 FROM outbox)`)
	return n != 0, err
}

// Flush sends the oldest messages, at most 100, and returns how many the
// queue took. Call it outside of any transaction.
func (b Box) Flush() (sent int, err error) {
	rows, err := b.DB.Exec(`SELECT id, message FROM outbox ORDER BY id LIMIT ?`, perFlush)
	if err != nil || rows.Len() == 0 {
		return 0, err
	}
	ids := make([]int64, 0, rows.Len())
	messages := make([][]byte, 0, rows.Len())
	for r := range rows.All() {
		ids = append(ids, r.Int64())
		messages = append(messages, r.Blob())
		if err := r.Done(); err != nil {
			return 0, err
		}
	}
	for chunk := range queue.Chunks(messages) {
		if err := b.Send(chunk); err != nil {
			return sent, err
		}
		// By id, not by range: another Flush may be under way.
		for _, id := range ids[sent : sent+len(chunk)] {
			if _, err := b.DB.Exec(`DELETE FROM outbox WHERE id = ?`, id); err != nil {
				return sent, err
			}
		}
		sent += len(chunk)
	}
	return sent, nil
}
