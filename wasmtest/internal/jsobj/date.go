package jsobj

import (
	"math"
	"time"
)

// Date is a JavaScript date.
type Date struct {
	Base
	ms float64
}

// NewDate is the date of t.
func (r *Realm) NewDate(t time.Time) *Date {
	return &Date{Instance(r.classes.date), float64(t.UnixMilli())}
}

// Time is the instant the date names.
func (d *Date) Time() time.Time { return time.UnixMilli(int64(d.ms)).UTC() }

// Get reads a member.
func (d *Date) Get(r *Realm, name string) (Value, error) { return d.getOf(r, d, name) }

// Set writes a member.
func (d *Date) Set(r *Realm, name string, v Value) error { return d.setOf(r, d, name, v) }

func (r *Realm) dateClass() *Class {
	return &Class{
		Name: "Date",
		New: func(c *Call) (Value, error) {
			switch v := c.Arg(0).(type) {
			case Undefined:
				return c.Realm.NewDate(c.Realm.host.Now()), nil
			case float64:
				return &Date{Instance(c.Realm.classes.date), math.Trunc(v)}, nil
			case *Date:
				return &Date{Instance(c.Realm.classes.date), v.ms}, nil
			case string:
				if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
					return c.Realm.NewDate(t), nil
				}
			}
			return nil, &Missing{"Date of " + Describe(c.Arg(0))}
		},
		Methods: map[string]Func{
			"getTime":           Getter(func(d *Date) Value { return d.ms }),
			"valueOf":           Getter(func(d *Date) Value { return d.ms }),
			"getTimezoneOffset": Getter(func(*Date) Value { return 0.0 }),
			"toISOString":       Getter(func(d *Date) Value { return d.Time().Format("2006-01-02T15:04:05.000Z") }),
			"toString": Getter(func(d *Date) Value {
				return d.Time().Format("Mon Jan 02 2006 15:04:05 GMT+0000 (Coordinated Universal Time)")
			}),
		},
		Statics: map[string]Value{
			"now": Func(func(c *Call) (Value, error) { return float64(c.Realm.host.Now().UnixMilli()), nil }),
		},
	}
}
