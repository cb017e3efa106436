package admin

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/page"
	"github.com/hookweir/hookweir/shared/problem"
)

// maxType is the longest type, in bytes, as package event bounds it.
const maxType = 1024

// listEvents merges the shards' pages into one, newest first. A shard's
// cursor is a place in the order of all events, so one cursor serves all.
func (a *api) listEvents(c *call) (answer, error) {
	f, err := filterOf(c.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	var all []ledger.Entry
	more := false
	// One after the other: the runtime does not let one request wait for
	// another's goroutine, and there are four.
	for shard := range ledger.Shards {
		page, err := a.Ledger(c.tenant, shard).List(c.Context(), f)
		if err != nil {
			return answer{}, err
		}
		all = append(all, page.Events...)
		more = more || page.Next != ""
	}
	slices.SortFunc(all, newestFirst)
	out := ledger.Page{Events: all}
	if len(all) > f.Limit {
		out.Events, more = all[:f.Limit], true
	}
	if out.Events == nil {
		out.Events = []ledger.Entry{}
	}
	if more && len(out.Events) > 0 {
		out.Next = out.Events[len(out.Events)-1].Cursor()
	}
	return answer{http.StatusOK, out}, nil
}

// newestFirst is the order of a shard's list: by time to the millisecond, then
// by key.
func newestFirst(x, y ledger.Entry) int {
	return cmp.Or(
		cmp.Compare(y.Accepted.UnixMilli(), x.Accepted.UnixMilli()),
		strings.Compare(y.Key, x.Key),
	)
}

// filterOf reads the query. Every parameter at most once, none unknown: a
// misspelt filter must not select everything.
func filterOf(rawQuery string) (ledger.Filter, error) {
	f := ledger.Filter{Limit: page.Default}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return f, refuse(problem.CodeInvalidQuery, "the query is malformed")
	}
	for k, v := range q {
		if len(v) != 1 {
			return f, refuse(problem.CodeInvalidQuery, "a parameter is given twice")
		}
		if err := setFilter(&f, k, v[0]); err != nil {
			return f, err
		}
	}
	return f, nil
}

func setFilter(f *ledger.Filter, key, value string) (err error) {
	switch key {
	case "state":
		f.State = value
		if !validState(value) {
			return refuse(problem.CodeInvalidQuery, "state must be pending, delivering, delivered, dead or purged")
		}
	case "source":
		f.Source = value
		if !name.Valid(value) {
			return refuse(problem.CodeInvalidQuery, "source must be a source's name")
		}
	case "type":
		f.Type = value
		if value == "" || len(value) > maxType {
			return refuse(problem.CodeInvalidQuery, "type must be an event type such as com.github.push")
		}
	case "since":
		f.Since, err = instant("since", value)
	case "until":
		f.Until, err = instant("until", value)
	case "limit":
		f.Limit, err = strconv.Atoi(value)
		if err != nil || f.Limit < 1 || f.Limit > page.Max {
			return refuse(problem.CodeInvalidQuery, "limit must be from 1 to "+strconv.Itoa(page.Max))
		}
	case "cursor":
		f.Cursor = value
		if value == "" {
			return refuse(problem.CodeInvalidCursor, "")
		}
	default:
		return refuse(problem.CodeInvalidQuery, "the parameters are state, source, type, since, until, limit and cursor")
	}
	return err
}

func validState(s string) bool {
	return s == ledger.Pending || s == ledger.Delivering || s == ledger.Delivered || s == ledger.Dead || s == ledger.Purged
}

func instant(field, s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, refuse(problem.CodeInvalidQuery, field+" must be a time such as 2026-08-04T12:00:00Z")
	}
	return t.UTC(), nil
}

// settledBody selects events to replay or purge.
type settledBody struct {
	State  string `json:"state"` // `dead` or `delivered`
	Source string `json:"source"`
	Type   string `json:"type"`
	Since  string `json:"since"`  // accepted at or after, RFC 3339
	Until  string `json:"until"`  // accepted before, RFC 3339
	Limit  int    `json:"limit"`  // 1 to 1000, the default
	Cursor string `json:"cursor"` // `next` of the answer before
}

