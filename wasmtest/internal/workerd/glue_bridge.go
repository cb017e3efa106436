package workerd

import (
	"encoding/binary"
	"math"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// Kinds of packed values, as in shared/edge/backend/packed.mjs.
const (
	packedNull   = 0
	packedNumber = 1
	packedText   = 2
	packedBlob   = 3
	packedFar    = 4
)

// bridge is backend.mjs's Bridge: what crosses between one instance and its
// isolate.
type bridge struct {
	in     *backendInstance
	glue   *backend
	events map[int]flight // what Go is to answer
	event  int
	sinks  map[int]*sink

	unwanted map[float64]*jsobj.AbortSignal // by ticket
	answers  map[float64]*streamed          // what Go reads as it comes
	inbox    uint32                         // where in Go's memory it is
	room     uint32
	letters  map[int][]jsobj.Value // what had no room there
	letter   int
	state    jsobj.Value // of the object whose first event begins

	statements []string
	rows       []byte // that did not fit
}

func newBridge(g *backend, in *backendInstance) *bridge {
	return &bridge{
		in: in, glue: g, events: map[int]flight{}, sinks: map[int]*sink{},
		unwanted: map[float64]*jsobj.AbortSignal{}, answers: map[float64]*streamed{}, letters: map[int][]jsobj.Value{},
	}
}

// host is context.host.
func (b *bridge) host() *jsobj.Namespace {
	members := map[string]jsobj.Func{
		"inbox": b.hostInbox, "letterSize": b.hostLetterSize, "letter": b.hostLetter,
		"abort": b.hostAbort, "answer": b.hostAnswer, "refuse": b.hostRefuse,
		"sinkStart": b.hostSinkStart, "sinkWrite": b.hostSinkWrite, "sinkPulse": hostSinkPulse, "sinkKeep": b.hostSinkKeep,
		"streamExtend": b.hostStreamExtend, "streamClose": b.hostStreamClose,
		"state": b.hostState, "setAlarm": hostSetAlarm, "transaction": b.glue.hostTransaction,
		"sqlStatement": b.hostStatement, "sqlForget": b.hostForget, "sql": b.hostSQL, "sqlRest": b.hostRest,
	}
	for name, operation := range map[string]func(ticket float64, args []jsobj.Value) (jsobj.Value, error){
		"fetch": b.operateFetch, "stream": b.operateStream, "streamRead": b.operateStreamRead, "invoke": b.operateInvoke, "sendBatch": b.operateSendBatch,
		"objectGet": b.operateObjectGet, "sleep": b.operateSleep,
	} {
		members[name] = func(c *jsobj.Call) (jsobj.Value, error) {
			ticket := jsobj.ToNumber(c.Arg(0))
			v, err := operation(ticket, b.take(c, 1))
			b.await(ticket, v, err)
			return jsobj.Undefined{}, nil
		}
	}
	return b.in.iso.realm.NewNamespace("context.host", members)
}

// await has Go told what an operation came to. An operation is an async
// function: what it throws rejects.
func (b *bridge) await(ticket float64, v jsobj.Value, err error) {
	r := b.in.iso.realm
	out := r.NewPromise()
	out.Settle(v, err)
	out.Then(func(v jsobj.Value, rejected bool) {
		delete(b.unwanted, ticket)
		ok, values := 1, []jsobj.Value(nil)
		if rejected {
			ok, values = 0, []jsobj.Value{text(r, v, "name"), text(r, v, "message")}
		} else if list, is := v.(*jsobj.Array); is {
			values, _ = r.Iterate(list)
		}
		if b.in.guest.Err() != nil { // nobody to tell
			return
		}
		b.in.wake("settle", int(ticket), ok, b.post(values))
	})
}

// text is a member of an exception, as a text; "" when it has none.
func text(r *jsobj.Realm, exception jsobj.Value, name string) jsobj.Value {
	if e, ok := exception.(jsobj.Object); ok {
		if v, err := e.Get(r, name); err == nil && v != nil && v != (jsobj.Undefined{}) {
			return jsobj.Describe(v)
		}
	}
	return ""
}

// post puts values where Go finds them, and gives what says where.
func (b *bridge) post(values []jsobj.Value) int {
	inbox := b.in.guest.Bytes(b.inbox, b.room)
	if inbox[0] == 0 {
		if message := packValues(values); len(message) < len(inbox) {
			copy(inbox[1:], message)
			inbox[0] = 1
			return len(message)
		}
	}
	b.letter++
	b.letters[b.letter] = values
	return -b.letter
}

func (b *bridge) hostState(*jsobj.Call) (jsobj.Value, error) { return b.state, nil }

func (b *bridge) hostInbox(c *jsobj.Call) (jsobj.Value, error) {
	b.inbox, b.room = uint32(jsobj.ToNumber(c.Arg(0))), uint32(jsobj.ToNumber(c.Arg(1)))
	return jsobj.Undefined{}, nil
}

func (b *bridge) hostLetterSize(c *jsobj.Call) (jsobj.Value, error) {
	return float64(len(packValues(b.letters[int(jsobj.ToNumber(c.Arg(0)))]))), nil
}

func (b *bridge) hostLetter(c *jsobj.Call) (jsobj.Value, error) {
	number := int(jsobj.ToNumber(c.Arg(0)))
	message := packValues(b.letters[number])
	delete(b.letters, number)
	return float64(copy(b.memory(c, 1), message)), nil
}

// memory is the guest's memory at an address and of a size in two arguments.
func (b *bridge) memory(c *jsobj.Call, arg int) []byte {
	return b.in.guest.Bytes(uint32(jsobj.ToNumber(c.Arg(arg))), uint32(jsobj.ToNumber(c.Arg(arg+1))))
}

// take copies the values of a message in two arguments.
func (b *bridge) take(c *jsobj.Call, arg int) []jsobj.Value {
	m := b.memory(c, arg)
	var values []jsobj.Value
	for len(m) > 0 {
		kind := m[0]
		m = m[1:]
		switch kind {
		case packedNull:
			values = append(values, nil)
		case packedNumber:
			values = append(values, math.Float64frombits(binary.LittleEndian.Uint64(m)))
			m = m[8:]
		case packedFar:
			at, size := binary.LittleEndian.Uint32(m), binary.LittleEndian.Uint32(m[4:])
			values = append(values, c.Realm.NewBytes(append([]byte{}, b.in.guest.Bytes(at, size)...)))
			m = m[8:]
		default:
			n := binary.LittleEndian.Uint32(m)
			part := m[4 : 4+n]
			m = m[4+n:]
			if kind == packedText {
				values = append(values, string(part))
			} else {
				values = append(values, c.Realm.NewBytes(append([]byte{}, part...)))
			}
		}
	}
	return values
}

// packValues is packed.mjs's pack.
func packValues(values []jsobj.Value) []byte {
	size := func(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }
	var b []byte
	for _, v := range values {
		switch v := v.(type) {
		case float64:
			b = binary.LittleEndian.AppendUint64(append(b, packedNumber), math.Float64bits(v))
		case string:
			b = append(size(append(b, packedText), len(v)), v...)
		case *jsobj.Uint8Array:
			b = append(size(append(b, packedBlob), v.Len()), v.Bytes()...)
		default:
			b = append(b, packedNull)
		}
	}
	return b
}

func (b *bridge) hostAbort(c *jsobj.Call) (jsobj.Value, error) {
	if signal := b.unwanted[jsobj.ToNumber(c.Arg(0))]; signal != nil {
		signal.Abort(c.Realm.NewError("AbortError", "The operation was aborted"))
	}
	return jsobj.Undefined{}, nil
}

func (b *bridge) hostAnswer(c *jsobj.Call) (jsobj.Value, error) {
	b.in.end(int(jsobj.ToNumber(c.Arg(0))), func(out *jsobj.Promise) { out.Resolve(c.Realm.NewArray(b.take(c, 1)...)) })
	return jsobj.Undefined{}, nil
}

func (b *bridge) hostRefuse(c *jsobj.Call) (jsobj.Value, error) {
	b.in.end(int(jsobj.ToNumber(c.Arg(0))), func(out *jsobj.Promise) {
		out.Reject(c.Realm.NewError("Error", jsobj.Describe(b.take(c, 1)[0])))
	})
	return jsobj.Undefined{}, nil
}

func (b *bridge) hostSinkStart(c *jsobj.Call) (jsobj.Value, error) {
	s, err := b.sink(c)
	if err != nil {
		return nil, err
	}
	values := b.take(c, 1)
	s.status, s.headers = int(jsobj.ToNumber(values[0])), c.Realm.NewHeaders()
	return jsobj.Undefined{}, pairs(c.Realm, s.headers, values[1:])
}

func (b *bridge) hostSinkWrite(c *jsobj.Call) (jsobj.Value, error) {
	s, err := b.sink(c)
	if err != nil {
		return nil, err
	}
	part, _ := jsobj.BytesOf(b.take(c, 1)[0])
	s.body = append(s.body, part...)
	return jsobj.Undefined{}, nil
}

// hostSinkPulse has nothing to do: nobody leaves before an answer is whole
// here, and nothing written in between would be read.
func hostSinkPulse(*jsobj.Call) (jsobj.Value, error) { return jsobj.Undefined{}, nil }

func (b *bridge) hostSinkKeep(c *jsobj.Call) (jsobj.Value, error) {
	s, err := b.sink(c)
	if err != nil {
		return nil, err
	}
	s.out.Resolve(s.response(c.Realm))
	return jsobj.Undefined{}, nil
}

func (b *bridge) sink(c *jsobj.Call) (*sink, error) {
	s := b.sinks[int(jsobj.ToNumber(c.Arg(0)))]
	if s == nil {
		return nil, c.Realm.TypeError("Cannot read properties of undefined (reading 'write')")
	}
	return s, nil
}
