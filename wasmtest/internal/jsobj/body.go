package jsobj

// Body is what Request and Response share.
type Body struct {
	stream *Stream // nil: the body is null
}

// Stream is the body, nil when it is null.
func (b *Body) Stream() *Stream { return b.stream }

type hasBody interface {
	Object
	bodyOf() *Body
}

func (b *Body) bodyOf() *Body { return b }

// bodyFrom makes a body of a BodyInit; kind is the Content-Type it implies.
func (r *Realm) bodyFrom(v Value) (b Body, kind string, err error) {
	if IsNullish(v) {
		return Body{}, "", nil
	}
	if s, ok := v.(*Stream); ok {
		if s.locked || s.used {
			return Body{}, "", r.TypeError("This ReadableStream is disturbed (has already been read from), and cannot be used as a body.")
		}
		return Body{s}, "", nil
	}
	bytes, ok := BytesOf(v)
	if !ok {
		return Body{}, "", &Missing{"a body of " + Describe(v)}
	}
	if _, text := v.(string); text {
		kind = "text/plain;charset=UTF-8"
	}
	return Body{r.StreamOf(append([]byte(nil), bytes...))}, kind, nil
}

// addBody gives a class the members of the Body mixin.
func addBody(k *Class) {
	k.Getters["body"] = Method(func(o hasBody, _ *Call) (Value, error) {
		if s := o.bodyOf().stream; s != nil {
			return s, nil
		}
		return nil, nil
	})
	k.Getters["bodyUsed"] = Method(func(o hasBody, _ *Call) (Value, error) {
		s := o.bodyOf().stream
		return s != nil && s.used, nil
	})
	read := func(convert func(r *Realm, b []byte) (Value, error)) Func {
		return Method(func(o hasBody, c *Call) (Value, error) { return consume(c.Realm, o.bodyOf().stream, convert) })
	}
	k.Methods["text"] = read(func(_ *Realm, b []byte) (Value, error) { return string(b), nil })
	k.Methods["arrayBuffer"] = read(func(r *Realm, b []byte) (Value, error) { return r.NewArrayBuffer(b), nil })
	k.Methods["bytes"] = read(func(r *Realm, b []byte) (Value, error) { return r.NewBytes(b), nil })
	k.Methods["json"] = read(func(r *Realm, b []byte) (Value, error) { return r.ParseJSON(b) })
}

func consume(r *Realm, s *Stream, convert func(r *Realm, b []byte) (Value, error)) (Value, error) {
	p := r.NewPromise()
	switch {
	case s == nil:
		p.Settle(convert(r, nil))
	case s.used || s.locked:
		p.Reject(r.NewError("TypeError", "Body has already been used. It can only be used once. Use tee() first if you need to read it twice."))
	case s.owner != nil && s.owner != r.host.Current():
		return nil, r.Fail(CrossRequest)
	default:
		s.ReadAll(func(b []byte, failure Value) {
			if failure != nil {
				p.Reject(failure)
				return
			}
			p.Settle(convert(r, b))
		})
	}
	return p, nil
}
