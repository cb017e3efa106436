package service

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/ratelimit"
	"github.com/hookweir/hookweir/shared/schedule"
	"github.com/hookweir/hookweir/shared/target"
)

// Bindings and queue of polls, as in consumers/wrangler.toml.
const (
	BindingPoll     = "POLL"     // `{tenant}/{poll}`
	BindingSchedule = "SCHEDULE" // `{shard}`

	QueuePolls = "polls"
)

// pollWait is how long a poll waits for a slot of its destination's budget.
// Longer than that it comes back for.
const pollWait = 2 * time.Second

// Poll makes the logic of a Poll object. Whose it is, it learns from its
// storage or its first call.
func (s *Service) Poll(storage Storage) (*poll.Poll, error) {
	return poll.New(poll.Config{
		DB: storage, Now: s.cfg.Now, Rand: rand.Float64, SetAlarm: storage.SetAlarm,
		Call:       s.callForPoll,
		Ledger:     func(name string, shard int) poll.Ledger { return s.ledger(name, shard) },
		Send:       s.cfg.SendEvents,
		PutPayload: s.cfg.Payloads.Put,
		Schedule:   func(name string) poll.Schedule { return scheduled{s.schedule(name)} },
		Log:        s.cfg.Log,
	})
}

// Schedule makes the logic of a Schedule object.
func (s *Service) Schedule(storage Storage) (*schedule.Schedule, error) {
	return schedule.New(schedule.Config{DB: storage, Now: s.cfg.Now})
}

func (s *Service) poll(tenant, name string) poll.Client {
	object := poll.ObjectName(tenant, name)
	return poll.Client{Tenant: tenant, Poll: name, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(ctx, BindingPoll, object, method, payload)
	}}
}

func (s *Service) shard(number int) schedule.Shard {
	object := schedule.ObjectName(number)
	return schedule.Shard{Number: number, Invoke: func(ctx context.Context, method string, payload []byte) ([]byte, error) {
		return s.cfg.Invoke(ctx, BindingSchedule, object, method, payload)
	}}
}

func (s *Service) schedule(tenant string) schedule.Client {
	return schedule.Client{Tenant: tenant, Shard: s.shard(schedule.ShardOf(tenant))}
}

// scheduled is the schedule as a poll sees it.
type scheduled struct{ schedule.Client }

func (c scheduled) Add(ctx context.Context, name, source string, every time.Duration, next time.Time) error {
	err := c.Client.Add(ctx, name, source, every, next)
	if errors.Is(err, schedule.ErrLimit) {
		return poll.ErrLimit
	}
	return err
}

func (s *Service) newClock() *schedule.Clock {
	return &schedule.Clock{
		Now: s.cfg.Now, Shard: s.shard, Send: s.cfg.SendPolls, Log: s.cfg.Log,
		Run: func(ctx context.Context, tenant, name string, why poll.Why) (poll.Ran, error) {
			return s.poll(tenant, name).Run(ctx, why)
		},
	}
}

func (s *Service) newWaker() *schedule.Waker {
	return &schedule.Waker{Now: s.cfg.Now, Touch: func(ctx context.Context, tenant string, sources []string) ([]string, error) {
		return s.schedule(tenant).Touch(ctx, sources)
	}}
}

// callForPoll is poll.Caller: through the destination's gate, like every write
// and read of it.
func (s *Service) callForPoll(ctx context.Context, tenant string, r poll.Request) (poll.Response, error) {
	res, err := s.Gate().Do(ctx, tenant, r.Destination, outbound.Call{
		Method: r.Call.Method, Path: r.Call.Path, Header: r.Call.Header, Body: r.Call.Body,
		Caller: "poll:" + r.Poll, MaxBody: r.MaxBody, Wait: pollWait, Free304: r.Free304,
	})
	if err != nil {
		return poll.Response{}, pollError(err)
	}
	out := poll.Response{Status: res.Status, Header: res.Header, Body: res.Body, TooLarge: res.TooLarge, Base: res.Base}
	now := s.cfg.Now()
	for _, b := range ratelimit.Read(res.Header, now) {
		if b.Limit <= 0 {
			continue
		}
		if used := float64(b.Limit-b.Remaining) / float64(b.Limit); used > out.Used {
			out.Used, out.Reset = min(used, 1), max(b.Reset.Sub(now), 0)
		}
	}
	return out, nil
}

// pollError says what a failure of the gate means for a poll.
func pollError(err error) error {
	var wait *outbound.WaitError
	var refused destination.Error
	var forbidden target.Error
	switch {
	case errors.As(err, &wait):
		reason := poll.ReasonBudget
		if wait.Reason == outbound.ReasonBreaker {
			reason = poll.ReasonBreaker
		}
		return &poll.Busy{Wait: wait.After, Reason: reason}
	case errors.Is(err, outbound.ErrNeedsReauth):
		return poll.ErrReauth
	case errors.As(err, &refused):
		return poll.ErrCall
	case errors.Is(err, outbound.ErrNotFound), errors.As(err, &forbidden):
		return poll.ErrDestination
	case errors.Is(err, outbound.ErrUnavailable):
		return poll.ErrUnavailable
	case errors.Is(err, outbound.ErrTimeout):
		return poll.ErrTimeout
	}
	return err
}
