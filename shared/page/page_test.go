package page_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/page"
)

func TestSize(t *testing.T) {
	for _, c := range []struct {
		limit, most, want int
		ok                bool
	}{
		{0, page.Max, page.Default, true},
		{0, 10, 10, true},
		{1, page.Max, 1, true},
		{page.Max, page.Max, page.Max, true},
		{page.Max + 1, page.Max, 0, false},
		{-1, page.Max, 0, false},
	} {
		n, ok := page.Size(c.limit, c.most)
		assert.Equal(t, c.ok, ok, c)
		if ok {
			assert.Equal(t, c.want, n, c)
		}
	}
}

func TestCursor(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 123_456_789, time.UTC)
	for _, id := range []string{"acme/github/1", "shop.000", "with a space", strings.Repeat("x", 400)} {
		millis, got, ok := page.Parse(page.Cursor(at, id))
		assert.True(t, ok, id)
		assert.Equal(t, at.UnixMilli(), millis)
		assert.Equal(t, id, got)
	}
	text := base64.RawURLEncoding.EncodeToString
	for what, cursor := range map[string]string{
		"empty": "", "no base64": "%", "padded": "MSBh==", "no id": text([]byte("1 ")), "no space": text([]byte("1")),
		"no time": text([]byte(" a")), "no number": text([]byte("x a")), "beyond the database": text([]byte("9223372036854775807 a")),
		"over a number": text([]byte("92233720368547758070 a")), "too long": page.Cursor(at, strings.Repeat("x", 600)),
	} {
		_, _, ok := page.Parse(cursor)
		assert.False(t, ok, what)
	}
}

func TestMillis(t *testing.T) {
	assert.Equal(t, int64(1), page.Millis(time.UnixMilli(1)))
	for _, year := range []int{-290_000_000, 290_000_000} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		assert.LessOrEqual(t, max(page.Millis(at), -page.Millis(at)), int64(1)<<53)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(page.Cursor(time.UnixMilli(1), "acme/github/1"))
	f.Add("MSA")
	f.Fuzz(func(t *testing.T, cursor string) {
		if millis, id, ok := page.Parse(cursor); ok {
			again, same, ok := page.Parse(page.Cursor(time.UnixMilli(millis), id))
			assert.True(t, ok || len(cursor) > 590)
			if ok {
				assert.Equal(t, millis, again)
				assert.Equal(t, id, same)
			}
		}
	})
}
