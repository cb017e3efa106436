package webhook

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookweir/hookweir/shared/event"
)

const (
	// MaxSecrets bounds the secrets of one source, old ones in their overlap
	// included: a body of 25 MiB is hashed once per active secret before it
	// is refused.
	MaxSecrets = 8
	// MinKeyBytes is the shortest HMAC key, without trailing zero bytes.
	// Whoever captures one delivery can guess the key offline; under eight
	// bytes that takes hours. Providers that generate secrets give 16 and
	// more.
	MinKeyBytes = 8
	// maxSecretBytes bounds one secret as configured.
	maxSecretBytes = 4096
)

// Header gives the header lines of a request.
type Header interface {
	// Values returns the value of each line called name, in any case. A
	// platform may have joined repeated lines by ", " into one.
	Values(name string) []string
}

// Request is one delivery as received.
type Request struct {
	Method string
	URL    string // absolute, as registered with the provider
	Header Header
	Body   []byte // every byte as received, content coding included
	// Fetch gets the document at an https URL, without following redirects,
	// or fails; a document of more than maxBytes fails too. Nil fails.
	Fetch func(url string, maxBytes int) ([]byte, error)
}

// Secret is one secret of a source. It does not print: String and GoString
// hide the value, and encoding it as JSON or text fails.
type Secret struct {
	ID    string // for logs: which secret matched
	Value []byte // as the provider shows it, prefix included
	// The secret is active from NotBefore until just before NotAfter; zero
	// is unbounded.
	NotBefore, NotAfter time.Time
}

// String hides the value.
func (s Secret) String() string { return "webhook.Secret(" + s.ID + ")" }

// GoString hides the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText fails: a secret is stored sealed, by package source. JSON
// encoders and slog both come here.
func (s Secret) MarshalText() ([]byte, error) { return nil, ErrSecretFormat }

// Config is what a Verifier is made of.
type Config struct {
	Provider string   // name of a catalogue row
	Secrets  []Secret // at least one; the values are copied
	Crypto   Crypto
	// Params are what the row takes beside secrets, see Scheme.Params. `split`
	// ("true") is for every row with a Batch.
	Params map[string]string
	// Documents keeps what is fetched; nil keeps it in the Verifier alone.
	Documents *Documents
	// Payer is whose budget of fetches the Verifier's count against in
	// Documents: the tenant, so that a flood at one leaves the others theirs.
	Payer string
}

// Result is an accepted delivery.
type Result struct {
	EventID string    // at most event.MaxIDBytes of printable ASCII without spaces
	Type    string    // reverse DNS, lower case, e.g. "com.github.push"
	Time    time.Time // when it happened, as the provider says; zero if it does not
	// SecretID is the ID of the secret that matched.
	SecretID string
	// Authenticated is event.ProofSignature or event.ProofBearer.
	Authenticated string
	// Reply, if not nil, is the answer to a handshake, which is no event.
	Reply *Reply
	// Answer, if not nil, is what the provider wants to hear once the event
	// is taken.
	Answer *Reply
	// Events are the parts of a delivery that is to be split, at most
	// maxBatch; EventID then names the delivery as a whole.
	Events []Event
}

// Event is one event of a delivery that has several.
type Event struct {
	EventID string
	Type    string
	Time    time.Time
	Body    []byte // its bytes, a part of Request.Body
}

// Reply is the answer to a handshake.
type Reply struct {
	Status      int
	ContentType string
	Header      [2]string // one more header; empty is none
	Body        []byte
	// Offer, if not empty, is a secret that the provider offers, for the
	// operator to read. It is no part of the answer.
	Offer string
}

// Verifier verifies the deliveries of one source. It is immutable and safe
// for concurrent use.
type Verifier struct {
	scheme    *Scheme
	keys      []*key
	plan      plan
	crypto    Crypto
	params    map[string]string
	documents *Documents
	payer     string
	work      sync.Pool // of *work
}

// New builds a Verifier of a configuration that [Check] has taken, by this
// build or an older one. Errors: ErrUnknownProvider, ErrParams, ErrNoCrypto,
// ErrNoSecret, ErrTooManySecrets, and of each secret ErrEmptySecret,
// ErrWeakKey, ErrSecretFormat. One bad secret fails them all: an operator who
// rotates must hear of it before the old one ends.
func New(cfg Config) (*Verifier, error) {
	s, ok := Lookup(cfg.Provider)
	if !ok {
		return nil, ErrUnknownProvider
	}
	if err := checkParams(s, cfg.Params); err != nil {
		return nil, err
	}
	if s.Build != nil {
		built, err := s.Build(cfg.Params)
		if err != nil {
			return nil, err
		}
		s = built
	}
	return newVerifier(s, cfg)
}

func newVerifier(s *Scheme, cfg Config) (*Verifier, error) {
	switch {
	case cfg.Crypto == nil:
		return nil, ErrNoCrypto
	case len(cfg.Secrets) == 0:
		return nil, ErrNoSecret
	case len(cfg.Secrets) > MaxSecrets:
		return nil, ErrTooManySecrets
	}
	v := &Verifier{scheme: s, crypto: cfg.Crypto, params: cfg.Params, documents: cfg.Documents, payer: cfg.Payer, plan: newPlan(s)}
	if v.documents == nil {
		v.documents = &Documents{}
	}
	v.work.New = func() any { return new(work) }
	for i := range cfg.Secrets {
		k, err := newKey(s, cfg.Crypto, &cfg.Secrets[i])
		if err != nil {
			return nil, err
		}
		v.keys = append(v.keys, k)
		if o := k.other(s); o != nil {
			v.keys = append(v.keys, o)
		}
	}
	return v, nil
}

