package workerd

import (
	"strconv"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// bucketBinding is an R2Bucket.
// https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
func (iso *Isolate) bucketBinding(name string) jsobj.Value {
	b := iso.world.Bucket(name)
	read := func(op string, body bool) jsobj.Func {
		return func(c *jsobj.Call) (jsobj.Value, error) {
			key, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			if err := known("R2Bucket.get", c.Arg(1)); err != nil {
				return nil, err
			}
			var o *platform.R2Object
			return iso.promise(op, key, func(answer func()) {
				o = b.Get(key)
				answer()
			}, func() (jsobj.Value, error) {
				if o == nil {
					return nil, nil
				}
				return iso.r2Object(o, body), nil
			})
		}
	}
	return iso.realm.NewNamespace("R2Bucket", map[string]jsobj.Func{
		"get":  read("r2.get", true),
		"head": read("r2.head", false),
		"put":  func(c *jsobj.Call) (jsobj.Value, error) { return iso.r2Put(b, c) },
		"delete": func(c *jsobj.Call) (jsobj.Value, error) {
			key, err := c.Text(0)
			if err != nil {
				return nil, err
			}
			return iso.promise("r2.delete", key, func(answer func()) {
				b.Delete(key)
				answer()
			}, func() (jsobj.Value, error) { return jsobj.Undefined{}, nil })
		},
		"list": func(c *jsobj.Call) (jsobj.Value, error) {
			if err := known("R2Bucket.list", c.Arg(0), "prefix"); err != nil {
				return nil, err
			}
			prefix, _ := option(c.Arg(0), "prefix").(string)
			var keys []string
			return iso.promise("r2.list", strconv.Quote(prefix), func(answer func()) {
				keys = b.Keys(prefix)
				answer()
			}, func() (jsobj.Value, error) {
				list := make([]jsobj.Value, 0, len(keys))
				for _, key := range keys {
					if o := b.Get(key); o != nil {
						list = append(list, iso.r2Object(o, false))
					}
				}
				return iso.realm.NewRecord().With("objects", iso.realm.NewArray(list...)).
					With("truncated", false).With("delimitedPrefixes", iso.realm.NewArray()), nil
			})
		},
	})
}

func (iso *Isolate) r2Put(b *platform.Bucket, c *jsobj.Call) (jsobj.Value, error) {
	key, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	v, ok := jsobj.BytesOf(c.Arg(1))
	if !ok {
		return nil, &jsobj.Missing{Name: "R2Bucket.put of " + jsobj.Describe(c.Arg(1))}
	}
	data := append([]byte(nil), v...)
	if err := known("R2Bucket.put", c.Arg(2), "httpMetadata", "customMetadata"); err != nil {
		return nil, err
	}
	http, custom := texts(option(c.Arg(2), "httpMetadata")), texts(option(c.Arg(2), "customMetadata"))
	if err := platform.CheckR2Key(key); err != nil {
		return iso.refused(err)
	}
	var o *platform.R2Object
	return iso.promise("r2.put", key, func(answer func()) {
		o = b.Put(key, data, http, custom)
		answer()
	}, func() (jsobj.Value, error) { return iso.r2Object(o, false), nil })
}

func texts(v jsobj.Value) map[string]string {
	o, ok := v.(*jsobj.Record)
	if !ok {
		return nil
	}
	m := map[string]string{}
	for _, name := range o.Names() {
		m[name] = jsobj.Describe(o.Own(name))
	}
	return m
}

// r2Object is an R2Object, or with its body an R2ObjectBody.
func (iso *Isolate) r2Object(o *platform.R2Object, body bool) jsobj.Value {
	var stream *jsobj.Stream
	if body {
		stream = iso.arriving(append([]byte(nil), o.Data...), "r2 body", 0)
	}
	v := iso.realm.NewBlob("R2Object", stream)
	v.Define("key", o.Key)
	v.Define("version", o.Version)
	v.Define("size", float64(len(o.Data)))
	v.Define("etag", o.ETag)
	v.Define("httpEtag", strconv.Quote(o.ETag))
	v.Define("uploaded", iso.realm.NewDate(o.Uploaded))
	v.Define("httpMetadata", iso.record(o.HTTP))
	v.Define("customMetadata", iso.record(o.Custom))
	return v
}

func (iso *Isolate) record(m map[string]string) *jsobj.Record {
	o := iso.realm.NewRecord()
	for _, name := range sortedKeys(m) {
		o.With(name, m[name])
	}
	return o
}
