package notice

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/event"
)

// Retention is how long a repeated notice is known as one; long enough for
// what raises it again after days of outage.
const Retention = 7 * 24 * time.Hour

// maxData bounds the data of a notice, in bytes: what rides in a message. One
// that did not would be refused by the queue each time, and by the Ledger.
const maxData = event.InlineLimit

var (
	// ErrID refuses an id that is empty or longer than event.MaxIDBytes.
	ErrID = errors.New("notice: id is empty or too long")
	// ErrData refuses data that is no JSON object.
	ErrData = errors.New("notice: data is no object")
)

// New makes a notice. kind is the event's type, such as
// `hookweir.write.dead`. id is what makes two notices the same one within the
// tenant: `write.dead/{write id}`, not a random value, so that whoever raises
// it twice after a crash tells the agent once. data becomes the JSON object of
// the event; of one that is too long for a message the longest members are left
// out, and named in `left_out`.
func New(tenant, kind, id string, at time.Time, data any) (*event.Event, error) {
	if id == "" || len(id) > event.MaxIDBytes {
		return nil, ErrID
	}
	body, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	if body[0] != '{' {
		return nil, ErrData
	}
	if body, err = fitting(body); err != nil {
		return nil, err
	}
	at = at.UTC()
	return &event.Event{
		Tenant: tenant, Source: event.SystemSource, ID: id, Provider: event.SystemSource, Type: kind,
		Time: at, Accepted: at, Origin: event.OriginSystem,
		ContentType: "application/json", Retention: Retention,
		Body: body, Size: int64(len(body)),
	}, nil
}

// fitting leaves members out of an object until it is no longer than maxData.
// What a notice lists may come from outside, as long as an outsider likes: that
// something has happened must be told all the same, and it must not stand in
// an outbox for ever, before all that is told later.
func fitting(body []byte) ([]byte, error) {
	if len(body) <= maxData {
		return body, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, err
	}
	var out []string
	for len(body) > maxData {
		longest := ""
		for name, value := range members {
			if name != leftOut && (longest == "" || len(value) > len(members[longest])) {
				longest = name
			}
		}
		delete(members, longest)
		out = append(out, longest)
		var err error
		if members[leftOut], err = json.Marshal(out); err != nil {
			return nil, err
		}
		if body, err = json.Marshal(members); err != nil {
			return nil, err
		}
	}
	return body, nil
}

// leftOut is the member that names those a notice had no room for.
const leftOut = "left_out"
