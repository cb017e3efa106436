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
	// AcceptedStatus is the HTTP status once an event is taken, of a provider
	// that sends again at any other; 0 is 202.
	AcceptedStatus int

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

	// Params are what an operator may configure beside secrets.
	Params []Param
	// Build makes the row that a configuration asks for, where that is more
	// than constants (the generic rows). What it returns has no Build.
	Build func(params map[string]string) (*Scheme, error)

	// InBody is where the proof stands when it is in the body: the body is
	// then read before it is trusted. Headers is then one set without
	// Signature.
	InBody Value
	// Fields are the values that PartFields stands for.
	Fields []Field
	// SignedHeaders is the header that lists the headers of
	// PartSignedHeaders.
	SignedHeaders string
	// ObjectBody refuses a body that is no JSON object before anything is
	// computed: rows that give out MACs of a challenge have it, see Handshake.
	ObjectBody bool
	// JWT says how the proof is read when it is a JSON Web Token.
	JWT *JWT
	// Tokens are JSON Web Tokens that the body carries beside the proof.
	Tokens *Tokens
	// Certificate says where the public key comes from when it is a
	// certificate that the delivery names.
	Certificate *Certificate

	// Template is the signed content, with the body at most once.
	Template []Part
	// Delimited refuses an id or a URL that has in it the literal that
	// divides it from the next part, on the body's side: what is signed can
	// then be cut into its parts in one way only.
	Delimited bool
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
	// Answer is what the provider wants to hear when its event was taken;
	// nil is left to the caller.
	Answer *Reply
	// FormAnswer is Answer for what came as a form.
	FormAnswer *Reply
	// HostProof is what the provider asks of the host before it sends.
	HostProof *HostProof
	// Batch says how a delivery of several events is taken apart.
	Batch *Batch
	// Thin says that the events name what changed and do not hold it: an
	// agent must fetch it. ThinWhen says it of those whose body is so.
	Thin     bool
	ThinWhen []Condition
}

// Param is one parameter of a row's configuration.
type Param struct {
	Name     string // [a-z_]
	Doc      string
	Required bool
}

// Field is one value of the signed content with what stands around it.
type Field struct {
	Before string
	Value  Value
	After  string
	// Optional drops the field, Before and After too, when there is no value
	// or it is empty. Otherwise the value must be there; Blank lets it be
	// empty. Neither is said of a key that occurs twice: that is refused.
	Optional bool
	Blank    bool
}

// JWT is how a row reads a JSON Web Token (RFC 7519, compact form). Its
// algorithm is the key's, never the one the token asks for.
type JWT struct {
	// KeySet is the URL of the issuer's key set (RFC 7517 §5), in full or
	// "{param}"; empty means that the secret is the key. With a key set the
	// secret is what Identity must say.
	KeySet   string
	Identity string   // the claim that must be the secret
	Verified string   // the claim that must be true for Identity to count
	Issuers  []string // one of them must be iss, a "{param}" in it filled in; none: not asked
	Audience bool     // aud must have the param `audience`, or the source's URL
	BodyHash string   // the claim with the SHA-256 of the body in hex
	// RequestHash is the claim with the SHA-256 in hex of the canonical
	// request, see appendCanonical.
	RequestHash string
	// MaxAge bounds the time since iat; 0 asks for exp instead. Timeless asks
	// for neither, and holds to what is there.
	MaxAge   time.Duration
	Timeless bool
}

// Tokens is how a row reads tokens in the body. Only a source with the
// parameter Param has them read, and then it must have them.
type Tokens struct {
	Param  string
	Path   []string // of the array
	JWT    JWT      // with a KeySet
	Sender []string // claims, of which one must name the sender
	Is     string   // the sender
}

// Certificate is where a row finds the signer's certificate.
type Certificate struct {
	URL  Value // where it can be had
	From []Place
	// Identity must be the secret, if it is set. A row without one has the
	// secret in its template.
	Identity Value
	// SHA1 holds for deliveries that are signed by RSASHA1.
	SHA1 []Condition
}

// Batch is how a delivery of several events is taken apart, if the source's
// parameter `split` says so. Rules apply to one element.
type Batch struct {
	Path []string // of the array; empty is the whole body
	// Proof says that each element has its own, by InBody: each is verified,
	// whether the delivery is split or not.
	Proof bool
	ID    []Rule // none is the element's hash; with HashRequest or Placed the delivery's id, and the element's index
	// Placed tells equal elements of one delivery apart: two equal log lines
	// are two events.
	Placed bool
	Type   []Rule
	Time   []TimeRule
}

// HostProof is a document at a fixed path of the host (RFC 8615) that says
// whose deliveries the host takes. It is one for all tenants, so it comes from
// a setting of the worker and not from a source.
type HostProof struct {
	Path string
	// Setting is the worker's setting with the sender's ids at the provider,
	// separated by commas; a single `*` takes anybody's. The document has the
	// SHA-256 of each in hex, a line each.
	Setting string
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
	// SharedToken is no signature: the secret itself is sent. A row of it
	// does not cover the body.
	SharedToken
	// SHA256Digest is the bare hash of the signed content, which has the
	// secret in it (PartSecret) and ends in the body, a JSON text: see isJSON.
	SHA256Digest
	// JWTHS256 signs a JWT with the secret.
	JWTHS256
	// JWTPublic signs a JWT with a key of its issuer: the secret is a DER
	// SubjectPublicKeyInfo, or names the sender where JWT.KeySet is set.
	JWTPublic
	// X509 is RSA under a certificate, see Certificate.
	X509
)

