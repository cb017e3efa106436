// Package page is how a list out of an object's table is cut into pages,
// newest first.
//
//	limit ─▶ Size ─▶ rows of this page, and one more if there is another
//	last row ─▶ Cursor(time, id) ─▶ the caller ─▶ Parse ─▶ rows after it
//
// A cursor names a place by time and id, not by an offset: rows that come in
// between move nothing, and one cursor serves the lists of several objects
// that are merged by time.
//
// # Failure modes
//
// A cursor comes from outside: one that Parse refuses was not made here. One
// that was made up reads a list from a place of its own choosing, which it may.
package page

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

const (
	// Max is the largest page of a list, in rows: what an answer of a few
	// hundred KB holds.
	Max = 200
	// Default is a page for which no limit was asked.
	Default = 50

	// maxCursor bounds a cursor in bytes: an id of under 400 in base64.
	maxCursor = 600
)

// Size is how many rows a limit asks for: 0 is Default, or most if that is
// less. It is false for a negative one or more than most.
func Size(limit, most int) (int, bool) {
	if limit == 0 {
		return min(Default, most), true
	}
	return limit, limit > 0 && limit <= most
}

// Cursor names the place right after a row, by its time (to the millisecond)
// and id.
func Cursor(at time.Time, id string) string {
	return base64.RawURLEncoding.EncodeToString(append(strconv.AppendInt(nil, at.UnixMilli(), 10), " "+id...))
}

// Parse reads a cursor: the time as the database has it, and the id; false for
// what Cursor does not make.
func Parse(cursor string) (millis int64, id string, ok bool) {
	if len(cursor) > maxCursor {
		return 0, "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", false
	}
	digits, id, _ := strings.Cut(string(raw), " ")
	millis, err = strconv.ParseInt(digits, 10, 64)
	if err != nil || id == "" || millis < -sqlstore.MaxInteger || millis > sqlstore.MaxInteger {
		return 0, "", false
	}
	return millis, id, true
}

// Millis keeps a time from outside within what the database can compare.
func Millis(t time.Time) int64 {
	return min(max(t.UnixMilli(), -sqlstore.MaxInteger), sqlstore.MaxInteger)
}
