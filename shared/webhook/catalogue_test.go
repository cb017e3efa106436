package webhook_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/webhook"
)

// What the catalogue promises beyond each row being well formed.
func TestCatalogueKeepsItsWord(t *testing.T) {
	// A delivery that outlives the retention of event keys could be replayed:
	// no tolerance is longer than the default retention.
	const longest = 72 * time.Hour
	rows := webhook.Providers()
	assert.GreaterOrEqual(t, len(rows), 125)
	for i := range rows {
		row := &rows[i]
		assert.NotEmpty(t, row.Notes, "%s: nothing for the operator to know", row.Name)
		assert.LessOrEqual(t, row.Timestamp.Past, longest, row.Name)
		assert.LessOrEqual(t, row.Timestamp.Future, row.Timestamp.Past, row.Name)
		if row.Hash == webhook.HashSigned && row.Timestamp.Source != webhook.NoTimestamp && row.Timestamp.Source != webhook.FromBody {
			// A retry is signed anew: without an id, the hash of what is
			// signed would make it another event.
			assert.NotEmpty(t, row.ID, "%s: retries are new events", row.Name)
		}
	}
}
