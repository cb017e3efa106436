package jsobj

import "net/http"

// Response is the web's Response.
type Response struct {
	Base
	Body
	Status     int
	StatusText string
	URL        string
	Headers    *Headers
}

// NewResponse is a response that came from outside; body is nil for none.
func (r *Realm) NewResponse(status int, h *Headers, body *Stream) *Response {
	return &Response{Base: Instance(r.classes.response), Body: Body{body}, Status: status, StatusText: http.StatusText(status), Headers: h}
}

// Get reads a member.
func (p *Response) Get(r *Realm, name string) (Value, error) { return p.getOf(r, p, name) }

// Set writes a member.
func (p *Response) Set(r *Realm, name string, v Value) error { return p.setOf(r, p, name, v) }

func (r *Realm) responseClass() *Class {
	k := &Class{
		Name: "Response",
		New: func(c *Call) (Value, error) {
			b, kind, err := c.Realm.bodyFrom(c.Arg(0))
			if err != nil {
				return nil, err
			}
			p := c.Realm.NewResponse(200, c.Realm.NewHeaders(), b.stream)
			p.StatusText = ""
			if init, ok := c.Arg(1).(*Record); ok {
				if err := p.apply(c.Realm, init); err != nil {
					return nil, err
				}
			}
			if _, has := p.Headers.Lookup("content-type"); !has && kind != "" {
				return p, p.Headers.add(c.Realm, "content-type", kind, true)
			}
			return p, nil
		},
		Getters: map[string]Func{
			"status":     Getter(func(p *Response) Value { return float64(p.Status) }),
			"statusText": Getter(func(p *Response) Value { return p.StatusText }),
			"ok":         Getter(func(p *Response) Value { return p.Status >= 200 && p.Status < 300 }),
			"url":        Getter(func(p *Response) Value { return p.URL }),
			"headers":    Getter(func(p *Response) Value { return p.Headers }),
			"redirected": Getter(func(*Response) Value { return false }), // wasmtest follows none
		},
		Methods: map[string]Func{},
	}
	addBody(k)
	return k
}

func (p *Response) apply(r *Realm, init *Record) error {
	for _, name := range init.Names() {
		v := init.Own(name)
		if _, none := v.(Undefined); none {
			continue
		}
		switch name {
		case "status":
			p.Status = int(ToNumber(v))
			if p.Status < 200 || p.Status > 599 {
				return &Throw{r.NewError("RangeError", "Responses may only be constructed with status codes in the range 200 to 599, inclusive.")}
			}
		case "statusText":
			p.StatusText = Describe(v)
		case "headers":
			if err := p.Headers.fill(r, v); err != nil {
				return err
			}
		default:
			return &Missing{"ResponseInit." + name}
		}
	}
	if p.stream != nil && nullBody(p.Status) {
		return r.TypeError("Response with null body status (101, 204, 205, or 304) cannot have a body.")
	}
	return nil
}

func nullBody(status int) bool {
	return status == 101 || status == 204 || status == 205 || status == 304
}
