package lane

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/destination"
	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/retry"
	"github.com/hookweir/hookweir/shared/wire"
)

const (
	// MaxList is the most writes accepted at once.
	MaxList = 1000
	// MaxBody bounds one write's body, in bytes: what stands in memory up to
	// three times while it is sent.
	MaxBody = 4 << 20
	// inlineLimit is the largest body kept in the row; larger ones go to the
	// payload bucket (claim check).
	inlineLimit = event.InlineLimit
	// maxKey bounds partition and idempotency keys, in bytes; Stripe's too.
	maxKey = 255
	// MaxPriority is the highest priority; 0 is the usual one.
	MaxPriority = 9
	// priorityStep is how much older a write counts for each priority: higher
	// ones go first, and no flood of them holds the others up for good.
	priorityStep = time.Minute
	// maxAhead bounds not_before and expires_at.
	maxAhead = 30 * 24 * time.Hour
)

// States of a write.
const (
	Pending    = "pending"    // waits for its turn
	Delivering = "delivering" // is being sent
	Delivered  = "delivered"  // the destination answered 2xx
	Dead       = "dead"       // given up; replayable
	Parked     = "parked"     // waits for a decision: replay or cancel
	Cancelled  = "cancelled"
	// Purged has lost its content; its idempotency key is remembered.
	Purged = "purged"
)

// Reasons, stable codes that are stored, shown and logged. http_NNN stands for
// a status.
const (
	ReasonNeedsReauth  = "needs_reauth"        // the connection has no token
	ReasonUnavailable  = "unavailable"         // Hookweir's own parts did not answer
	ReasonPayload      = "payload_unavailable" // the body could not be read
	ReasonRefused      = "refused"             // path, header or target is not allowed any more
	ReasonRedirect     = "redirect"
	ReasonUnauthorized = "unauthorized" // 401 with a fresh token
	ReasonTimeout      = "timeout"      // nobody knows whether it arrived
	ReasonNetwork      = "network"      // likewise
	ReasonAbandoned    = "abandoned"    // whoever was sending vanished; likewise
	ReasonInternal     = "internal"     // a panic of our own; likewise
	ReasonNotNow       = "not_now"      // no slot within the batch's time
	ReasonExpired      = "expired"      // expires_at passed before it went out
	ReasonAge          = "too_old"      // max_age passed
)

// Write is one write as it is handed in.
type Write struct {
	Method string      `json:"method"`
	Path   string      `json:"path"`
	Header [][2]string `json:"headers,omitempty"` // names in lower case
	Body   []byte      `json:"-"`                 // nil for none
	// PartitionKey orders: writes with the same one are sent one after the
	// other, as they were accepted. Empty: in no order.
	PartitionKey   string    `json:"partition_key,omitempty"`
	IdempotencyKey string    `json:"idempotency_key,omitempty"`
	NotBefore      time.Time `json:"not_before,omitzero"`
	ExpiresAt      time.Time `json:"expires_at,omitzero"`
	Priority       int       `json:"priority,omitempty"` // 0 to MaxPriority
}

// Accepted answers a Write.
type Accepted struct {
	ID string `json:"id"`
	// Duplicate: the idempotency key was there; this is the first one's id.
	Duplicate bool `json:"duplicate,omitempty"`
}

// ItemError says which write of a list is not acceptable, from 0, and why; the
// text quotes nothing of it. It wraps ErrInvalid, or ErrConflict for
// RuleConflict.
type ItemError struct {
	Index  int    `json:"index"`
	Rule   Rule   `json:"rule"`
	Detail string `json:"detail"`
}

// Rule is which rule a write breaks.
type Rule string

// Rules.
const (
	RuleValue    Rule = "value"
	RulePath     Rule = "path"
	RuleHeader   Rule = "header"
	RuleBody     Rule = "body"
	RuleExpired  Rule = "expired"
	RuleConflict Rule = "conflict" // the idempotency key was used for another write
	RuleTarget   Rule = "target"   // of a destination
)

// ErrInvalid refuses a write; see ItemError.
var ErrInvalid = errors.New("lane: write not acceptable")

func (e *ItemError) Error() string { return "lane: write " + itoa(int64(e.Index)) + ": " + e.Detail }

// Unwrap makes errors.Is(err, ErrInvalid) hold, or ErrConflict.
func (e *ItemError) Unwrap() error {
	if e.Rule == RuleConflict {
		return ErrConflict
	}
	return ErrInvalid
}

