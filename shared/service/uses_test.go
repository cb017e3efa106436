package service

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/vault"
)

func TestUsesAreToldAtOnceAndThenByTheMinute(t *testing.T) {
	var u uses
	now := time.Date(2026, 8, 4, 12, 0, 0, 0, time.UTC)
	call := func(path string) vault.Use { return vault.Use{Method: "GET", Path: path, At: now, Count: 1} }
	assert.Equal(t, []vault.Use{call("/a")}, u.add("acme/crm", call("/a"), now), "the first at once")
	for range 3 {
		assert.Nil(t, u.add("acme/crm", call("/a"), now))
	}
	assert.Nil(t, u.add("acme/crm", call("/b"), now))
	assert.NotNil(t, u.add("acme/erp", call("/a"), now), "another connection has its own minute")
	now = now.Add(usesEvery)
	due := u.add("acme/crm", call("/b"), now)
	counts := map[string]int{}
	for _, d := range due {
		counts[d.Path] = d.Count
	}
	assert.Equal(t, map[string]int{"/a": 3, "/b": 2}, counts, "nothing is forgotten, equal calls are counted")
	for i := range usesKept {
		due = u.add("acme/crm", call(string(rune('a'+i))), now)
	}
	assert.Len(t, due, usesKept, "what waits is bounded")
}
