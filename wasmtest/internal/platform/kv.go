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
	KVCacheFor   = 60 * time.Second // how long a location keeps what it read, unless cacheTtl says otherwise
	MinKVCache   = 30 * time.Second // the least cacheTtl
	MaxKVList    = 1000             // keys per page
)

// Errors of KV, as the platform words them.
var (
	ErrKVKey   = Wording("KV operation failed: 414 UTF-8 encoded length of key exceeds key length limit of 512, or is empty")
	ErrKVSize  = Wording("KV PUT failed: 413 Value length exceeds limit of 26214400.")
	ErrKVTTL   = Wording("KV PUT failed: 400 Invalid expiration_ttl. Expiration TTL must be at least 60.")
	ErrKVCache = Wording("KV GET failed: 400 Invalid cache_ttl of the request. Cache TTL must be at least 30.")
	ErrKVRate  = Wording("KV PUT failed: 429 Too Many Requests")
)

// KV is a namespace: one store, and at each location copies of what was read
// there.
//
//	location ──read──▶ its copy ──none, or too old──▶ the store
//	         ──write─────────────────────────────────▶ the store, and its own copy
//
// A copy is good for KVCacheFor, a copied miss as well; what is written at one
// location shows at another once the copy there has ended.
// https://developers.cloudflare.com/kv/concepts/how-kv-works/#consistency
type KV struct {
	world  *World
	name   string
	keys   map[string]*kvVersion
	copies map[kvPlace]*kvCopy
}

type kvPlace struct{ location, key string }

type kvVersion struct {
	at      time.Time
	value   []byte
	meta    string // JSON; empty for none
	expires time.Time
	gone    bool
}

// kvCopy is what a location has read.
type kvCopy struct {
	version *kvVersion // nil: a miss
	until   time.Time
	asked   bool // the store has something newer, and it was decided
	stale   bool // that the copy stays all the same
}

// NewKV is an empty namespace.
func NewKV(w *World, name string) *KV {
	return &KV{world: w, name: name, keys: map[string]*kvVersion{}, copies: map[kvPlace]*kvCopy{}}
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

// CheckKVCache refuses a cacheTtl that KV refuses; zero is none.
func CheckKVCache(ttl time.Duration) error {
	if ttl != 0 && ttl < MinKVCache {
		return ErrKVCache
	}
	return nil
}

// Get reads a key at a location. A copy that the location has is what it gives
// until it ends: always if the store has nothing newer; if it has, KVStale
// decides, once for each copy. ok is false for a miss. cacheFor is for how long
// what is read now may be kept; zero means KVCacheFor.
func (kv *KV) Get(location, key string, cacheFor time.Duration) (value []byte, meta string, ok bool) {
	now, place, stored := kv.world.Now(), kvPlace{location, key}, kv.keys[key]
	if c := kv.copies[place]; c != nil && now.Before(c.until) {
		if c.version != stored && !c.asked {
			_, c.stale = kv.world.Hit(KVStale)
			c.asked = true
		}
		if c.version == stored || c.stale {
			return c.version.read(now)
		}
	}
	if cacheFor == 0 {
		cacheFor = KVCacheFor
	}
	kv.copies[place] = &kvCopy{version: stored, until: now.Add(cacheFor)}
	return stored.read(now)
}

// Latest reads a key as it is. Only tests can.
func (kv *KV) Latest(key string) (value []byte, ok bool) {
	value, _, ok = kv.keys[key].read(kv.world.Now())
	return value, ok
}

func (v *kvVersion) read(now time.Time) ([]byte, string, bool) {
	if v == nil || v.gone || !v.expires.IsZero() && !now.Before(v.expires) {
		return nil, "", false
	}
	return v.value, v.meta, true
}

// Put writes a key from a location, which sees it at once; ttl zero means for
// ever. A test writes from nowhere, "".
func (kv *KV) Put(location, key string, value []byte, meta string, ttl time.Duration) error {
	v := &kvVersion{value: value, meta: meta}
	if ttl != 0 {
		v.expires = kv.world.Now().Add(ttl)
	}
	return kv.write(location, key, v)
}

// Delete removes a key; it need not exist.
func (kv *KV) Delete(location, key string) error {
	return kv.write(location, key, &kvVersion{gone: true})
}

func (kv *KV) write(location, key string, v *kvVersion) error {
	v.at = kv.world.Now()
	if last := kv.keys[key]; last != nil && v.at.Sub(last.at) < KVWriteEvery {
		return ErrKVRate
	}
	kv.keys[key] = v
	kv.copies[kvPlace{location, key}] = &kvCopy{version: v, until: v.at.Add(KVCacheFor)}
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
		v := kv.keys[name]
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
