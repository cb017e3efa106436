package webhook

import "time"

// Scheme is how one provider proves and names its deliveries: a row of the
// catalogue. Rows are read only.
type Scheme struct {
	Name       string     // the name in a source's configuration, [a-z0-9-]
	Title      string     // for people
	Docs       string     // the provider's page about its signature
	Checked    string     // when Docs was last read, YYYY-MM-DD
	Confidence Confidence // how the row was established
	Notes      string     // what an operator should know, one or two sentences

	Methods       []string // empty is POST
	RefusalStatus int      // HTTP status for a bad signature; 0 is 401

	// Headers are the sets of header names the provider uses. The first set
	// whose Signature is in the request applies, and no header of another
	// set is read.
	Headers []HeaderSet
	// Separator divides the signature header into elements; 0 is one element.
	Separator byte
	Encoding  Encoding  // of each signature
	Keys      []KeyRule // by prefix of the secret, the first that fits
	// MinKeyBytes is the shortest HMAC key; 0 is MinKeyBytes.
	MinKeyBytes int

	// Template is the signed content, with the body at most once.
	Template []Part
	// Content builds the signed content where a template cannot. It appends
	// to dst. Template is then empty.
	Content func(dst []byte, r *Request) ([]byte, error)
	// BodyCovered says that the proof covers the body. Where it does not,
	// Result.Authenticated is event.ProofBearer.
	BodyCovered bool

	Timestamp Timestamp

	ID       []Rule    // the first that applies; none is a hash, see Hash
	IDSigned bool      // the proof covers the id; if not, see the package doc
	Hash     HashScope // what is hashed when no rule applies

	TypePrefix string // reverse DNS with a full stop at the end
	Type       []Rule // the first that applies, after TypePrefix; none is "unknown"

	Time []TimeRule // when the event happened; none is left to the caller

	Handshakes []Handshake
}

// Confidence grades a row.
type Confidence byte

// The grades.
const (
	ConfidenceA Confidence = 'A' // a published vector, the provider's library or its page was run or read
	ConfidenceB Confidence = 'B' // reference code, or two secondary sources
	ConfidenceC Confidence = 'C' // one secondary source
)

// Algorithm is a signature algorithm.
type Algorithm uint8

// The algorithms. A row's secret is an HMAC key or a public key accordingly.
// Public keys are a DER SubjectPublicKeyInfo, Ed25519's 32 bytes.
const (
	HMACSHA256 Algorithm = iota + 1
	HMACSHA1
	HMACSHA512
	HMACMD5
	Ed25519
	ECDSAP256      // over SHA-256, the signature in DER (RFC 3279 §2.2.3)
	ECDSAP256P1363 // over SHA-256, the signature r‖s of 32 bytes each
	RSASHA256      // PKCS #1 v1.5
	RSASHA1        // PKCS #1 v1.5
)

// Encoding is how bytes are written in a header or a secret.
type Encoding uint8

// The encodings. Signatures in base64 are padded, as every provider pads
// them; keys may leave the padding out.
const (
	Raw Encoding = iota
	Hex
	Base64
	Base64URL
)

// HeaderSet names the headers of one delivery, in any case. An empty name is
// a header the provider does not send.
type HeaderSet struct {
	Signature string
	Timestamp string
	ID        string
	Type      string
	Time      string
}

// KeyRule is what a secret with this prefix is, and which elements of the
// signature header it verifies.
type KeyRule struct {
	Prefix    string // of the secret; taken off before decoding
	Encoding  Encoding
	Algorithm Algorithm
	Label     string // start of the element, such as "sha256=" or "v1,"
}

// Part is one part of the signed content.
type Part struct {
	Kind PartKind
	Text string // of a Literal
}

// PartKind is what a part stands for.
type PartKind uint8

// The parts: {id} and {timestamp} as received in the header set or the
// signature header, {url} and {method} of the request, and {body}, the bytes
// as received.
const (
	Literal PartKind = iota + 1
	PartID
	PartTimestamp
	PartURL
	PartMethod
	PartBody
)

// Timestamp is where the signed time of sending is and how far it may be from
// now.
type Timestamp struct {
	Source TimestampSource
	Label  string   // FromElement: start of the element, such as "t="
	JSON   []string // FromBody: the path
	Format TimeFormat
	Past   time.Duration
	Future time.Duration // the provider's clock may be ahead by this much
}

// TimestampSource is where a timestamp stands.
type TimestampSource uint8

// The sources.
const (
	NoTimestamp TimestampSource = iota
	FromHeader                  // HeaderSet.Timestamp
	FromElement                 // an element of the signature header
	FromBody                    // a value of the (signed) body
)

// TimeFormat is how a time is written.
type TimeFormat uint8

// The formats. Numbers are ASCII digits without sign or space.
const (
	UnixSeconds  TimeFormat = iota + 1 // 1614265330
	UnixMillis                         // 1614265330000
	UnixFraction                       // 1614265330 or 1614265330.000200
	RFC3339                            // 2021-02-25T15:02:10Z
)

// Role is a header of the header set that applied.
type Role uint8

// The roles.
const (
	HeaderID Role = iota + 1
	HeaderType
	HeaderTime
	HeaderTimestamp // the signed timestamp, wherever it stands
)

// Value is a text taken from a delivery. One of Header, Name, Form, JSON and
// Text is set; Form and JSON together are a path in a JSON form field.
//
// A body that starts with `{` or `[` is JSON, any other is a form: the
// Content-Type is not signed, the body is.
type Value struct {
	Header Role     // a header of the set
	Name   string   // any other header
	Form   string   // a field of an application/x-www-form-urlencoded body
	JSON   []string // a path in the body, see jsontext.Find
	Text   string   // itself
}

// Condition holds when the value is Is, or when Is is empty and there is no
// such value.
type Condition struct {
	Value Value
	Is    string
}

// Rule makes a text: its parts one after the other. It applies when every
// condition holds and every part is there and not empty.
type Rule struct {
	When  []Condition
	Parts []Value
}

// TimeRule reads a time. It applies when the value is there and well formed.
type TimeRule struct {
	Value  Value
	Format TimeFormat
}

// HashScope is what makes two deliveries without an id the same.
type HashScope uint8

// The scopes.
const (
	// HashSigned hashes the signed content. Where that holds a timestamp, a
	// retry that is signed anew is another event.
	HashSigned HashScope = iota
	// HashBody hashes the body. Two deliveries of equal bytes are one event,
	// whenever they were sent.
	HashBody
)

// Handshake is a verified request that wants an answer and is no event: the
// answer is a value of the request itself.
type Handshake struct {
	When        []Condition
	Echo        Value
	ContentType string
}

// Refusal returns the HTTP status for a request that did not verify.
func (s *Scheme) Refusal() int {
	if s.RefusalStatus == 0 {
		return 401
	}
	return s.RefusalStatus
}
