package workerd

import (
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// queueBinding is a Queue producer.
// https://developers.cloudflare.com/queues/configuration/javascript-apis/
func (iso *Isolate) queueBinding(name string) jsobj.Value {
	return iso.realm.NewNamespace("Queue", map[string]jsobj.Func{
		"send": func(c *jsobj.Call) (jsobj.Value, error) {
			if err := known("Queue.send", c.Arg(1), "contentType", "delaySeconds"); err != nil {
				return nil, err
			}
			m, err := iso.outMessage(c.Arg(0), c.Arg(1))
			if err != nil {
				return nil, err
			}
			return iso.queueSend(name, []outMessage{m})
		},
		"sendBatch": func(c *jsobj.Call) (jsobj.Value, error) {
			if err := known("Queue.sendBatch", c.Arg(1), "delaySeconds"); err != nil {
				return nil, err
			}
			items, err := iso.realm.Iterate(c.Arg(0))
			if err != nil {
				return nil, err
			}
			batch := make([]outMessage, len(items))
			for i, item := range items {
				// syumai/workers nests the options; the platform reads them flat.
				if err := known("MessageSendRequest", item, "body", "contentType", "delaySeconds", "options"); err != nil {
					return nil, err
				}
				if batch[i], err = iso.outMessage(option(item, "body"), item); err != nil {
					return nil, err
				}
				if _, own := option(item, "delaySeconds").(float64); !own {
					batch[i].delay = seconds(option(c.Arg(1), "delaySeconds"))
				}
			}
			return iso.queueSend(name, batch)
		},
	})
}

type outMessage struct {
	kind  string
	body  []byte
	delay time.Duration
}

func seconds(v jsobj.Value) time.Duration {
	f, _ := v.(float64)
	return time.Duration(f * float64(time.Second))
}

// outMessage serialises a message's body as its content type says.
func (iso *Isolate) outMessage(body, options jsobj.Value) (outMessage, error) {
	m := outMessage{kind: "json", delay: seconds(option(options, "delaySeconds"))}
	if kind, ok := option(options, "contentType").(string); ok {
		m.kind = kind
	}
	switch m.kind {
	case "bytes":
		b, ok := jsobj.BytesOf(body)
		if _, text := body.(string); !ok || text {
			return m, iso.realm.TypeError("Content Type \"bytes\" requires a value of type ArrayBuffer or ArrayBufferView, but received: " + jsobj.TypeOf(body))
		}
		m.body = append([]byte(nil), b...)
	case "text":
		s, ok := body.(string)
		if !ok {
			return m, iso.realm.TypeError("Content Type \"text\" requires a value of type string, but received: " + jsobj.TypeOf(body))
		}
		m.body = []byte(s)
	case "json":
		b, ok := iso.realm.FormatJSON(body)
		if !ok {
			return m, iso.realm.TypeError("Content Type \"json\" requires a value that can be serialised")
		}
		m.body = b
	default:
		return m, &jsobj.Missing{Name: "queue content type " + m.kind}
	}
	return m, nil
}

func (iso *Isolate) queueSend(name string, batch []outMessage) (jsobj.Value, error) {
	bodies := make([][]byte, len(batch))
	for i, m := range batch {
		bodies[i] = m.body
		if err := platform.CheckSend([][]byte{m.body}, m.delay); err != nil {
			return iso.refused(err)
		}
	}
	if err := platform.CheckSend(bodies, 0); err != nil {
		return iso.refused(err)
	}
	return iso.promise("queue.send", fmt.Sprintf("%s ×%d", name, len(batch)), func(answer func()) {
		for _, m := range batch {
			iso.world.Queue(name).Send(m.kind, m.body, m.delay)
		}
		answer()
	}, func() (jsobj.Value, error) { return jsobj.Undefined{}, nil })
}

// deliver hands a batch to the Worker's queue handler.
func (wk *Worker) deliver(queue string, k platform.Consumer, batch []*platform.Message, done func([]platform.Verdict)) {
	d := &delivery{verdicts: make([]verdict, len(batch)), consumer: k}
	c := wk.event(wk.world.somewhere("queue", queue), "queue "+queue, func(c *Context) (*jsobj.Promise, error) {
		v, err := c.iso.batch(queue, batch, d)
		if err != nil {
			return nil, err
		}
		return c.iso.glue.Queue(c, v)
	}, func(c *Context, _ jsobj.Value, err error) {
		c.answered = true
		if err != nil {
			c.iso.world.Tracef("queue %s handler failed: %v", queue, err)
		}
		if !d.closed {
			d.closed = true
			done(d.result(err))
		}
	})
	c.limit("queue handler")
}

type verdict struct {
	said  bool
	retry bool
	delay time.Duration
}

// delivery collects what a handler says of its messages.
type delivery struct {
	consumer platform.Consumer
	verdicts []verdict
	closed   bool
}

// result is each message's fate: what was said explicitly holds; the rest is
// acknowledged, or retried if the handler failed. When the isolate died,
// nothing that was said got out.
func (d *delivery) result(err error) []platform.Verdict {
	out := make([]platform.Verdict, len(d.verdicts))
	for i, v := range d.verdicts {
		switch {
		case v.said && !Killed(err):
			out[i] = platform.Verdict{Retry: v.retry, Delay: v.delay}
		default:
			out[i] = platform.Verdict{Retry: err != nil, Delay: d.consumer.RetryDelay}
		}
	}
	return out
}

func (d *delivery) say(i int, retry bool, options jsobj.Value) {
	if d.verdicts[i].said {
		return // the first word counts
	}
	v := verdict{said: true, retry: retry, delay: d.consumer.RetryDelay}
	if s, ok := option(options, "delaySeconds").(float64); ok {
		v.delay = time.Duration(s) * time.Second
	}
	d.verdicts[i] = v
}

// batch is a MessageBatch.
func (iso *Isolate) batch(queue string, messages []*platform.Message, d *delivery) (jsobj.Value, error) {
	list := make([]jsobj.Value, len(messages))
	for i, m := range messages {
		body, err := iso.inMessage(m)
		if err != nil {
			return nil, err
		}
		n := iso.realm.NewNamespace("Message", map[string]jsobj.Func{
			"ack":   func(*jsobj.Call) (jsobj.Value, error) { d.say(i, false, nil); return jsobj.Undefined{}, nil },
			"retry": func(c *jsobj.Call) (jsobj.Value, error) { d.say(i, true, c.Arg(0)); return jsobj.Undefined{}, nil },
		})
		n.Define("id", m.ID)
		n.Define("timestamp", iso.realm.NewDate(m.Sent))
		n.Define("body", body)
		n.Define("attempts", float64(m.Attempts))
		list[i] = n
	}
	all := func(retry bool) jsobj.Func {
		return func(c *jsobj.Call) (jsobj.Value, error) {
			for i := range messages {
				d.say(i, retry, c.Arg(0))
			}
			return jsobj.Undefined{}, nil
		}
	}
	b := iso.realm.NewNamespace("MessageBatch", map[string]jsobj.Func{"ackAll": all(false), "retryAll": all(true)})
	b.Define("queue", queue)
	b.Define("messages", iso.realm.NewArray(list...))
	return b, nil
}

func (iso *Isolate) inMessage(m *platform.Message) (jsobj.Value, error) {
	switch m.Type {
	case "text":
		return string(m.Body), nil
	case "json":
		return iso.realm.ParseJSON(m.Body)
	}
	return iso.realm.NewArrayBuffer(append([]byte(nil), m.Body...)), nil // as workerd gives bytes
}
