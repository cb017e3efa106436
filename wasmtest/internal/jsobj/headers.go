package jsobj

import (
	"slices"
	"strings"
)

// Headers is the web's Headers. Values are decoded as UTF-8, as workerd does it;
// a byte that is none becomes U+FFFD.
type Headers struct {
	Base
	list []Field
}

// Field is one header.
type Field struct{ Name, Value string }

// NewHeaders are headers with the given fields, in order; a repeated name is
// kept as it came.
func (r *Realm) NewHeaders(fields ...Field) *Headers {
	h := &Headers{Base: Instance(r.classes.headers)}
	for _, f := range fields {
		h.list = append(h.list, Field{strings.ToLower(f.Name), string([]rune(f.Value))})
	}
	return h
}

// Get reads a member.
func (h *Headers) Get(r *Realm, name string) (Value, error) { return h.getOf(r, h, name) }

// Set writes a member.
func (h *Headers) Set(r *Realm, name string, v Value) error { return h.setOf(r, h, name, v) }

// Fields are the headers as they were set: names in lower case, repeated
// names apart.
func (h *Headers) Fields() []Field { return h.list }

// Lookup is the combined value of a header, as Headers.get gives it.
func (h *Headers) Lookup(name string) (string, bool) {
	name = strings.ToLower(name)
	var values []string
	for _, f := range h.list {
		if f.Name == name {
			values = append(values, f.Value)
		}
	}
	return strings.Join(values, ", "), values != nil
}

func (h *Headers) remove(name string) {
	h.list = slices.DeleteFunc(h.list, func(f Field) bool { return f.Name == name })
}

// Combined is what iterating sees: sorted by name, repeated names joined by
// ", " except for set-cookie (Fetch, "sort and combine").
func (h *Headers) Combined() []Field {
	var names []string
	for _, f := range h.list {
		if !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	var out []Field
	for _, name := range names {
		if name == "set-cookie" {
			for _, f := range h.list {
				if f.Name == name {
					out = append(out, f)
				}
			}
			continue
		}
		v, _ := h.Lookup(name)
		out = append(out, Field{name, v})
	}
	return out
}

const tokenBytes = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"

func (h *Headers) add(r *Realm, name, value string, replace bool) error {
	name = strings.ToLower(name)
	value = strings.Trim(value, " \t\r\n")
	if name == "" || strings.Trim(name, tokenBytes) != "" {
		return r.TypeError("Invalid header name.")
	}
	if strings.ContainsAny(value, "\x00\r\n") {
		return r.TypeError("Invalid header value.")
	}
	if replace {
		h.remove(name)
	}
	h.list = append(h.list, Field{name, value})
	return nil
}

// Add appends a header as Headers.append does; the error is a *Throw.
func (h *Headers) Add(r *Realm, name, value string) error { return h.add(r, name, value, false) }

// fill takes the fields of a HeadersInit.
func (h *Headers) fill(r *Realm, from Value) error {
	switch from := from.(type) {
	case Undefined, nil:
		return nil
	case *Headers:
		h.list = append(h.list, from.list...)
		return nil
	case *Record:
		for _, name := range from.Names() {
			v, err := r.ToString(from.Own(name))
			if err != nil {
				return err
			}
			if err := h.add(r, name, v, true); err != nil {
				return err
			}
		}
		return nil
	}
	pairs, err := r.Iterate(from)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		pair, ok := p.(Indexed)
		if !ok || pair.Len() != 2 {
			return r.TypeError("Headers constructor: expected pairs of name and value")
		}
		if err := h.add(r, Describe(pair.Index(0)), Describe(pair.Index(1)), false); err != nil {
			return err
		}
	}
	return nil
}

func (r *Realm) headersClass() *Class {
	write := func(replace bool) Func {
		return Method(func(h *Headers, c *Call) (Value, error) {
			name, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			value, err := c.Text(1)
			if err != nil {
				return nil, err
			}
			return Undefined{}, h.add(c.Realm, name, value, replace)
		})
	}
	list := func(item func(*Realm, Field) Value) Func {
		return Method(func(h *Headers, c *Call) (Value, error) {
			var items []Value
			for _, f := range h.Combined() {
				items = append(items, item(c.Realm, f))
			}
			return c.Realm.NewIterator(items), nil
		})
	}
	return &Class{
		Name: "Headers",
		New: func(c *Call) (Value, error) {
			h := c.Realm.NewHeaders()
			return h, h.fill(c.Realm, c.Arg(0))
		},
		Methods: map[string]Func{
			"append": write(false),
			"set":    write(true),
			"get": Method(func(h *Headers, c *Call) (Value, error) {
				if v, ok := h.Lookup(Describe(c.Arg(0))); ok {
					return v, nil
				}
				return nil, nil
			}),
			"has": Method(func(h *Headers, c *Call) (Value, error) {
				_, ok := h.Lookup(Describe(c.Arg(0)))
				return ok, nil
			}),
			"delete": Method(func(h *Headers, c *Call) (Value, error) {
				h.remove(strings.ToLower(Describe(c.Arg(0))))
				return Undefined{}, nil
			}),
			"entries": list(func(r *Realm, f Field) Value { return r.NewArray(f.Name, f.Value) }),
			"keys":    list(func(_ *Realm, f Field) Value { return f.Name }),
			"values":  list(func(_ *Realm, f Field) Value { return f.Value }),
			"getSetCookie": Method(func(h *Headers, c *Call) (Value, error) {
				a := c.Realm.NewArray()
				for _, f := range h.list {
					if f.Name == "set-cookie" {
						a.items = append(a.items, f.Value)
					}
				}
				return a, nil
			}),
		},
	}
}
