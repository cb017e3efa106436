package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/page"
	"github.com/hookweir/hookweir/shared/problem"
	"github.com/hookweir/hookweir/shared/tenant"
)

// routeWrites finds the route below /writes. An id has a dot, so it is no
// action's name.
func (c *call) routeWrites(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listWrites}, nil
	case len(s) == 1 && s[0] == "replay":
		return methods{http.MethodPost: (*api).replayWrites}, nil
	case len(s) == 1 && s[0] == "purge":
		return methods{http.MethodPost: (*api).purgeWrites}, nil
	}
	if _, ok := lane.DestinationOf(s[0]); !ok {
		return nil, refuse(problem.CodeNotFound, "")
	}
	c.object = s[0]
	switch {
	case len(s) == 1:
		return methods{http.MethodGet: (*api).getWrite, http.MethodDelete: (*api).purgeWrite}, nil
	case len(s) == 2 && s[1] == "replay":
		return methods{http.MethodPost: (*api).replayWrite}, nil
	case len(s) == 2 && s[1] == "cancel":
		return methods{http.MethodPost: (*api).cancelWrite}, nil
	}
	return nil, refuse(problem.CodeNotFound, "")
}

// laneOf is the Lane of the write that the path names.
func (a *api) laneOf(c *call) LaneAPI {
	dest, _ := lane.DestinationOf(c.object)
	return a.Lane(c.tenant, dest)
}

// writeShown is one write with its request, its failed attempts and the
// answer that settled it.
type writeShown struct {
	lane.Entry
	Headers map[string]string `json:"headers,omitempty"`
	Tries   []lane.Attempt    `json:"tries"`
	Answer  *outbound.Answer  `json:"answer,omitempty"`
	// Body is the request's body when it is JSON, BodyBase64 when it is not.
	Body       json.RawMessage `json:"body,omitempty"`
	BodyBase64 []byte          `json:"body_base64,omitempty"`
	Stored     bool            `json:"stored,omitempty"` // the body lies in the payload bucket
}

func (a *api) getWrite(c *call) (answer, error) {
	d, err := a.laneOf(c).Get(c.Context(), c.object)
	if err != nil {
		return answer{}, err
	}
	out := writeShown{Entry: d.Entry, Tries: d.Tries, Answer: d.Answer, Stored: d.Stored, Headers: map[string]string{}}
	for _, h := range d.Header {
		out.Headers[h[0]] = h[1]
	}
	switch {
	case len(d.Body) == 0:
	case utf8.Valid(d.Body) && json.Valid(d.Body):
		out.Body = d.Body
	default:
		out.BodyBase64 = d.Body
	}
	return answer{http.StatusOK, out}, nil
}

func (a *api) decideWrite(c *call, event string, decide func() error) (answer, error) {
	if err := a.readOptionalJSON(c.Request, &struct{}{}); err != nil {
		return answer{}, err
	}
	if err := decide(); err != nil {
		return answer{}, err
	}
	a.logChange(event, c, nil)
	return answer{status: http.StatusNoContent}, nil
}

func (a *api) replayWrite(c *call) (answer, error) {
	return a.decideWrite(c, "admin.write_replayed", func() error { return a.laneOf(c).Replay(c.Context(), c.object) })
}

func (a *api) cancelWrite(c *call) (answer, error) {
	return a.decideWrite(c, "admin.write_cancelled", func() error { return a.laneOf(c).Cancel(c.Context(), c.object) })
}

func (a *api) purgeWrite(c *call) (answer, error) {
	return a.decideWrite(c, "admin.write_purged", func() error { return a.laneOf(c).Purge(c.Context(), c.object) })
}

// writesOf are the destinations that a list is over: the one that is named, or
// all of the tenant's.
func (a *api) writesOf(c *call, named string) ([]string, error) {
	if named != "" {
		return []string{named}, nil
	}
	return a.Tenant(c.tenant).Listed(c.Context(), tenant.Destinations)
}

// listWrites merges the pages of the Lanes into one, newest first. A cursor is
// a place in the order of all writes, so one serves all.
func (a *api) listWrites(c *call) (answer, error) {
	f, named, err := writeFilterOf(c.URL.RawQuery)
	if err != nil {
		return answer{}, err
	}
	lanes, err := a.writesOf(c, cmp.Or(c.object, named))
	if err != nil {
		return answer{}, err
	}
	var all []lane.Entry
	more := false
	for _, dest := range lanes {
		page, err := a.Lane(c.tenant, dest).List(c.Context(), f)
		if isNotFound(err) && c.object == "" {
			continue
		}
		if err != nil {
			return answer{}, err
		}
		all = append(all, page.Writes...)
		more = more || page.Next != ""
	}
	slices.SortFunc(all, func(x, y lane.Entry) int {
		return cmp.Or(y.Accepted.Compare(x.Accepted), strings.Compare(y.ID, x.ID))
	})
	out := lane.Page{Writes: all}
	if len(all) > f.Limit {
		out.Writes, more = all[:f.Limit], true
	}
	if out.Writes == nil {
		out.Writes = []lane.Entry{}
	}
	if more && len(out.Writes) > 0 {
		out.Next = out.Writes[len(out.Writes)-1].Cursor()
	}
	return answer{http.StatusOK, out}, nil
}

