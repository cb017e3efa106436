package workerd

import (
	"strconv"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
)

// kvBinding is a KVNamespace.
// https://developers.cloudflare.com/kv/api/
func (iso *Isolate) kvBinding(id string) jsobj.Value {
	kv := iso.world.KV(id)
	return iso.realm.NewNamespace("KVNamespace", map[string]jsobj.Func{
		"get": func(c *jsobj.Call) (jsobj.Value, error) {
			return iso.kvGet(kv, c, func(value, _ jsobj.Value) jsobj.Value { return value })
		},
		"getWithMetadata": func(c *jsobj.Call) (jsobj.Value, error) {
			return iso.kvGet(kv, c, func(value, meta jsobj.Value) jsobj.Value {
				return iso.realm.NewRecord().With("value", value).With("metadata", meta).With("cacheStatus", nil)
			})
		},
		"put":    func(c *jsobj.Call) (jsobj.Value, error) { return iso.kvPut(kv, c) },
		"delete": func(c *jsobj.Call) (jsobj.Value, error) { return iso.kvDelete(kv, c) },
		"list":   func(c *jsobj.Call) (jsobj.Value, error) { return iso.kvList(kv, c) },
	})
}

func (iso *Isolate) refused(err error) (jsobj.Value, error) {
	return iso.realm.Rejected(iso.realm.NewError("Error", err.Error())), nil
}

func (iso *Isolate) kvGet(kv *platform.KV, c *jsobj.Call, shape func(value, meta jsobj.Value) jsobj.Value) (jsobj.Value, error) {
	key, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	kind, cacheFor := c.Arg(1), time.Duration(0)
	if o, ok := kind.(*jsobj.Record); ok {
		if err := known("KVNamespace.get", o, "type", "cacheTtl"); err != nil {
			return nil, err
		}
		kind = o.Own("type")
		if s, ok := o.Own("cacheTtl").(float64); ok {
			cacheFor = time.Duration(s) * time.Second
		}
	}
	if err := platform.CheckKVKey(key); err != nil {
		return iso.refused(err)
	}
	if err := platform.CheckKVCache(cacheFor); err != nil {
		return iso.refused(err)
	}
	var value []byte
	var meta string
	var found bool
	return iso.promise("kv.get", key, func(answer func()) {
		value, meta, found = kv.Get(iso.location, key, cacheFor)
		iso.world.Tracef("kv.get %s at %s found %v", key, iso.location, found)
		answer()
	}, func() (jsobj.Value, error) {
		if !found {
			return shape(nil, nil), nil
		}
		v, err := iso.kvValue(kind, value)
		if err != nil {
			return nil, err
		}
		var m jsobj.Value
		if meta != "" {
			if m, err = iso.realm.ParseJSON([]byte(meta)); err != nil {
				return nil, err
			}
		}
		return shape(v, m), nil
	})
}

func (iso *Isolate) kvValue(kind jsobj.Value, b []byte) (jsobj.Value, error) {
	switch kind {
	case "text", jsobj.Undefined{}:
		return string(b), nil
	case "arrayBuffer":
		return iso.realm.NewArrayBuffer(append([]byte(nil), b...)), nil
	case "json":
		return iso.realm.ParseJSON(b)
	case "stream":
		return iso.arriving(b, "kv body", 0), nil
	}
	return nil, iso.realm.TypeError("Unknown response type. Possible types are \"text\", \"arrayBuffer\", \"json\", and \"stream\".")
}

func (iso *Isolate) kvPut(kv *platform.KV, c *jsobj.Call) (jsobj.Value, error) {
	key, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	b, ok := jsobj.BytesOf(c.Arg(1))
	if !ok {
		return nil, &jsobj.Missing{Name: "KVNamespace.put of " + jsobj.Describe(c.Arg(1))}
	}
	value := append([]byte(nil), b...)
	if err := known("KVNamespace.put", c.Arg(2), "expirationTtl", "expiration", "metadata"); err != nil {
		return nil, err
	}
	ttl := time.Duration(0)
	if s, ok := option(c.Arg(2), "expirationTtl").(float64); ok {
		ttl = time.Duration(s) * time.Second
	}
	if s, ok := option(c.Arg(2), "expiration").(float64); ok {
		ttl = time.Unix(int64(s), 0).Sub(iso.Now())
	}
	meta := ""
	if m := option(c.Arg(2), "metadata"); !jsobj.IsNullish(m) {
		text, _ := iso.realm.FormatJSON(m)
		meta = string(text)
	}
	if err := platform.CheckKVPut(key, value, ttl); err != nil {
		return iso.refused(err)
	}
	var failed error
	return iso.promise("kv.put", key, func(answer func()) {
		failed = kv.Put(iso.location, key, value, meta, ttl)
		answer()
	}, func() (jsobj.Value, error) { return jsobj.Undefined{}, iso.thrown(failed) })
}

// thrown is a platform error as an exception; nil stays nil.
func (iso *Isolate) thrown(err error) error {
	if err == nil {
		return nil
	}
	return iso.realm.Fail(err.Error())
}

func (iso *Isolate) kvDelete(kv *platform.KV, c *jsobj.Call) (jsobj.Value, error) {
	key, err := c.Text(0)
	if err != nil {
		return nil, err
	}
	if err := platform.CheckKVKey(key); err != nil {
		return iso.refused(err)
	}
	var failed error
	return iso.promise("kv.delete", key, func(answer func()) {
		failed = kv.Delete(iso.location, key)
		answer()
	}, func() (jsobj.Value, error) { return jsobj.Undefined{}, iso.thrown(failed) })
}

func (iso *Isolate) kvList(kv *platform.KV, c *jsobj.Call) (jsobj.Value, error) {
	if err := known("KVNamespace.list", c.Arg(0), "prefix", "limit", "cursor"); err != nil {
		return nil, err
	}
	prefix, _ := option(c.Arg(0), "prefix").(string)
	cursor, _ := option(c.Arg(0), "cursor").(string)
	limit, _ := option(c.Arg(0), "limit").(float64)
	var keys []platform.KVKey
	var next string
	return iso.promise("kv.list", strconv.Quote(prefix), func(answer func()) {
		keys, next = kv.List(prefix, cursor, int(limit))
		answer()
	}, func() (jsobj.Value, error) {
		list := make([]jsobj.Value, len(keys))
		for i, k := range keys {
			entry := iso.realm.NewRecord().With("name", k.Name)
			if !k.Expires.IsZero() {
				entry.With("expiration", float64(k.Expires.Unix()))
			}
			if k.Meta != "" {
				m, err := iso.realm.ParseJSON([]byte(k.Meta))
				if err != nil {
					return nil, err
				}
				entry.With("metadata", m)
			}
			list[i] = entry
		}
		out := iso.realm.NewRecord().With("keys", iso.realm.NewArray(list...)).With("list_complete", next == "")
		if next != "" {
			out.With("cursor", next)
		}
		return out, nil
	})
}
