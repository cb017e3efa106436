package webhook

import (
	"sync"
	"time"
)

const (
	// maxDocument bounds a certificate chain or a key set, in bytes. Google's
	// key set has 1.5 KB, PayPal's chain 6 KB.
	maxDocument = 64 << 10
	// maxDocuments bounds the documents that are kept: at most 4 MB.
	maxDocuments = 64
	// maxFetches bounds the fetches in a minute, for whatever reason: who
	// sends made-up key ids and certificate URLs must not turn an edge into
	// a source of traffic. A document that is kept costs none.
	maxFetches = 30
	// keySetAge is how long a key set is trusted, and refreshAge how old it
	// must be before an unknown key id has it fetched again.
	keySetAge  = time.Hour
	refreshAge = time.Minute
	// certificateAge is how long a chain is kept; its dates are looked at
	// each time.
	certificateAge = 24 * time.Hour
)

// Documents keeps the key sets and certificates that Verifiers fetch, for all
// the sources of an isolate: they are public and the same for everybody. The
// zero value is ready, and safe for concurrent use.
type Documents struct {
	mu      sync.Mutex
	kept    map[string]document
	minute  time.Time
	fetches int
}

type document struct {
	content []byte
	fetched time.Time
}

// get returns the document at url, fetched no longer than age ago. Errors:
// ErrKeysUnavailable.
func (d *Documents) get(r *Request, url string, age time.Duration, now time.Time) ([]byte, error) {
	if kept, ok := d.find(url); ok && now.Sub(kept.fetched) < age {
		return kept.content, nil
	}
	if r.Fetch == nil || !d.spend(now) {
		return nil, ErrKeysUnavailable
	}
	// Not under the lock: a fetch may wait, and another request with it.
	content, err := r.Fetch(url, maxDocument)
	if err != nil {
		return nil, ErrKeysUnavailable
	}
	d.keep(url, document{content, now})
	return content, nil
}

func (d *Documents) find(url string) (document, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, ok := d.kept[url]
	return kept, ok
}

func (d *Documents) spend(now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(d.minute) >= time.Minute || now.Before(d.minute) {
		d.minute, d.fetches = now, 0
	}
	d.fetches++
	return d.fetches <= maxFetches
}

func (d *Documents) keep(url string, doc document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept == nil {
		d.kept = map[string]document{}
	}
	if _, there := d.kept[url]; !there && len(d.kept) >= maxDocuments {
		oldest := ""
		for u, k := range d.kept {
			if oldest == "" || k.fetched.Before(d.kept[oldest].fetched) {
				oldest = u
			}
		}
		delete(d.kept, oldest)
	}
	d.kept[url] = doc
}

// drop forgets a document that turned out to be of no use.
func (d *Documents) drop(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, url)
}
