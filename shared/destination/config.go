package destination

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/breaker"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/target"
)

// Error is the rule a value breaks. Its text is meant for the operator and
// quotes nothing of the value.
type Error string

func (e Error) Error() string { return "destination: " + string(e) }

// What a configuration may get wrong. Those of package target are passed on.
const (
	ErrBaseURL     Error = "base_url must have no query and no path that could be read in two ways"
	ErrConnection  Error = "connection must be a connection's name"
	ErrBudget      Error = "budget must be a name; destinations of one tenant that give the same share one"
	ErrAuth        Error = "give either a connection or a credential, not both"
	ErrAuthHeader  Error = "auth of type header takes the name of a header that is not the platform's or ours, and no other type does"
	ErrCredential  Error = "a bearer token is 1 to 4096 visible ASCII characters, in a header spaces too; basic takes a user without colon and a password"
	ErrRate        Error = "rate must be 1 to 1000000 requests per 1s to 744h, burst 1 to 1000, concurrency 0 to 100"
	ErrOnFailure   Error = "on_failure must be block, park or skip"
	ErrRetry       Error = "retry must have base from 100ms, cap up to 24h, max_attempts 1 to 100 and max_age up to 720h"
	ErrBreaker     Error = "breaker must have failure_ratio over 0 up to 1, min_requests 1 to 1000, window 1s to 1h, pause 1s to 1h"
	ErrIdempotency Error = "idempotency_header must be a header's name, or none"
	ErrTimeout     Error = "timeout must be from 1s to 60s"
	ErrReadPaths   Error = "read_paths has at most 50 paths of at most 512 bytes, without a query; * stands for a whole segment, ** for the last"
)

// What happens to a partition key when one of its writes has failed for good.
const (
	Block = "block" // the key stops until somebody decides
	Park  = "park"  // the write waits for a decision, the key goes on
	Skip  = "skip"  // the write is dead, the key goes on
)

// How a static credential is sent.
const (
	Bearer = "bearer"
	Basic  = "basic"
	Header = "header" // in Config.AuthHeader, as it is
)

const (
	// DefaultTimeout is how long a destination may take to answer; a queue
	// consumer and an object may wait 15 minutes in all.
	DefaultTimeout = 15 * time.Second
	minTimeout     = time.Second      // less is a destination that never answers
	maxTimeout     = 60 * time.Second // six under way at once may all take it

	// DefaultIdempotencyHeader is Stripe's, and what the IETF draft took.
	DefaultIdempotencyHeader = "idempotency-key"

	maxConcurrency = 100  // requests under way at once; more than a drain and its consumers have
	maxCredential  = 4096 // bytes; some JWTs are 2 KB

	// MaxReadPaths and maxReadPath (bytes) bound what each agent's read is
	// compared with.
	MaxReadPaths = 50
	maxReadPath  = 512
)

// defaultRetry spans about a day: 20 attempts under full jitter, base 5 s and
// cap 6 h take 26 hours on average.
var defaultRetry = retry.Policy{
	Backoff:     retry.Backoff{Base: 5 * time.Second, Cap: 6 * time.Hour},
	MaxAttempts: 20,
	MaxAge:      72 * time.Hour,
}

// defaultBreaker opens when half of at least ten answers within a minute are
// failures.
var defaultBreaker = breaker.Config{
	Ratio: 0.5, Requests: 10, Window: time.Minute, Pause: 30 * time.Second, MaxPause: 10 * time.Minute,
}

// Config is one destination. Secrets are not in it.
type Config struct {
	// BaseURL is absolute and has no query; paths are appended to it.
	BaseURL string
	// Connection names the OAuth connection whose token each attempt takes;
	// empty for none.
	Connection string
	// Budget names the budget that the destination shares with whichever others
	// give the same; empty: its connection's, see SharedBudget.
	Budget string `json:",omitempty"`
	// Auth says how the sealed credential is sent: Bearer, Basic, Header or,
	// without one, empty.
	Auth string
	// AuthHeader is the header's name, in lower case, where Auth is Header.
	AuthHeader string `json:",omitempty"`
	// Rate is the budget. The zero Limit limits nothing.
	Rate pace.Limit
	// Concurrency is how many requests may be under way at once; zero: as many
	// as the platform allows.
	Concurrency int
	// OnFailure is Block, Park or Skip.
	OnFailure string
	Retry     retry.Policy
	Breaker   breaker.Config
	// IdempotencyHeader carries an id that is stable over the attempts of a
	// write, in lower case. Empty: the destination knows no such header, and
	// what is not idempotent by its method is not repeated blindly.
	IdempotencyHeader string
	// Timeout covers one exchange.
	Timeout time.Duration
	// ReadPaths are the paths that an agent may read by its tools, as patterns
	// (target.MatchPath). Empty: none.
	ReadPaths []string `json:",omitempty"`
}

// New is a configuration with every default.
func New(baseURL string) Config {
	return Config{
		BaseURL: baseURL, OnFailure: Block, Retry: defaultRetry, Breaker: defaultBreaker,
		IdempotencyHeader: DefaultIdempotencyHeader, Timeout: DefaultTimeout,
	}
}

