package backend

import (
	"errors"
	"fmt"
	"runtime"
	"syscall/js"

	"github.com/hookweir/hookweir/shared/fetch"
)

// bridge is this instance's half of what crosses. A JavaScript value costs Go
// a finalizer, and finding its place in the list of them, so values cross
// packed, in this instance's memory, and what they belong to by number.
type bridge struct {
	js.Value        // the host's half
	inbox    []byte // where it puts values; the first byte says whether they wait to be taken
	waiting  map[int]chan settled
	ticket   int       // the last one
	spare    []*packed // to be used again
}

// host is the bridge. There is one, as there is one host to an instance.
var host = openBridge(js.Global().Get("context"))

// inboxSize is the largest message, in bytes, that crosses in one call; most
// are heads of requests and a few kilobytes of JSON.
const inboxSize = 32 << 10

func openBridge(context js.Value) *bridge {
	h := &bridge{Value: context.Get("host"), inbox: make([]byte, inboxSize), waiting: map[int]chan settled{}}
	h.Call("inbox", float64(address(h.inbox)), len(h.inbox))
	return h
}

// message is room for values to be sent.
func (h *bridge) message() *packed {
	if n := len(h.spare); n > 0 {
		m := h.spare[n-1]
		h.spare = h.spare[:n-1]
		return m
	}
	return &packed{b: make([]byte, 0, 512)}
}

// maxSpare is how many messages are kept to be used again, and spareRoom up to
// how many bytes of them.
const (
	maxSpare  = 16
	spareRoom = 4 << 10
)

func (h *bridge) spend(m *packed) {
	m.b, m.far = m.b[:0], nil
	if len(h.spare) < maxSpare && cap(m.b) <= spareRoom {
		h.spare = append(h.spare, m)
	}
}

// send calls the host with a number and a message. What the message says is
// copied when it returns.
func (h *bridge) send(method string, number int, m *packed) error {
	err := guard(func() error {
		h.Call(method, number, float64(address(m.b)), len(m.b))
		return nil
	})
	runtime.KeepAlive(m)
	h.spend(m)
	return err
}

// open takes what the host has put for this call: a size in the inbox, or
// minus the number of a letter that had no room there. Nothing else shares it.
func (h *bridge) open(mail int) reader {
	if mail >= 0 {
		b := append(make([]byte, 0, mail), h.inbox[1:1+mail]...)
		h.inbox[0] = 0
		return reader{b: b}
	}
	letter := -mail
	b := make([]byte, h.Call("letterSize", letter).Int())
	return reader{b: b[:h.Call("letter", letter, float64(address(b)), len(b)).Int()]}
}

type settled struct {
	values reader
	err    error
}

// pending is something that the host has begun.
type pending struct {
	ticket int
	done   chan settled
}

// begin has the host do something that takes time.
func (h *bridge) begin(method string, m *packed) (pending, error) {
	h.ticket++
	p := pending{h.ticket, make(chan settled, 1)}
	h.waiting[p.ticket] = p.done
	err := h.send(method, p.ticket, m)
	if err != nil {
		delete(h.waiting, p.ticket)
	}
	return p, err
}

func (p pending) wait() (reader, error) {
	s := <-p.done
	return s.values, s.err
}

// await is begin and wait.
func (h *bridge) await(method string, m *packed) (reader, error) {
	p, err := h.begin(method, m)
	if err != nil {
		return reader{}, err
	}
	return p.wait()
}

// settle gives who waits for something what it came to: ok, its values, or an
// error's name and text.
func (h *bridge) settle(ticket int, ok bool, values reader) {
	done := h.waiting[ticket]
	if done == nil {
		return
	}
	delete(h.waiting, ticket)
	if ok {
		done <- settled{values: values}
	} else {
		done <- settled{err: remote(values.text(), values.text())}
	}
}

// ErrRemote reports that the platform, or the far side of a Durable Object
// call, failed: a JavaScript exception or a rejected promise. Its text is the
// exception's and carries no payload.
var ErrRemote = errors.New("backend: platform call failed")

// remote is the error for an exception by its name and text.
func remote(name, text string) error {
	switch {
	case name == "TimeoutError":
		return fmt.Errorf("%w: %w", ErrRemote, fetch.ErrTimeout)
	case text != "":
		return fmt.Errorf("%w: %s", ErrRemote, text)
	}
	return ErrRemote
}

// guard turns a JavaScript exception thrown by f into an error.
func guard(f func() error) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case js.Error:
			err = thrown(v.Value)
		default:
			panic(v)
		}
	}()
	return f()
}

func thrown(v js.Value) error {
	if v.Type() != js.TypeObject {
		return ErrRemote
	}
	text := ""
	if m := v.Get("message"); m.Type() == js.TypeString {
		text = m.String()
	}
	return remote(v.Get("name").String(), text)
}
