package platform

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of KV. https://developers.cloudflare.com/kv/platform/limits/
const (
	MaxKVKey     = 512              // bytes
	MaxKVValue   = 25 << 20         // bytes
	MinKVTTL     = 60 * time.Second // 59 is answered 400
	KVWriteEvery = time.Second      // per key
	KVStaleFor   = 60 * time.Second // how old a read may be
	MaxKVList    = 1000             // keys per page
)

// Errors of KV, as the platform words them.
var (
	ErrKVKey  = Wording("KV operation failed: 414 UTF-8 encoded length of key exceeds key length limit of 512, or is empty")
	ErrKVSize = Wording("KV PUT failed: 413 Value length exceeds limit of 26214400.")
	ErrKVTTL  = Wording("KV PUT failed: 400 Invalid expiration_ttl. Expiration TTL must be at least 60.")
	ErrKVRate = Wording("KV PUT failed: 429 Too Many Requests")
)

// KV is a namespace.
type KV struct {
	world *World
	name  string
	keys  map[string][]kvVersion // oldest first
}

type kvVersion struct {
	at      time.Time
	value   []byte
	meta    string // JSON; empty for none
	expires time.Time
	gone    bool
}

// NewKV is an empty namespace.
func NewKV(w *World, name string) *KV {
	return &KV{world: w, name: name, keys: map[string][]kvVersion{}}
}

// Check refuses a key that KV refuses.
func CheckKVKey(key string) error {
	if key == "" || key == "." || key == ".." || len(key) > MaxKVKey {
		return ErrKVKey
	}
	return nil
}

// CheckKVPut refuses a write that KV refuses whatever is stored.
func CheckKVPut(key string, value []byte, ttl time.Duration) error {
	if len(value) > MaxKVValue {
		return ErrKVSize
	}
	if ttl != 0 && ttl < MinKVTTL {
		return ErrKVTTL
	}
	return CheckKVKey(key)
}

// Get reads a key as this read sees it: with KVStale, as it was up to a minute
// ago. ok is false for a miss.
func (kv *KV) Get(key string) (value []byte, meta string, ok bool) {
	at := kv.world.Now()
	if r, stale := kv.world.Hit(KVStale); stale {
		at = at.Add(-r.Between(0, KVStaleFor))
	}
	return kv.at(key, at)
}

// Latest reads a key as it is. Only tests can.
func (kv *KV) Latest(key string) (value []byte, ok bool) {
	value, _, ok = kv.at(key, kv.world.Now())
	return value, ok
}

func (kv *KV) at(key string, at time.Time) ([]byte, string, bool) {
	versions := kv.keys[key]
	for _, v := range slices.Backward(versions) {
		if v.at.After(at) {
			continue
		}
		if v.gone || !v.expires.IsZero() && !at.Before(v.expires) {
			return nil, "", false
		}
		return v.value, v.meta, true
	}
	return nil, "", false
}

// Put writes a key; ttl zero means for ever.
func (kv *KV) Put(key string, value []byte, meta string, ttl time.Duration) error {
	v := kvVersion{value: value, meta: meta}
	if ttl != 0 {
		v.expires = kv.world.Now().Add(ttl)
	}
	return kv.write(key, v)
}

// Delete removes a key; it need not exist.
func (kv *KV) Delete(key string) error { return kv.write(key, kvVersion{gone: true}) }

func (kv *KV) write(key string, v kvVersion) error {
	v.at = kv.world.Now()
	versions := kv.keys[key]
	if n := len(versions); n > 0 && v.at.Sub(versions[n-1].at) < KVWriteEvery {
		return ErrKVRate
	}
	// Versions that no stale read can see any more are dropped.
	for len(versions) > 1 && v.at.Sub(versions[1].at) > KVStaleFor {
		versions = versions[1:]
	}
	kv.keys[key] = append(versions, v)
	return nil
}

// KVKey is one key of a listing.
type KVKey struct {
	Name    string
	Expires time.Time // zero: never
	Meta    string
}

// List lists keys in order, after cursor. next is the cursor of the following
// page, empty when this was the last.
func (kv *KV) List(prefix, cursor string, limit int) (keys []KVKey, next string) {
	if limit <= 0 || limit > MaxKVList {
		limit = MaxKVList
	}
	for _, name := range kv.Keys() {
		if !strings.HasPrefix(name, prefix) || name <= cursor {
			continue
		}
		if len(keys) == limit {
			return keys, keys[limit-1].Name
		}
		versions := kv.keys[name]
		v := versions[len(versions)-1]
		keys = append(keys, KVKey{name, v.expires, v.meta})
	}
	return keys, ""
}

// Keys are the keys that exist, in order.
func (kv *KV) Keys() []string {
	var names []string
	for name := range kv.keys {
		if _, ok := kv.Latest(name); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (kv *KV) String() string { return fmt.Sprintf("kv %s", kv.name) }