// Check reports what is wrong, as nil, an Error or a target.Error.
func (c *Config) Check(p target.Policy) error {
	if err := target.Check(c.BaseURL, p); err != nil {
		return err
	}
	if strings.ContainsRune(c.BaseURL, '?') {
		return ErrBaseURL
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return ErrBaseURL
	}
	if path := strings.TrimSuffix(u.EscapedPath(), "/"); path != "" && checkPath(path) != nil {
		return ErrBaseURL
	}
	r, b := c.Retry, c.Breaker
	switch {
	case c.Connection != "" && !name.Valid(c.Connection):
		return ErrConnection
	case c.Budget != "" && !name.Valid(c.Budget):
		return ErrBudget
	case c.Connection != "" && c.Auth != "", c.Auth != "" && c.Auth != Bearer && c.Auth != Basic && c.Auth != Header:
		return ErrAuth
	case (c.Auth == Header) != (c.AuthHeader != ""), c.AuthHeader != "" && !c.validAuthHeader():
		return ErrAuthHeader
	case !validRate(c.Rate) || c.Concurrency < 0 || c.Concurrency > maxConcurrency:
		return ErrRate
	case c.OnFailure != Block && c.OnFailure != Park && c.OnFailure != Skip:
		return ErrOnFailure
	case r.Backoff.Base < 100*time.Millisecond || r.Backoff.Cap < r.Backoff.Base || r.Backoff.Cap > 24*time.Hour ||
		r.MaxAttempts < 1 || r.MaxAttempts > 100 || r.MaxAge < r.Backoff.Base || r.MaxAge > 30*24*time.Hour:
		return ErrRetry
	case !(b.Ratio > 0 && b.Ratio <= 1) || b.Requests < 1 || b.Requests > 1000 || b.Window < time.Second || b.Window > time.Hour ||
		b.Pause < time.Second || b.Pause > time.Hour || b.MaxPause < b.Pause || b.MaxPause > time.Hour:
		return ErrBreaker
	case c.IdempotencyHeader != "" && (!validName(c.IdempotencyHeader) || reserved(c.IdempotencyHeader) || c.IdempotencyHeader == "authorization"):
		return ErrIdempotency
	case c.Timeout < minTimeout || c.Timeout > maxTimeout:
		return ErrTimeout
	}
	return checkReadPaths(c.ReadPaths)
}

func validRate(l pace.Limit) bool {
	if l == (pace.Limit{}) {
		return true
	}
	return l.Requests >= 1 && l.Requests <= pace.MaxRequests && l.Per >= time.Second && l.Per <= pace.MaxPer &&
		l.Burst >= 1 && l.Burst <= pace.MaxBurst && l.Spacing == 0
}

// validAuthHeader refuses names that mean something else.
func (c *Config) validAuthHeader() bool {
	h := c.AuthHeader
	return validName(h) && !reserved(h) && h != c.IdempotencyHeader && h != "content-type" && !slices.Contains(methodNames[:], h)
}

// SameServer reports that two configurations send a credential to the same
// place in the same way: to one origin, in one header.
func (c *Config) SameServer(other *Config) bool {
	mine, _, _ := target.Origin(c.BaseURL)
	theirs, _, ok := target.Origin(other.BaseURL)
	return ok && mine == theirs && c.Auth == other.Auth && c.AuthHeader == other.AuthHeader
}

// Authorized reports whether each request gets its token from Hookweir.
func (c *Config) Authorized() bool { return c.Connection != "" || c.Auth != "" }

// SharedBudget names the budget that is shared: the given one, or the
// connection's, since providers count by account. Empty: the destination has
// its own.
func (c *Config) SharedBudget() string { return cmp.Or(c.Budget, c.Connection) }

// Credential is a static credential, open.
type Credential struct {
	User   string `json:"user,omitempty"` // Basic only
	Secret string `json:"secret"`         // a bearer token, the password, or the header's value
}

// Check reports whether the credential can be sent that way, as nil or an
// Error. A bearer token goes into a header as it is (RFC 6750 §2.1), a
// password may hold any text (RFC 7617 §2).
func (c Credential) Check(auth string) error {
	if c.Secret == "" || len(c.Secret) > maxCredential || len(c.User) > maxCredential {
		return ErrCredential
	}
	switch auth {
	case Bearer:
		for i := range len(c.Secret) {
			if b := c.Secret[i]; b <= ' ' || b > '~' {
				return ErrCredential
			}
		}
		if c.User != "" {
			return ErrCredential
		}
		return nil
	case Header:
		if c.User != "" || !validValue(c.Secret) {
			return ErrCredential
		}
		return nil
	case Basic:
		if strings.ContainsAny(c.User, ":\r\n\x00") || strings.ContainsAny(c.Secret, "\r\n\x00") {
			return ErrCredential
		}
		return nil
	}
	return ErrAuth
}

// String shows nothing.
func (Credential) String() string { return "destination.Credential" }

// GoString is String.
func (c Credential) GoString() string { return c.String() }
