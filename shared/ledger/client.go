package ledger

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/wire"
)

// Client calls one shard's object. Its methods are those of [Ledger] and
// return the same errors, or whatever Invoke failed with: then nobody knows
// whether the call took effect. Every call but the two replays may be repeated
// at once; a Claim repeated under its own lease is told to Wait.
type Client struct {
	Tenant string
	Shard  int
	Invoke call.Func
}

func (c Client) call(ctx context.Context, method string, body []byte) ([]byte, error) {
	b := make([]byte, 0, 8+len(c.Tenant)+len(body))
	b = wire.AppendBytes(b, c.Tenant)
	b = wire.AppendUint32(b, uint32(c.Shard))
	answer, err := c.Invoke(ctx, method, append(b, body...))
	if err != nil {
		return nil, err
	}
	return answers.Read(answer)
}

// Claim is [Ledger.Claim]; it answers every item.
func (c Client) Claim(ctx context.Context, req ClaimRequest) ([]Decision, error) {
	b, err := c.call(ctx, methodClaim, appendClaimRequest(nil, req))
	if err != nil {
		return nil, err
	}
	ds, err := readDecisions(b)
	if err != nil || len(ds) != len(req.Items) {
		return nil, call.ErrAnswer
	}
	return ds, nil
}

// Settle is [Ledger.Settle]; it answers every result.
func (c Client) Settle(ctx context.Context, results []Result) ([]Settled, error) {
	b, err := c.call(ctx, methodSettle, appendResults(nil, results))
	if err != nil {
		return nil, err
	}
	ss, err := readSettled(b)
	if err != nil || len(ss) != len(results) {
		return nil, call.ErrAnswer
	}
	return ss, nil
}

// MarkDead is [Ledger.MarkDead]; it answers every item.
func (c Client) MarkDead(ctx context.Context, items []Item) ([]Marked, error) {
	b, err := c.call(ctx, methodMarkDead, appendItems(nil, items))
	if err != nil {
		return nil, err
	}
	if len(b) != len(items) {
		return nil, call.ErrAnswer
	}
	return readMarks(b), nil
}

// Seen is [Ledger.Seen]; it answers every key.
func (c Client) Seen(ctx context.Context, keys []string) ([]Sighting, error) {
	b, err := c.call(ctx, methodSeen, appendStrings(nil, keys))
	if err != nil {
		return nil, err
	}
	if len(b) != len(keys) {
		return nil, call.ErrAnswer
	}
	out := make([]Sighting, len(b))
	for i, v := range b {
		out[i] = Sighting(v)
	}
	return out, nil
}

// Bury is [Ledger.Bury].
func (c Client) Bury(ctx context.Context, reason string, messages [][]byte) error {
	_, err := c.call(ctx, methodBury, appendMessages(wire.AppendBytes(nil, reason), messages))
	return err
}

// Get is [Ledger.Get].
func (c Client) Get(ctx context.Context, key string) (Detail, error) {
	return callJSON[Detail](ctx, c, methodGet, []byte(key))
}

// List is [Ledger.List].
func (c Client) List(ctx context.Context, f Filter) (Page, error) {
	return callFilter[Page](ctx, c, methodList, f)
}

// Replay is [Ledger.Replay].
func (c Client) Replay(ctx context.Context, key string) error {
	_, err := c.call(ctx, methodReplay, []byte(key))
	return err
}

// ReplayWhere is [Ledger.ReplayWhere].
func (c Client) ReplayWhere(ctx context.Context, f Filter) (Replayed, error) {
	return callFilter[Replayed](ctx, c, methodReplayWhere, f)
}

// Purge is [Ledger.Purge].
func (c Client) Purge(ctx context.Context, key string) error {
	_, err := c.call(ctx, methodPurge, []byte(key))
	return err
}

// PurgeWhere is [Ledger.PurgeWhere].
func (c Client) PurgeWhere(ctx context.Context, f Filter) (PurgedEvents, error) {
	return callFilter[PurgedEvents](ctx, c, methodPurgeWhere, f)
}

// Stats is [Ledger.Stats].
func (c Client) Stats(ctx context.Context) (Counts, error) {
	return callJSON[Counts](ctx, c, methodStats, nil)
}

func callFilter[T any](ctx context.Context, c Client, method string, f Filter) (T, error) {
	b, err := json.Marshal(f)
	if err != nil { // a year beyond 9999
		var none T
		return none, ErrFilter
	}
	return callJSON[T](ctx, c, method, b)
}

// callJSON reads the value that comes with success and with ErrRequeue.
func callJSON[T any](ctx context.Context, c Client, method string, body []byte) (T, error) {
	var v T
	b, err := c.call(ctx, method, body)
	if err != nil && !errors.Is(err, ErrRequeue) {
		return v, err
	}
	if json.Unmarshal(b, &v) != nil {
		var none T
		return none, call.ErrAnswer
	}
	return v, err
}