// String hides the keys.
func (v *Verifier) String() string { return "webhook.Verifier(" + v.scheme.Name + ")" }

// GoString hides the keys.
func (v *Verifier) GoString() string { return v.String() }

// Tolerance is how long a request that was captured verifies, from the earliest
// time at which it may have been accepted. An event that is forgotten sooner
// could be replayed (G4).
func (v *Verifier) Tolerance() time.Duration {
	return v.scheme.Timestamp.Past + v.scheme.Timestamp.Future
}

// RefusalStatus is the HTTP status this provider wants to see for a delivery
// that does not verify.
func (v *Verifier) RefusalStatus() int { return v.scheme.Refusal() }

// AcceptedStatus is the HTTP status this provider wants to see for an event
// that was taken.
func (v *Verifier) AcceptedStatus() int { return v.scheme.Accepted() }

// Accepts says whether the provider uses this method, for a handshake at
// least.
func (v *Verifier) Accepts(method string) bool {
	return v.scheme.uses(method) || slices.ContainsFunc(v.scheme.Handshakes, func(h Handshake) bool { return h.Method == method })
}

// uses says whether the provider's events come by this method.
func (s *Scheme) uses(method string) bool {
	if len(s.Methods) == 0 {
		return method == "POST"
	}
	return slices.Contains(s.Methods, method)
}

// Allow is the value of the Allow header for a method that is not accepted.
func (v *Verifier) Allow() string {
	allow := slices.Clone(v.scheme.Methods)
	if len(allow) == 0 {
		allow = []string{"POST"}
	}
	for _, h := range v.scheme.Handshakes {
		if h.Method != "" && !slices.Contains(allow, h.Method) {
			allow = append(allow, h.Method)
		}
	}
	return strings.Join(allow, ", ")
}

// Verify decides about one delivery at the time now. The Result aliases
// nothing of req.Body but the Body of its Events. Errors: ErrMethod,
// ErrNoSecret, ErrMissingHeader, ErrDuplicateHeader, ErrMalformed, ErrStale,
// ErrFuture, ErrSignature, ErrHandshake, ErrKeysUnavailable; the Result is
// then zero.
func (v *Verifier) Verify(req *Request, now time.Time) (Result, error) {
	if !v.Accepts(req.Method) {
		return Result{}, ErrMethod
	}
	if !slices.ContainsFunc(v.keys, func(k *key) bool { return k.active(now) }) {
		return Result{}, ErrNoSecret
	}
	w := v.borrow()
	defer v.giveBack(w)
	d := &delivery{plan: &v.plan, crypto: v.crypto, req: req, work: w}

	if v.plan.open {
		if v.plan.openBody && len(req.Body) <= maxOpenBody {
			d.parse()
		}
		reply, err := v.handshake(d, now, true)
		if err != nil {
			return Result{}, err
		}
		if reply != nil {
			return Result{Reply: reply}, nil
		}
	}
	if v.scheme.ObjectBody && !isObject(req.Body) {
		return Result{}, ErrMalformed
	}
	k, err := v.authenticate(d, now)
	if err != nil {
		return Result{}, err
	}
	if err := v.tokens(d, now); err != nil {
		return Result{}, err
	}
	return v.accept(d, k, now)
}

// authenticate returns the key that vouches for the delivery.
func (v *Verifier) authenticate(d *delivery, now time.Time) (*key, error) {
	if b := v.scheme.Batch; b != nil && b.Proof {
		return v.authenticateEach(d, b, now)
	}
	return v.authenticateOne(d, now)
}

func (v *Verifier) authenticateOne(d *delivery, now time.Time) (*key, error) {
	if v.plan.early {
		d.parse()
	}
	if err := v.read(d); err != nil {
		return nil, err
	}
	if err := v.fresh(d.work.timestamp, now); err != nil {
		return nil, err
	}
	if !v.plan.perKey {
		if err := v.content(d, nil); err != nil {
			return nil, err
		}
	}
	return v.match(d, now)
}

// accept looks into a body that is known to be the provider's.
func (v *Verifier) accept(d *delivery, k *key, now time.Time) (Result, error) {
	d.parse()
	if v.scheme.Timestamp.Source == FromBody {
		text, ok := d.text(&v.plan.timestamp)
		if !ok {
			return Result{}, ErrMalformed
		}
		if err := v.fresh(text, now); err != nil {
			return Result{}, err
		}
	}
	r := Result{SecretID: k.id, Authenticated: event.ProofBearer, Answer: v.scheme.answer(d.form)}
	if v.scheme.BodyCovered {
		r.Authenticated = event.ProofSignature
	}
	reply, err := v.handshake(d, now, false)
	if err != nil {
		return Result{}, err
	}
	if reply != nil {
		r.Reply = reply
		return r, nil
	}
	if !v.scheme.uses(d.req.Method) {
		return Result{}, ErrMethod
	}
	if r.EventID, err = d.eventID(v.scheme.Hash, now); err != nil {
		return Result{}, err
	}
	if r.Type, err = d.eventType(v.scheme.TypePrefix); err != nil {
		return Result{}, err
	}
	if r.Time, err = d.eventTime(); err != nil {
		return Result{}, err
	}
	if v.params["split"] == "true" && v.scheme.Batch != nil {
		if r.Events, err = v.split(d, r.EventID, now); err != nil {
			return Result{}, err
		}
	}
	return r, nil
}
