package platform

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// MaxR2Key is the longest key of an object, in bytes.
// https://developers.cloudflare.com/r2/platform/limits/
const MaxR2Key = 1024

// ErrR2Key is what R2 says to a key it does not take.
var ErrR2Key = errors.New("put: The specified object name is not valid. (10020)")

// R2Object is a stored object.
type R2Object struct {
	Key      string
	Data     []byte
	ETag     string
	Version  string
	Uploaded time.Time
	HTTP     map[string]string // httpMetadata
	Custom   map[string]string // customMetadata
}

// Bucket is an R2 bucket: strongly consistent.
type Bucket struct {
	world   *World
	objects map[string]*R2Object
	writes  int
}

// NewBucket is an empty bucket.
func NewBucket(w *World) *Bucket { return &Bucket{world: w, objects: map[string]*R2Object{}} }

// CheckR2Key refuses a key that R2 refuses.
func CheckR2Key(key string) error {
	if key == "" || len(key) > MaxR2Key {
		return ErrR2Key
	}
	return nil
}

// Put stores an object.
func (b *Bucket) Put(key string, data []byte, http, custom map[string]string) *R2Object {
	b.writes++
	sum := md5.Sum(data) // R2's ETag of a single upload
	o := &R2Object{
		Key: key, Data: data, ETag: hex.EncodeToString(sum[:]), Version: fmt.Sprintf("v%08d", b.writes),
		Uploaded: b.world.Now(), HTTP: http, Custom: custom,
	}
	b.objects[key] = o
	return o
}

// Get reads an object; nil for none.
func (b *Bucket) Get(key string) *R2Object { return b.objects[key] }

// Delete removes an object; it need not exist.
func (b *Bucket) Delete(key string) { delete(b.objects, key) }

// Keys are the keys with a prefix, in order.
func (b *Bucket) Keys(prefix string) []string {
	var keys []string
	for key := range b.objects {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
