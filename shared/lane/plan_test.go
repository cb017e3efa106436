package lane_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/lane"
)

// TestStatementsReadWhatTheyTake: what runs with every write goes through no
// table that grows with the writes: rows that are read are billed, and time.
func TestStatementsReadWhatTheyTake(t *testing.T) {
	in(t, func(t *testing.T, w *world) {
		w.queries, w.keep = map[string][]any{}, 1
		w.boot()
		w.put(func(c *destination.Config) { c.Concurrency, c.OnFailure = 4, destination.Park })
		w.server.script(func(r request) (int, [][2]string) {
			switch {
			case r.n == 1 && r.body == "again":
				return 503, nil
			case r.body == "dead":
				return 400, nil
			}
			return 200, nil
		})
		v := write("k")
		v.IdempotencyKey, v.Path = "k", "/k"
		late := write("late")
		late.NotBefore = time.Now().Add(10 * time.Second)
		ids := w.accept(keyed("k", "dead"), keyed("k", "again"), keyed("k", large("x")), keyed("l", "dead"), write("again"), write(large("y")), v, late)
		time.Sleep(2 * time.Minute)
		require.NoError(t, w.client.Replay(ctx(), ids[0]))
		require.NoError(t, w.client.Purge(ctx(), ids[3]))
		w.empty(time.Minute)
		time.Sleep(75 * time.Hour) // all is forgotten, bodies too
		_, err := w.client.Accept(ctx(), []lane.Write{keyed("k", "last")})
		require.NoError(t, err)
		time.Sleep(time.Minute)
		queries := w.queries
		w.queries = nil
		w.boot()
		seen := 0
		for query, args := range queries {
			switch word, _, _ := strings.Cut(query, " "); word {
			case "SELECT", "UPDATE", "DELETE":
			default:
				continue
			}
			if strings.Contains(query, "GROUP BY state") || strings.Contains(query, "SUM(state = 'delivering')") {
				continue // what the API shows when it is asked
			}
			plan, err := w.db.Exec("EXPLAIN QUERY PLAN "+query, args...)
			require.NoError(t, err, query)
			seen++
			for _, table := range []string{"writes", "attempts", "drops"} {
				text := fmt.Sprint(plan.Values)
				bad := strings.Contains(text, "SCAN "+table) && !strings.Contains(text, "SCAN "+table+" USING")
				assert.False(t, bad, "%s: %s", query, text)
			}
		}
		assert.Greater(t, seen, 20)
	})
}