// Encoding is how bytes are written in a header or a secret.
type Encoding uint8

// The encodings. Signatures in base64 are padded, or not, as the provider
// pads them; keys may leave the padding out.
const (
	Raw Encoding = iota
	Hex
	Base64
	Base64URL
	Base64URLBare // without padding
)

// HeaderSet names the headers of one delivery, in any case. An empty name is
// a header the provider does not send. A name that starts with `?` is a
// parameter of the URL's query.
type HeaderSet struct {
	Signature string
	More      []string // further headers with signatures, read when they are there
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
	// Or is another encoding that an HMAC key in Raw may be meant in, where
	// nobody is sure: it is then tried both ways.
	Or Encoding
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
	PartSecret        // the secret that is tried
	PartFields        // Scheme.Fields
	PartPath          // path and query of the URL
	PartURLDecoded    // the URL with the escapes decoded that HubSpot decodes
	PartCRC32         // CRC-32 (IEEE) of the body in decimal
	PartSignedHeaders // `name:value` of the headers SignedHeaders lists, joined by `;`
	// PartSortedForm is each field of a form body, key and value, sorted;
	// nothing when the URL has a parameter bodySHA256, which must then be the
	// body's hash in hex.
	PartSortedForm
)

// Timestamp is where the signed time of sending is and how far it may be from
// now.
type Timestamp struct {
	Source TimestampSource
	Label  string   // FromElement: start of the element, such as "t="; empty is the first element
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
	HTTPDate                           // Thu, 25 Feb 2021 15:02:10 GMT (RFC 9110 §5.6.7, IMF-fixdate)
	UnixEither                         // 1614265330 or 1614265330000, of a provider whose unit nobody is sure of
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

// Value is a text taken from a delivery. One of Header, Name, Query, Form,
// JSON and Text is set; Form and JSON together are a path in a JSON form field.
//
// A body that starts with `{` or `[` is JSON, any other is a form: the
// Content-Type is not signed, the body is.
type Value struct {
	Header Role     // a header of the set
	Name   string   // any other header
	Query  string   // a parameter of the URL's query, decoded
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
	// HashRequest hashes the body and what tells one request from another:
	// the ray id that Cloudflare gives it (CF-Ray, which it overwrites), or
	// without one the time now in milliseconds. Each request is an event, a
	// retry too: for notifications that repeat byte for byte and mean
	// something each time.
	HashRequest
	// HashTyped hashes the delivery's id header, if the row has one, its type
	// and its body: for providers that say in a header what happened, whose body
	// may be the same for two things that happened.
	HashTyped
)

// Handshake is a request that wants an answer and is no event. It is answered
// when its conditions hold and its values are there.
//
// An Open one is answered to anybody. What it gives away is then what the
// stranger sent himself, or a MAC of it. MACs are given only of a challenge in
// charset [TokenText], which the signed content of a row with ObjectBody
// cannot be: the MAC of a challenge proves no delivery.
type Handshake struct {
	Method string // empty is the row's own
	Open   bool   // before anything is verified
	When   []Condition
	// Known must be the param KnownParam, compared in constant time.
	Known      Value
	KnownParam string

	// The answer is Before, the value of Echo, Between, the MAC of that value
	// under the newest active secret, and After. Without MAC there is none;
	// with MAC and without Between the value itself is left out.
	Before  string
	Echo    Value
	Between string
	MAC     Encoding
	After   string

	// Offers says that the value of Echo is a secret that the provider has
	// made: it is not put back, but handed on in Reply.Offer. Such a row asks
	// for Known, or a stranger could have his own secret shown to the operator.
	Offers bool

	Text        Charset // of Echo; 0 is VisibleText
	Header      string  // answers Echo in this header, too
	Status      int     // 0 is 200
	ContentType string
	// Confirm is a URL that is fetched before the answer, at ConfirmAt.
	Confirm   Value
	ConfirmAt []Place
}

// Charset bounds what a handshake puts back.
type Charset uint8

// The charsets.
const (
	VisibleText Charset = iota // printable ASCII without spaces
	TokenText                  // letters, digits and +/=_.~-
	PlainText                  // printable ASCII
)

func (s *Scheme) answer(form bool) *Reply {
	if form && s.FormAnswer != nil {
		return s.FormAnswer
	}
	return s.Answer
}

// Accepted returns the HTTP status for an event that was taken.
func (s *Scheme) Accepted() int {
	if s.AcceptedStatus == 0 {
		return 202
	}
	return s.AcceptedStatus
}

// Refusal returns the HTTP status for a request that did not verify.
func (s *Scheme) Refusal() int {
	if s.RefusalStatus == 0 {
		return 401
	}
	return s.RefusalStatus
}