// writeFilterOf reads the query. Every parameter at most once, none unknown.
func writeFilterOf(rawQuery string) (f lane.Filter, dest string, err error) {
	f.Limit = page.Default
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return f, "", refuse(problem.CodeInvalidQuery, "the query is malformed")
	}
	for k, v := range q {
		if len(v) != 1 {
			return f, "", refuse(problem.CodeInvalidQuery, "a parameter is given twice")
		}
		if k == "destination" {
			if dest = v[0]; !name.Valid(dest) {
				return f, "", refuse(problem.CodeInvalidQuery, "destination must be a destination's name")
			}
			continue
		}
		if err := setWriteFilter(&f, k, v[0]); err != nil {
			return f, "", err
		}
	}
	return f, dest, nil
}

func setWriteFilter(f *lane.Filter, key, value string) (err error) {
	switch key {
	case "state":
		f.State = value
		if !slices.Contains(writeStates[:], value) {
			return refuse(problem.CodeInvalidQuery, "state must be one of "+strings.Join(writeStates[:], ", "))
		}
	case "partition_key":
		if f.PartitionKey = value; value == "" || len(value) > 255 {
			return refuse(problem.CodeInvalidQuery, "partition_key has 1 to 255 bytes")
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
		if f.Cursor = value; value == "" {
			return refuse(problem.CodeInvalidCursor, "")
		}
	default:
		return refuse(problem.CodeInvalidQuery, "the parameters are destination, state, partition_key, since, until, limit and cursor")
	}
	return err
}

var writeStates = [...]string{lane.Pending, lane.Delivering, lane.Delivered, lane.Dead, lane.Parked, lane.Cancelled, lane.Purged}

func (a *api) replayWrites(c *call) (answer, error) {
	return a.decideWrites(c, "admin.writes_replayed", "replayed", LaneAPI.ReplayWhere)
}

func (a *api) purgeWrites(c *call) (answer, error) {
	return a.decideWrites(c, "admin.writes_purged", "purged", LaneAPI.PurgeWhere)
}

type whereFunc = func(l LaneAPI, ctx context.Context, f lane.Filter) (lane.Decided, error)

// decideBody selects writes to replay or purge.
type decideBody struct {
	Destination  string `json:"destination"`
	State        string `json:"state"` // `dead` or `parked`
	PartitionKey string `json:"partition_key"`
	Since        string `json:"since"` // accepted at or after, RFC 3339
	Until        string `json:"until"` // accepted before, RFC 3339
	Limit        int    `json:"limit"`
}

// decideWrites replays or purges what a filter selects. The state has to be
// named. `more` says that some are left: the same call goes on with them.
func (a *api) decideWrites(c *call, event, did string, where whereFunc) (answer, error) {
	var in decideBody
	if err := a.readJSON(c.Request, &in); err != nil {
		return answer{}, err
	}
	if in.State != lane.Dead && in.State != lane.Parked {
		return answer{}, refuse(problem.CodeInvalidRequest, "state must be dead or parked")
	}
	if in.Limit < 0 || in.Limit > lane.MaxDecide {
		return answer{}, refuse(problem.CodeInvalidRequest, "limit must be from 1 to "+strconv.Itoa(lane.MaxDecide))
	}
	if in.Destination != "" && !name.Valid(in.Destination) {
		return answer{}, refuse(problem.CodeInvalidName, "destination must be a destination's name")
	}
	f := lane.Filter{State: in.State}
	for k, v := range map[string]string{"partition_key": in.PartitionKey, "since": in.Since, "until": in.Until} {
		if v == "" {
			continue
		}
		if err := setWriteFilter(&f, k, v); err != nil {
			return answer{}, err
		}
	}
	lanes, err := a.writesOf(c, in.Destination)
	if err != nil {
		return answer{}, err
	}
	limit, done, more := cmp.Or(in.Limit, lane.MaxDecide), 0, false
	for _, dest := range lanes {
		if done >= limit {
			more = true
			break
		}
		f.Limit = limit - done
		d, err := where(a.Lane(c.tenant, dest), c.Context(), f)
		switch {
		case isNotFound(err):
			continue
		case err != nil && done > 0: // say what was done
			more = true
		case err != nil:
			return answer{}, err
		}
		done += d.Done
		more = more || d.Next != ""
	}
	a.Log(event, "tenant", c.tenant, "count", strconv.Itoa(done))
	return answer{http.StatusAccepted, map[string]any{did: done, "more": more}}, nil
}
