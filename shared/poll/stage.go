package poll

import (
	"github.com/hookweir/hookweir/shared/queue"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// placesPerPage keeps the pages of a crawl apart in the order of places.
const placesPerPage = 1_000_000

// stage keeps a page's events until the crawl has reached its end: below all
// of the pages before, since it is older, and behind those of its own.
func (j *job) stage(messages [][]byte) error {
	base := -int64(j.row.state.Crawl.Pages+1) * placesPerPage
	rows, err := j.cfg.DB.Exec(`SELECT COALESCE(MAX(place), ?) FROM staged WHERE place > ? AND place < ?`, base, base, base+placesPerPage)
	if err != nil {
		return err
	}
	r, _ := rows.First()
	place := r.Int64()
	if err := r.Done(); err != nil {
		return err
	}
	for _, m := range messages {
		place++
		if _, err := j.cfg.DB.Exec(`INSERT INTO staged (place, message) VALUES (?, ?)`, place, m); err != nil {
			return err
		}
	}
	return nil
}

func (j *job) anyStaged() (bool, error) {
	if !j.row.recipe.Newest {
		return false, nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	rows, err := j.cfg.DB.Exec(`SELECT EXISTS (SELECT 1 FROM staged)`)
	if err != nil {
		return false, err
	}
	r, _ := rows.First()
	left := r.Bool()
	return left, r.Done()
}

// drain sends what a crawl that has reached its end has staged, oldest first.
func (j *job) drain() error {
	for {
		left, err := j.anyStaged()
		if err != nil {
			return err
		}
		if !left {
			j.row.health.Draining = false
			return nil
		}
		var messages [][]byte
		var places []int64
		err = j.tx(func() error {
			rows, err := j.cfg.DB.Exec(`SELECT place, message FROM staged ORDER BY place LIMIT ?`, queue.MaxBatch)
			for r := range rows.All() {
				places = append(places, r.Int64())
				messages = append(messages, r.Blob())
				if err := r.Done(); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := j.cfg.Send(messages); err != nil {
			return &stop{reason: ReasonQueue}
		}
		err = j.tx(func() error {
			// Another run, or a definition, may have put its own in their place.
			seq, err := sqlstore.Int64(j.cfg.DB, `SELECT seq FROM poll`)
			if err != nil {
				return err
			}
			if seq != j.row.seq {
				return errOvertaken
			}
			_, err = j.cfg.DB.Exec(`DELETE FROM staged WHERE place <= ?`, places[len(places)-1])
			return err
		})
		if err != nil {
			return err
		}
	}
}
