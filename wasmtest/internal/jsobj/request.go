package jsobj

import (
	"net/url"
	"strings"
)

// Request is the web's Request.
type Request struct {
	Base
	Body
	Method   string
	URL      string
	Headers  *Headers
	Redirect string
	Signal   *AbortSignal // nil: never aborted
}

// NewRequest is a request that came from outside; body is nil for none.
func (r *Realm) NewRequest(method, url string, h *Headers, body *Stream) *Request {
	return &Request{Base: Instance(r.classes.request), Body: Body{body}, Method: method, URL: url, Headers: h, Redirect: "follow"}
}

// Get reads a member.
func (q *Request) Get(r *Realm, name string) (Value, error) { return q.getOf(r, q, name) }

// Set writes a member.
func (q *Request) Set(r *Realm, name string, v Value) error { return q.setOf(r, q, name, v) }

// MakeRequest is new Request(input, init), which is also how fetch reads its
// arguments.
func (r *Realm) MakeRequest(input, init Value) (*Request, error) {
	q := &Request{Base: Instance(r.classes.request), Method: "GET", Redirect: "follow", Headers: r.NewHeaders()}
	switch from := input.(type) {
	case *Request:
		q.Method, q.URL, q.Redirect, q.Signal, q.Body = from.Method, from.URL, from.Redirect, from.Signal, from.Body
		q.Headers.list = append(q.Headers.list, from.Headers.list...)
	default:
		text, err := r.ToString(input)
		if err != nil {
			return nil, err
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return nil, r.TypeError("Invalid URL: " + text)
		}
		if u.Path == "" {
			u.Path = "/"
		}
		q.URL = u.String()
	}
	options, ok := init.(*Record)
	if !ok {
		return q, nil
	}
	return q, q.apply(r, options)
}

func (q *Request) apply(r *Realm, options *Record) error {
	for _, name := range options.Names() {
		v := options.Own(name)
		if _, none := v.(Undefined); none {
			continue
		}
		switch name {
		case "method":
			q.Method = strings.ToUpper(Describe(v))
		case "redirect":
			q.Redirect = Describe(v)
		case "headers":
			q.Headers = r.NewHeaders()
			if err := q.Headers.fill(r, v); err != nil {
				return err
			}
		case "signal":
			s, ok := v.(*AbortSignal)
			if !ok && v != nil {
				return r.TypeError("Failed to construct 'Request': signal is not an AbortSignal")
			}
			q.Signal = s
		case "credentials", "mode": // as in workerd: net/http's own client cannot be used on Workers
			return r.Fail("The '" + name + "' field on 'RequestInitializerDict' is not implemented.")
		case "body", "cf", "duplex", "keepalive": // body: below; the rest changes nothing here
		default:
			return &Missing{"RequestInit." + name}
		}
	}
	return q.applyBody(r, options.Own("body"))
}

func (q *Request) applyBody(r *Realm, v Value) error {
	b, kind, err := r.bodyFrom(v)
	if err != nil || b.stream == nil {
		return err
	}
	if q.Method == "GET" || q.Method == "HEAD" {
		return r.TypeError("Request with a GET or HEAD method cannot have a body.")
	}
	q.Body = b
	if _, has := q.Headers.Lookup("content-type"); !has && kind != "" {
		return q.Headers.add(r, "content-type", kind, true)
	}
	return nil
}

func (r *Realm) requestClass() *Class {
	k := &Class{
		Name: "Request",
		New: func(c *Call) (Value, error) {
			q, err := c.Realm.MakeRequest(c.Arg(0), c.Arg(1))
			if err != nil {
				return nil, err
			}
			return q, nil
		},
		Getters: map[string]Func{
			"method":   Getter(func(q *Request) Value { return q.Method }),
			"url":      Getter(func(q *Request) Value { return q.URL }),
			"headers":  Getter(func(q *Request) Value { return q.Headers }),
			"redirect": Getter(func(q *Request) Value { return q.Redirect }),
			"signal": Method(func(q *Request, c *Call) (Value, error) {
				if q.Signal == nil {
					q.Signal = c.Realm.NewAbortSignal()
				}
				return q.Signal, nil
			}),
		},
		Methods: map[string]Func{},
		Absent:  []string{"cf"}, // miniflare with cf: false has none either
	}
	addBody(k)
	return k
}
