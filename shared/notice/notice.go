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

// ErrID refuses an id that is empty or longer than event.MaxIDBytes.
var ErrID = errors.New("notice: id is empty or too long")

// New makes a notice. kind is the event's type, such as
// `hookweir.write.dead`. id is what makes two notices the same one within the
// tenant: `write.dead/{write id}`, not a random value, so that whoever raises
// it twice after a crash tells the agent once. data becomes the JSON of the
// event.
func New(tenant, kind, id string, at time.Time, data any) (*event.Event, error) {
	if id == "" || len(id) > event.MaxIDBytes {
		return nil, ErrID
	}
	body, err := json.Marshal(data)
	if err != nil {
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
