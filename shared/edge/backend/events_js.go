package backend

import (
	"context"
	"errors"

	"github.com/syumai/workers/cloudflare/queues"

	"github.com/hookweir/hookweir/shared/queue"
)

// queue hands a batch to the handler and carries its verdicts out. It returns
// an error, so that the whole batch comes again, only before any message has
// been acknowledged.
func (s *server) queue(b *queues.MessageBatch) error {
	if s.Queue == nil {
		return errNoHandler
	}
	batch := make([]queue.Message, len(b.Messages))
	for i, m := range b.Messages {
		batch[i] = queue.Message{ID: m.ID, Attempts: m.Attempts, Body: bytesBody(m)}
	}
	var verdicts []queue.Verdict
	err := s.apart("queue", func() error {
		verdicts = s.Queue(context.Background(), b.Queue, batch)
		if len(verdicts) != len(batch) {
			return errors.New("backend: a verdict for every message, please")
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, m := range b.Messages {
		switch v := verdicts[i]; {
		case v.Ack:
			m.Ack()
		case v.Delay > 0:
			m.Retry(queues.WithRetryDelay(v.Delay))
		default:
			m.Retry()
		}
	}
	return nil
}

// bytesBody reads a message sent as bytes, which workerd gives as an
// ArrayBuffer and syumai expects as a Uint8Array. Any other body is not ours
// and reads as nothing, which decodes to no event.
func bytesBody(m *queues.Message) []byte {
	if m.Body.InstanceOf(buffers) {
		return toGo(uint8Array.New(m.Body))
	}
	body, err := m.BytesBody()
	if err != nil {
		return nil
	}
	return body
}

// scheduled never returns an error: syumai's cron package panics on one,
// which would end the instance under every other event.
func (s *server) scheduled(ctx context.Context) error {
	err := s.apart("scheduled", func() error {
		if s.Scheduled == nil {
			return errNoHandler
		}
		return s.Scheduled(ctx)
	})
	if err != nil {
		s.Log("backend.scheduled_failed", "error", err.Error())
	}
	return nil
}

// logic finds or makes the logic behind the Durable Object of a serial number;
// in begins with its class. The host gives that, and the object's state to an
// event that begins, until a call of the object has succeeded.
func (s *server) logic(in *reader, serial int) (o Object, class string, err error) {
	class = in.text()
	if o := s.objects[serial]; o != nil {
		return o, class, nil
	}
	open := s.Objects[class]
	if open == nil {
		return nil, class, errNoHandler
	}
	if o, err = open(newStorage(host.Call("state"), s.shared)); err != nil {
		return nil, class, err
	}
	s.objects[serial] = o
	return o, class, nil
}

func (s *server) object(_ int, in reader, serial int) (*packed, error) {
	o, class, err := s.logic(&in, serial)
	if err != nil {
		return nil, s.unopened(class, err)
	}
	reply, err := o.Invoke(in.text(), in.blob())
	if err != nil {
		return nil, s.unopened(class, err)
	}
	return host.message().blob(reply), nil
}

func (s *server) alarm(_ int, in reader, serial int) (*packed, error) {
	o, class, err := s.logic(&in, serial)
	if err == nil {
		err = o.Alarm()
	}
	if err != nil {
		return nil, s.unopened(class, err)
	}
	return host.message(), nil
}

// unopened passes an error on. When the platform made it, and no call of the
// object has succeeded yet in this instance, so that its class is given, the
// log says why: what the operator has to mend, such as a class deployed without
// SQLite, callers do not learn.
func (s *server) unopened(class string, err error) error {
	if class != "" && errors.Is(err, ErrRemote) {
		s.Log("object_unopened", "class", class, "cause", err.Error())
	}
	return err
}
