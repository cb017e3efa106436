package webhook_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/source"
	"github.com/hookweir/hookweir/shared/webhook"
)

// What the catalogue promises beyond each row being well formed.
func TestCatalogueKeepsItsWord(t *testing.T) {
	// A delivery that outlives the retention of event keys could be replayed:
	// the edge keeps them for as long as the row's timestamps are good
	// (ingest, TestRetentionCoversTheTolerance), so no row may ask for more than
	// there can be.
	const longest = source.MaxRetention
	rows := webhook.Providers()
	assert.GreaterOrEqual(t, len(rows), 125)
	for i := range rows {
		row := &rows[i]
		assert.NotEmpty(t, row.Notes, "%s: nothing for the operator to know", row.Name)
		assert.LessOrEqual(t, row.Timestamp.Past+row.Timestamp.Future, longest, row.Name)
		if len(row.Template) == 0 && row.Hash == webhook.HashSigned {
			assert.NotNil(t, row.Content, "%s: without an id every event would be the hash of nothing", row.Name)
		}
		assert.LessOrEqual(t, row.Timestamp.Future, row.Timestamp.Past, row.Name)
		if row.Hash == webhook.HashSigned && row.Timestamp.Source != webhook.NoTimestamp && row.Timestamp.Source != webhook.FromBody {
			// A retry is signed anew: without an id, the hash of what is
			// signed would make it another event.
			assert.NotEmpty(t, row.ID, "%s: retries are new events", row.Name)
		}
	}
}
