package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/problem"
)

// routeEvents finds the route below /events. The segments are still
// percent-encoded, which is what tells a key in one segment from a key in
// several.
func (c *call) routeEvents(s []string) (methods, error) {
	switch {
	case len(s) == 0:
		return methods{http.MethodGet: (*api).listEvents}, nil
	case len(s) == 1 && s[0] == "replay":
		return methods{http.MethodPost: (*api).replayWhere}, nil
	case len(s) == 1 && s[0] == "purge":
		return methods{http.MethodPost: (*api).purgeWhere}, nil
	}
	replay := len(s) > 1 && s[len(s)-1] == "replay"
	if replay {
		s = s[:len(s)-1]
	}
	key, err := url.PathUnescape(strings.Join(s, "/"))
	if err != nil || !validKey(c.tenant, key) {
		return nil, refuse(problem.CodeNotFound, "")
	}
	c.object = key
	if replay {
		return methods{http.MethodPost: (*api).replayEvent}, nil
	}
	return methods{http.MethodGet: (*api).getEvent, http.MethodDelete: (*api).purgeEvent}, nil
}

// validKey reports whether a key is one of the tenant's (G10). Another
// tenant's looks like one that does not exist.
func validKey(tenantName, key string) bool {
	owner, rest, _ := strings.Cut(key, "/")
	src, id, ok := strings.Cut(rest, "/")
	return ok && owner == tenantName && name.Valid(src) && id != "" && len(id) <= event.MaxIDBytes &&
		utf8.ValidString(id) && !strings.ContainsFunc(id, unicode.IsControl)
}

func (a *api) shardOf(c *call) LedgerAPI { return a.Ledger(c.tenant, ledger.ShardOf(c.object)) }

// eventAnswer is one event with its attempts and its body.
type eventAnswer struct {
	ledger.Entry
	Tries []ledger.Attempt `json:"tries"`
	// Data is the provider's body when it is JSON, DataBase64 when it is not
	// (the names are CloudEvents'). Neither is there when the body lies in the
	// payload bucket, or the event was purged.
	Data       json.RawMessage `json:"data,omitempty"`
	DataBase64 []byte          `json:"data_base64,omitempty"`
	Stored     bool            `json:"stored,omitempty"` // the body lies in the payload bucket
}

func (a *api) getEvent(c *call) (answer, error) {
	d, err := a.shardOf(c).Get(c.Context(), c.object)
	if err != nil {
		return answer{}, err
	}
	out := eventAnswer{Entry: d.Entry, Tries: d.Tries, Stored: d.Claim != ""}
	switch {
	case out.Stored:
	case utf8.Valid(d.Body) && json.Valid(d.Body):
		out.Data = d.Body
	default:
		out.DataBase64 = d.Body
	}
	return answer{http.StatusOK, out}, nil
}

func (a *api) replayEvent(c *call) (answer, error) {
	if err := a.readOptionalJSON(c.Request, &struct{}{}); err != nil {
		return answer{}, err
	}
	err := a.shardOf(c).Replay(c.Context(), c.object)
	delayed := errors.Is(err, ledger.ErrRequeue) // pending all the same
	if err != nil && !delayed {
		return answer{}, err
	}
	a.Log("admin.event_replayed", "tenant", c.tenant)
	return answer{http.StatusAccepted, replayAnswer{Replayed: 1, Delayed: delayed}}, nil
}

func (a *api) purgeEvent(c *call) (answer, error) {
	if err := a.readOptionalJSON(c.Request, &struct{}{}); err != nil {
		return answer{}, err
	}
	if err := a.shardOf(c).Purge(c.Context(), c.object); err != nil {
		return answer{}, err
	}
	a.logChange("admin.event_purged", c, nil)
	return answer{status: http.StatusNoContent}, nil
}

type replayAnswer struct {
	Replayed int `json:"replayed"`
	// Delayed: the queue refused some; they go out with the next sweep.
	Delayed bool `json:"delayed,omitempty"`
	// Next is the cursor of the following call; absent when all are replayed.
	Next string `json:"next,omitempty"`
}
