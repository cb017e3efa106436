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
	// maxFetches bounds the fetches of one payer in a minute, for whatever
	// reason: who sends made-up key ids and certificate URLs must not turn an
	// edge into a source of traffic, nor use up what others need. A document
	// that is kept costs none.
	maxFetches = 30
	// maxPayers and maxFailures bound what is remembered of payers and of
	// URLs that failed: 100 KB and, with the longest header, 2 MB.
	maxPayers   = 1024
	maxFailures = 256
	// failureAge is how long a URL that failed is not fetched again.
	failureAge = time.Minute
	// keySetAge is how long a key set is trusted, and refreshAge how old it
	// must be before an unknown key id has it fetched again.
	keySetAge  = time.Hour
	refreshAge = time.Minute
	// keySetStale is how old a key set may be that no newer one can be had
	// for: a key that its issuer has withdrawn may live as long.
	keySetStale = 24 * time.Hour
	// certificateAge is how long a chain is kept, and certificateStale how
	// old it may be that no newer one can be had for; its dates are looked at
	// each time.
	certificateAge   = 24 * time.Hour
	certificateStale = 72 * time.Hour
)

// Documents keeps the key sets and certificates that Verifiers fetch, for all
// the sources of an isolate: they are public and the same for everybody. The
// zero value is ready, and safe for concurrent use.
type Documents struct {
	mu       sync.Mutex
	kept     map[string]document // by want.key
	failures map[string]failure  // as kept: what fails as one kind may be another
	budgets  map[string]budget
}

type document struct {
	content []byte
	fetched time.Time
}

type failure struct {
	at  time.Time
	err error
}

// budget counts the fetches since minute.
type budget struct {
	minute  time.Time
	fetches int
}

// want is a document that is wanted.
type want struct {
	kind documentKind
	url  string
	// payer is whose budget a fetch counts against, see Config.Payer.
	payer string
	// A copy no older than age will do; one no older than stale, when no
	// other can be had.
	age, stale time.Duration
	// usable says that content is what was wanted: nothing else is kept.
	// Otherwise the error is unusable.
	usable   func(content []byte) bool
	unusable error
}

// documentKind is what a document is taken for.
type documentKind string

const (
	keySetDocument      documentKind = "keys "
	certificateDocument documentKind = "certificate "
)

// key is what a document is kept by. The kind is a part of it: whoever may name
// the URL of a key set could name that of a certificate, and its failure must
// be nobody else's.
func (w *want) key() string { return string(w.kind) + w.url }

// get returns a document. Errors: ErrKeysUnavailable, w.unusable.
func (d *Documents) get(r *Request, w *want, now time.Time) ([]byte, error) {
	kept, ok := d.find(w.key())
	if ok && now.Sub(kept.fetched) < w.age {
		return kept.content, nil
	}
	content, err := d.fetch(r, w, now)
	if err != nil && ok && now.Sub(kept.fetched) < w.stale {
		return kept.content, nil
	}
	return content, err
}

func (d *Documents) fetch(r *Request, w *want, now time.Time) ([]byte, error) {
	if r.Fetch == nil {
		return nil, ErrKeysUnavailable
	}
	if err := d.spend(w, now); err != nil {
		return nil, err
	}
	// Not under the lock: a fetch may wait, and another request with it.
	content, err := r.Fetch(w.url, maxDocument)
	switch {
	case err != nil:
		d.fail(w.key(), failure{now, ErrKeysUnavailable})
		return nil, ErrKeysUnavailable
	case !w.usable(content):
		d.fail(w.key(), failure{now, w.unusable})
		return nil, w.unusable
	}
	d.keep(w.key(), document{content, now})
	return content, nil
}

func (d *Documents) find(key string) (document, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, ok := d.kept[key]
	return kept, ok
}

// spend takes a fetch off the payer's budget. Errors: ErrKeysUnavailable when
// there is none left, and that of a URL that has just failed.
func (d *Documents) spend(w *want, now time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f, ok := d.failures[w.key()]; ok && since(f.at, now, failureAge) {
		return f.err
	}
	b := d.budgets[w.payer]
	if !since(b.minute, now, time.Minute) {
		b = budget{minute: now}
	}
	if b.fetches >= maxFetches {
		return ErrKeysUnavailable
	}
	b.fetches++
	d.budgets = room(d.budgets, w.payer, maxPayers, func(b budget) time.Time { return b.minute })
	d.budgets[w.payer] = b
	return nil
}

// since says that now is less than age after at. A clock that went back says
// nothing.
func since(at, now time.Time, age time.Duration) bool {
	return !now.Before(at) && now.Sub(at) < age
}

func (d *Documents) fail(key string, f failure) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failures = room(d.failures, key, maxFailures, func(f failure) time.Time { return f.at })
	d.failures[key] = f
}

func (d *Documents) keep(key string, doc document) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.failures, key)
	d.kept = room(d.kept, key, maxDocuments, func(d document) time.Time { return d.fetched })
	d.kept[key] = doc
}

// room returns m with room for key: when it is full, the oldest goes.
func room[T any](m map[string]T, key string, limit int, age func(T) time.Time) map[string]T {
	if m == nil {
		return map[string]T{}
	}
	if _, there := m[key]; there || len(m) < limit {
		return m
	}
	oldest, first := "", true
	for k, v := range m {
		if first || age(v).Before(age(m[oldest])) {
			oldest, first = k, false
		}
	}
	delete(m, oldest)
	return m
}