// settledWhere is what a settledBody selects: a filter, whose limit is that of
// all shards together, and the place to begin at.
type settledWhere struct {
	ledger.Filter
	shard int
}

// readSettled reads the body of a replay or a purge. The state has to be named:
// a body without it would select every event there is.
func (a *api) readSettled(c *call) (settledWhere, error) {
	var in settledBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return settledWhere{}, err
	}
	if in.State != ledger.Dead && in.State != ledger.Delivered {
		return settledWhere{}, refuse(problem.CodeInvalidRequest, "state must be dead or delivered")
	}
	if in.Limit < 0 || in.Limit > ledger.MaxReplay {
		return settledWhere{}, refuse(problem.CodeInvalidRequest, "limit must be from 1 to "+strconv.Itoa(ledger.MaxReplay))
	}
	f := ledger.Filter{State: in.State, Limit: cmp.Or(in.Limit, ledger.MaxReplay)}
	for k, v := range map[string]string{"source": in.Source, "type": in.Type, "since": in.Since, "until": in.Until} {
		if v == "" {
			continue
		}
		if err := setFilter(&f, k, v); err != nil {
			return settledWhere{}, err
		}
	}
	shard, cursor, err := splitCursor(in.Cursor)
	f.Cursor = cursor
	return settledWhere{f, shard}, err
}

func (a *api) replayWhere(c *call) (answer, error) {
	w, err := a.readSettled(c)
	if err != nil {
		return answer{}, err
	}
	var out replayAnswer
	out.Replayed, out.Next, err = a.eachShard(c, w, func(l LedgerAPI, f ledger.Filter) (int, string, error) {
		done, err := l.ReplayWhere(c.Context(), f)
		if errors.Is(err, ledger.ErrRequeue) { // pending all the same
			out.Delayed, err = true, nil
		}
		return done.Replayed, done.Next, err
	})
	if err != nil {
		return answer{}, err
	}
	a.Log("admin.events_replayed", "tenant", c.tenant, "count", strconv.Itoa(out.Replayed))
	return answer{http.StatusAccepted, out}, nil
}

func (a *api) purgeWhere(c *call) (answer, error) {
	w, err := a.readSettled(c)
	if err != nil {
		return answer{}, err
	}
	var out ledger.PurgedEvents
	out.Purged, out.Next, err = a.eachShard(c, w, func(l LedgerAPI, f ledger.Filter) (int, string, error) {
		done, err := l.PurgeWhere(c.Context(), f)
		return done.Purged, done.Next, err
	})
	if err != nil {
		return answer{}, err
	}
	a.Log("admin.events_purged", "tenant", c.tenant, "count", strconv.Itoa(out.Purged))
	return answer{http.StatusAccepted, out}, nil
}

// eachShard goes on from a place in a shard until the limit is reached. If a
// shard fails after others succeeded, the answer is what was done, with the
// cursor of the rest.
func (a *api) eachShard(c *call, w settledWhere, do func(LedgerAPI, ledger.Filter) (done int, next string, err error)) (total int, next string, err error) {
	f := w.Filter
	for shard := w.shard; shard < ledger.Shards; shard++ {
		if total >= w.Limit {
			return total, joinCursor(shard, ""), nil
		}
		f.Limit = w.Limit - total
		done, more, err := do(a.Ledger(c.tenant, shard), f)
		switch {
		case err != nil && total > 0:
			return total, joinCursor(shard, f.Cursor), nil
		case err != nil:
			return 0, "", err
		}
		total += done
		if more != "" {
			return total, joinCursor(shard, more), nil
		}
		f.Cursor = ""
	}
	return total, "", nil
}

// Such a cursor is the shard and the place in it: `2.b2…`.
func joinCursor(shard int, cursor string) string { return strconv.Itoa(shard) + "." + cursor }

func splitCursor(s string) (shard int, cursor string, err error) {
	if s == "" {
		return 0, "", nil
	}
	digits, cursor, ok := strings.Cut(s, ".")
	shard, err = strconv.Atoi(digits)
	if err != nil || !ok || shard < 0 || shard >= ledger.Shards || strconv.Itoa(shard) != digits {
		return 0, "", refuse(problem.CodeInvalidCursor, "")
	}
	return shard, cursor, nil
}
