package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// maxOverlaps bounds how often a look is made when others are over before it
// and saw something else: two servers behind one URL may never agree.
const maxOverlaps = 3

// sight is what a look saw.
type sight struct {
	protocol string
	kinds    []string // that it looked at
	seen     map[string][]json.RawMessage
	began    time.Time
}

// errOverlap: while an upstream was looked at, another look at it was over, and
// saw something else. Which of the two is how it is now, nobody can say.
var errOverlap = errors.New("it said other things to others who looked at it meanwhile")

// stale reports that a look is due before anything of an upstream is used.
func (u *Upstreams) stale(up Upstream) bool {
	return up.State != StateReady || u.now().Sub(up.Checked) >= up.Recheck
}

// glance looks at an upstream in a session of its own.
func (u *Upstreams) glance(ctx context.Context, n string) (Upstream, error) {
	up, err := u.load(n)
	if err != nil {
		return up, err
	}
	if _, err := u.cfg.DB.Exec(`UPDATE upstreams SET tried = ? WHERE name = ?`, u.now().UnixMilli(), n); err != nil {
		return up, err
	}
	session, t, err := u.dial(ctx, up, nil)
	if err != nil {
		return up, err
	}
	defer u.end(ctx, up, session, t)
	return up, u.look(ctx, up, session, t, everything)
}

// look lists items in a session and holds them against the pins. A server may
// say that a list has changed while it is looked at: then it is looked at again
// after the call. Where another look was over first, and saw something else, it
// is at once.
func (u *Upstreams) look(ctx context.Context, up Upstream, s *mcp.ClientSession, t *transport, kinds []string) (err error) {
	until := u.now().Add(maxLook)
	for range maxOverlaps {
		began := u.now()
		t.until, t.changed = until, false
		seen, failure := discover(ctx, s, t, kinds)
		t.until = time.Time{}
		if failure != nil {
			return failure
		}
		if err = u.observe(ctx, up, sight{s.InitializeResult().ProtocolVersion, kinds, seen, began}); !errors.Is(err, errOverlap) {
			return err
		}
	}
	return err
}

// there are the definitions that the last look found.
func there(items []item) map[string][]byte {
	out := map[string][]byte{}
	for _, i := range items {
		if i.now != nil {
			out[i.kind+"/"+i.name] = i.now
		}
	}
	return out
}

// errMoved: while an upstream was looked at, it was deleted or put again, with
// another URL, account or policy perhaps. What was seen is of no upstream that
// there is.
var errMoved = errors.New("it was put again or deleted meanwhile")

// still loads an upstream again after a wait. Errors: errMoved, or the
// database's.
func (u *Upstreams) still(up Upstream) (Upstream, error) {
	current, err := u.load(up.Name)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (!current.Updated.Equal(up.Updated) || !current.Created.Equal(up.Created)):
		return up, errMoved
	case err != nil:
		return up, err
	}
	return current, nil
}
