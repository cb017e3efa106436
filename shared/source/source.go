package source

import (
	"errors"
	"slices"
	"time"

	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/wire"
)

const (
	// MaxSecrets bounds the secrets of a source, as a Verifier does.
	MaxSecrets = webhook.MaxSecrets
	// DefaultRetention is how long an event is remembered when the operator
	// says nothing; providers redeliver for up to three days.
	DefaultRetention = 72 * time.Hour
	// MinRetention is the least there may be (G4).
	MinRetention = 24 * time.Hour
	// MaxRetention bounds what the Ledger keeps.
	MaxRetention = 30 * 24 * time.Hour
)

// ErrFormat reports a configuration this build cannot read.
var ErrFormat = errors.New("source: unknown configuration format")

// Config is one source.
type Config struct {
	Tenant   string
	Name     string
	Provider string   // catalogue name, e.g. "github"
	Secrets  []Secret // newest first
	// URL is the exact public URL registered at the provider, for schemes
	// that sign it; empty when the operator gave none.
	URL string
	// Params are what the catalogue's row takes beside secrets.
	Params     map[string]string
	Retention  time.Duration // whole seconds
	Generation int64         // rises with every change, from 1
}

// Secret is one shared secret of a source, in the provider's own text form.
type Secret struct {
	ID       string // ours, for logs and answers; says nothing about the value
	Value    []byte
	Created  time.Time // whole milliseconds
	NotAfter time.Time // first instant at which it no longer verifies; zero: no end
}

// String is the secret's id, so that a log line cannot hold the value.
func (s Secret) String() string { return "secret " + s.ID }

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// Expired reports whether the secret no longer verifies.
func (s Secret) Expired(now time.Time) bool {
	return !s.NotAfter.IsZero() && !now.Before(s.NotAfter)
}

// KVKey is the key in the CONFIG namespace. Names hold neither `:` nor `/`.
func KVKey(tenant, source string) string { return "src:" + tenant + "/" + source }

const (
	format1 = 1
	// format2 is format1 with parameters after the secrets. A source without
	// any is still written as format1.
	format2 = 2
	// maxParams bounds the parameters, with those of webhook.Scheme.Params.
	maxParams = 16
	// minParam is a packed parameter with an empty name and value, in bytes.
	minParam = 4 + 4
	// minSecret is a packed secret with an empty id and value, in bytes.
	minSecret = 4 + 4 + 8 + 8
)

// Encode packs the configuration, secrets in the clear: the result is sealed
// before it goes anywhere, see [SealConfig].
func Encode(c *Config) []byte {
	format := uint8(format1)
	if len(c.Params) > 0 {
		format = format2
	}
	b := wire.AppendUint8(make([]byte, 0, 512), format)
	for _, s := range [...]string{c.Tenant, c.Name, c.Provider, c.URL} {
		b = wire.AppendBytes(b, s)
	}
	b = wire.AppendInt64(b, int64(c.Retention/time.Second))
	b = wire.AppendInt64(b, c.Generation)
	b = wire.AppendUint32(b, uint32(len(c.Secrets)))
	for i := range c.Secrets {
		s := &c.Secrets[i]
		b = wire.AppendBytes(b, s.ID)
		b = wire.AppendBytes(b, s.Value)
		b = wire.AppendInt64(b, millis(s.Created))
		b = wire.AppendInt64(b, millis(s.NotAfter))
	}
	if format == format2 {
		b = appendParams(b, c.Params)
	}
	return b
}

// appendParams writes the parameters sorted by name, so that one
// configuration has one encoding.
func appendParams(b []byte, params map[string]string) []byte {
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	b = wire.AppendUint32(b, uint32(len(names)))
	for _, name := range names {
		b = wire.AppendBytes(wire.AppendBytes(b, name), params[name])
	}
	return b
}

// readParams reads what appendParams wrote; ok is false for any other order,
// and for none at all.
func readParams(r *wire.Reader) (params map[string]string, ok bool) {
	n := r.Count(minParam)
	if n == 0 || n > maxParams {
		return nil, false
	}
	params = make(map[string]string, n)
	last := ""
	for i := range n {
		name, value := r.String(), r.String()
		if i > 0 && name <= last {
			return nil, false
		}
		params[name], last = value, name
	}
	return params, true
}

// Decode unpacks a configuration. Secret values alias b. Errors: ErrFormat
// for an unknown version, a name that is none, or too many secrets;
// wire.ErrTruncated, wire.ErrTrailing.
func Decode(b []byte) (*Config, error) {
	r := wire.NewReader(b)
	v := r.Uint8()
	if r.Err() == nil && v != format1 && v != format2 {
		return nil, ErrFormat
	}
	c := &Config{Tenant: r.String(), Name: r.String(), Provider: r.String(), URL: r.String()}
	seconds := r.Int64()
	c.Generation = r.Int64()
	n := r.Count(minSecret)
	if n > MaxSecrets {
		return nil, ErrFormat
	}
	for range n {
		s := Secret{ID: r.String(), Value: r.Bytes()}
		s.Created, s.NotAfter = instant(r.Int64()), instant(r.Int64())
		c.Secrets = append(c.Secrets, s)
	}
	sorted := true
	if v == format2 {
		c.Params, sorted = readParams(r)
	}
	if err := r.Err(); err == nil && !sorted {
		return nil, ErrFormat
	}
	if err := r.Done(); err != nil {
		return nil, err
	}
	if !name.Valid(c.Tenant) || !name.Valid(c.Name) ||
		seconds < 0 || seconds > int64(MaxRetention/time.Second) || c.Generation < 0 {
		return nil, ErrFormat
	}
	c.Retention = time.Duration(seconds) * time.Second
	return c, nil
}

// millis and instant carry the zero time as 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
