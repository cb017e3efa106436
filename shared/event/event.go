package event

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/wire"
)

// Origins say how an event was found.
const (
	OriginWebhook = "webhook"
	OriginPoll    = "poll"
	OriginSystem  = "hookweir" // raised by Hookweir itself
)

// SystemSource is the source of events that Hookweir raises itself; no tenant
// can have a webhook source or a poll of this name.
const SystemSource = "hookweir"

// Proofs say what was authenticated.
const (
	ProofSignature = "signature" // the body is covered
	ProofBearer    = "bearer"    // only the sender is; anyone who saw the token could have written the body
	ProofFetched   = "fetched"   // a poll asked the provider's API for it, over TLS
)

const (
	// InlineLimit is the largest body, in bytes, that rides in the queue
	// message. Larger ones go to the payload bucket and the message carries
	// a claim check. A queue message holds 128,000 bytes with its metadata.
	InlineLimit = 100 << 10
	// MaxIDBytes bounds the provider's event id within a key. A KV key holds
	// 512 bytes: `evt:` + two names of 64 + slashes leave over 370.
	MaxIDBytes = 256
	// maxRetention bounds what a message may ask for, in seconds: a year.
	maxRetention = 365 * 24 * 60 * 60
)

// ErrFormat reports a message this build cannot read.
var ErrFormat = errors.New("event: unknown message format")

// AppendType appends a provider's name of a type as the part of
// [Event.Type] after the prefix: in lower case, and with a full stop for what
// is no letter, digit, `-`, `_` or full stop (`orders/create` is
// `orders.create`).
func AppendType(dst []byte, name string) []byte {
	for i := range len(name) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			c = '.'
		}
		dst = append(dst, c)
	}
	return dst
}

// Event is one provider event.
type Event struct {
	Tenant   string
	Source   string
	ID       string // the provider's event id, or a hash of the signed content
	Provider string // catalogue name, e.g. "github"
	Type     string // reverse-DNS, e.g. "com.github.push"

	Time     time.Time // when it happened, as the provider says; else Accepted
	Accepted time.Time // when the edge accepted it

	Origin        string // OriginWebhook, OriginPoll or OriginSystem
	Authenticated string // ProofSignature or ProofBearer
	ContentType   string // the provider's Content-Type, verbatim
	Retention     time.Duration

	Body  []byte // the provider's bytes, unchanged; nil when Claim is set
	Claim string // key in the payload bucket; empty when Body is inline
	Size  int64  // length of the body in bytes, wherever it is
}

// Key is what makes two deliveries the same event.
func (e *Event) Key() string { return Key(e.Tenant, e.Source, e.ID) }

// Key joins the three parts of an event key.
func Key(tenant, source, id string) string { return tenant + "/" + source + "/" + id }

// ClaimKey names a body in the payload bucket by event and content, given as
// SHA-256 of each: the same body of the same event overwrites itself, another
// body under the same id does not.
func ClaimKey(tenant, source string, id, body []byte) string {
	return "evt/" + tenant + "/" + source + "/" + hexText(id[:16]) + "-" + hexText(body[:16])
}

// hexText is hex.EncodeToString; encoding/hex would bring fmt.
func hexText(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&0xf])
	}
	return string(out)
}

// Message is what travels on the queue `events`: a whole event, or a
// reference to one that the Ledger already holds (a replay, a sweep).
type Message struct {
	Event *Event // nil for a reference
	// Tenant and Key name the event; for a whole event they are its own.
	Tenant string
	Key    string
}

const (
	formatEvent     = 1
	formatReference = 2
)

// Encode packs the event as a queue message.
func Encode(e *Event) []byte {
	b := make([]byte, 0, 256+len(e.ContentType)+len(e.Type)+len(e.ID)+len(e.Claim)+len(e.Body))
	b = wire.AppendUint8(b, formatEvent)
	for _, s := range [...]string{e.Tenant, e.Source, e.ID, e.Provider, e.Type} {
		b = wire.AppendBytes(b, s)
	}
	b = wire.AppendInt64(b, e.Time.UnixMilli())
	b = wire.AppendInt64(b, e.Accepted.UnixMilli())
	for _, s := range [...]string{e.Origin, e.Authenticated, e.ContentType} {
		b = wire.AppendBytes(b, s)
	}
	b = wire.AppendInt64(b, int64(e.Retention/time.Second))
	b = wire.AppendBytes(b, e.Claim)
	b = wire.AppendInt64(b, e.Size)
	return wire.AppendBytes(b, e.Body)
}

// EncodeReference packs a message that only names an event.
func EncodeReference(tenant, key string) []byte {
	b := wire.AppendUint8(nil, formatReference)
	b = wire.AppendBytes(b, tenant)
	return wire.AppendBytes(b, key)
}

// Decode unpacks a queue message. Body aliases msg. Errors: ErrFormat for a
// version this build does not know, wire.ErrTruncated, wire.ErrTrailing.
func Decode(msg []byte) (*Message, error) {
	r := wire.NewReader(msg)
	switch r.Uint8() {
	case formatEvent:
		return decodeEvent(r)
	case formatReference:
		m := &Message{Tenant: r.String(), Key: r.String()}
		if err := r.Done(); err != nil {
			return nil, err
		}
		return m, nil
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return nil, ErrFormat
}

func decodeEvent(r *wire.Reader) (*Message, error) {
	e := &Event{Tenant: r.String(), Source: r.String(), ID: r.String(), Provider: r.String(), Type: r.String()}
	e.Time = time.UnixMilli(r.Int64()).UTC()
	e.Accepted = time.UnixMilli(r.Int64()).UTC()
	e.Origin, e.Authenticated, e.ContentType = r.String(), r.String(), r.String()
	retention := r.Int64()
	e.Claim = r.String()
	e.Size = r.Int64()
	e.Body = r.Bytes()
	if err := r.Done(); err != nil {
		return nil, err
	}
	if retention < 0 || retention > maxRetention {
		return nil, ErrFormat
	}
	e.Retention = time.Duration(retention) * time.Second
	if e.Claim != "" {
		e.Body = nil
	}
	return &Message{Event: e, Tenant: e.Tenant, Key: e.Key()}, nil
}