// check says what is wrong with a write, or "".
func (w *Write) check(cfg *destination.Config, now time.Time) (Rule, string) {
	switch w.Method {
	case "POST", "PUT", "PATCH", "DELETE":
	default:
		return RuleValue, "method must be POST, PUT, PATCH or DELETE"
	}
	if _, err := cfg.URL(w.Path); err != nil {
		return RulePath, detail(err)
	}
	if err := cfg.CheckHeader(w.Header); err != nil {
		return RuleHeader, detail(err)
	}
	switch {
	case len(w.Body) > MaxBody:
		return RuleBody, "body must be at most 4 MiB"
	case !validKey(w.PartitionKey) || !validKey(w.IdempotencyKey):
		return RuleValue, "partition_key and idempotency_key have at most 255 bytes of printable text"
	case w.Priority < 0 || w.Priority > MaxPriority:
		return RuleValue, "priority must be from 0 to 9"
	case !w.ExpiresAt.IsZero() && !w.ExpiresAt.After(now):
		return RuleExpired, "expires_at has passed"
	case !w.ExpiresAt.IsZero() && !w.ExpiresAt.After(w.NotBefore):
		return RuleValue, "expires_at must be after not_before"
	case w.NotBefore.After(now.Add(maxAhead)) || w.ExpiresAt.After(now.Add(maxAhead)):
		return RuleValue, "not_before and expires_at must be within 30 days"
	}
	return "", ""
}

func detail(err error) string {
	_, text, _ := strings.Cut(err.Error(), ": ")
	return text
}

func validKey(s string) bool {
	if len(s) > maxKey || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

// digest is what two writes under one idempotency key must share.
func (w *Write) digest() []byte {
	var b []byte
	for _, s := range [...]string{w.Method, w.Path, w.PartitionKey} {
		b = wire.AppendBytes(b, s)
	}
	b = wire.AppendUint32(b, uint32(len(w.Header)))
	for _, h := range w.Header {
		b = wire.AppendBytes(wire.AppendBytes(b, h[0]), h[1])
	}
	for _, n := range [...]int64{unix(w.NotBefore), unix(w.ExpiresAt), int64(w.Priority)} {
		b = wire.AppendInt64(b, n)
	}
	body := sha256.Sum256(w.Body)
	sum := sha256.Sum256(append(b, body[:]...))
	return sum[:]
}

func unix(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// rank orders what is ready: by age, and priority makes older.
func rank(accepted time.Time, priority int) int64 {
	return accepted.Add(-time.Duration(priority) * priorityStep).UnixMilli()
}

// repeatable reports whether a write may be sent again when nobody knows
// whether it arrived: by its method, or because each attempt carries the same
// key in a header that the destination goes by.
func repeatable(cfg *destination.Config, method string, header [][2]string) bool {
	return retry.Idempotent(method) || cfg.IdempotencyHeader != "" || hasHeader(header, destination.DefaultIdempotencyHeader)
}

func hasHeader(header [][2]string, n string) bool {
	for _, h := range header {
		if h[0] == n {
			return true
		}
	}
	return false
}

// Ids are `{destination}.{21 characters}`: base32 of the sequence number in 5
// bytes, so that they sort as accepted, and of 8 random bytes, so that an id is
// not guessed and not repeated, also not by a Lane that lost its storage: the
// destination sees it as an idempotency key.
const (
	seqBytes = 5
	tagBytes = 8
	maxSeq   = 1<<(8*seqBytes) - 1
)

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

func writeID(dest string, seq int64, tag string) string {
	var b [seqBytes + tagBytes]byte
	for i := range seqBytes {
		b[i] = byte(seq >> (8 * (seqBytes - 1 - i)))
	}
	copy(b[seqBytes:], tag)
	return dest + "." + idEncoding.EncodeToString(b[:])
}

// DestinationOf reads the destination that a write's id names; false for what
// is no id.
func DestinationOf(id string) (string, bool) {
	dest, _, _, ok := parseID(id)
	return dest, ok
}

func parseID(id string) (dest string, seq int64, tag string, ok bool) {
	dest, text, found := strings.Cut(id, ".")
	if !found || !name.Valid(dest) {
		return "", 0, "", false
	}
	b, err := idEncoding.DecodeString(text)
	// One spelling per id: the decoder ignores the last bits.
	if err != nil || len(b) != seqBytes+tagBytes || idEncoding.EncodeToString(b) != text {
		return "", 0, "", false
	}
	for _, c := range b[:seqBytes] {
		seq = seq<<8 | int64(c)
	}
	return dest, seq, string(b[seqBytes:]), true
}
