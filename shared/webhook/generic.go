package webhook

import (
	"strings"
	"time"
)

const (
	genericDocs      = "https://github.com/hookweir/hookweir/blob/main/docs/providers.md"
	genericTolerance = 5 * time.Minute
	// maxTolerance bounds what an operator may ask for: the least retention.
	maxTolerance = 24 * time.Hour
	maxTemplate  = 16 // parts
)

// generic are the rows that an operator configures: for providers that the
// catalogue does not have.
var generic = [...]Scheme{
	{
		Name: "basic", Title: "Basic authentication", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "The secret is `user:password` (RFC 7617). No signature.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Encoding: Base64, Keys: []KeyRule{{Algorithm: SharedToken, Label: "Basic "}},
		Params: identityParams, Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildBasic,
	},
	{
		Name: "ecdsa", Title: "ECDSA P-256", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "Over SHA-256. The secret is the public key, DER in base64.",
		Headers: []HeaderSet{{Signature: "X-Signature"}}, Encoding: Base64, Keys: []KeyRule{{Encoding: Base64, Algorithm: ECDSAP256}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		Params: signedParams("Form of the signature: der or p1363."), Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildECDSA,
	},
	{
		Name: "ed25519", Title: "Ed25519", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "The secret is the public key, 32 bytes in hex, or in base64 by key_encoding.",
		Headers: []HeaderSet{{Signature: "X-Signature"}}, Encoding: Hex, Keys: []KeyRule{{Encoding: Hex, Algorithm: Ed25519}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		Params: signedParams(""), Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildEd25519,
	},
	{
		Name: "hmac", Title: "HMAC", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "SHA-256 in hex over the body, unless the parameters say otherwise.",
		Headers: []HeaderSet{{Signature: "X-Signature"}}, Encoding: Hex, Keys: []KeyRule{{Algorithm: HMACSHA256}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		Params: signedParams("Hash: sha256, sha1, sha512 or md5."), Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildHMAC,
	},
	{
		Name: "jwt", Title: "JWT under a key set", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes: "RS256 and ES256. The secret is what the claim `identity` (sub) must say. The token must end (exp), and be for the audience, " +
			"which is the source's URL unless configured. It does not cover the body.",
		Headers: []HeaderSet{{Signature: "Authorization"}}, Keys: []KeyRule{{Algorithm: JWTPublic, Label: "Bearer "}},
		JWT: &JWT{KeySet: "{jwks}", Identity: "sub", Issuers: []string{"{issuer}"}, Audience: true},
		Params: append([]Param{
			{Name: "jwks", Doc: "https URL of the key set, at a name of the public DNS and on the usual port.", Required: true},
			{Name: "issuer", Doc: "What iss must be.", Required: true},
			{Name: "audience", Doc: "What aud must have."},
			{Name: "identity", Doc: "The claim that names the sender: sub."},
			{Name: "header", Doc: "The header of the token: Authorization."},
			{Name: "prefix", Doc: "What stands before the token; `Bearer ` in Authorization, nothing elsewhere."},
		}, identityParams...),
		Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildJWT,
	},
	{
		Name: "rsa", Title: "RSA", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "PKCS #1 v1.5. The secret is the public key, DER in base64.",
		Headers: []HeaderSet{{Signature: "X-Signature"}}, Encoding: Base64, Keys: []KeyRule{{Encoding: Base64, Algorithm: RSASHA256}},
		Template: []Part{{Kind: PartBody}}, BodyCovered: true,
		Params: signedParams("Hash: sha256 or sha1."), Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildRSA,
	},
	{
		Name: "token", Title: "Shared token", Docs: genericDocs, Checked: "2026-11-23", Confidence: ConfidenceA,
		Notes:   "The secret itself, in a header, or in the query by `query`. No signature.",
		Headers: []HeaderSet{{Signature: "X-Webhook-Token"}}, Keys: []KeyRule{{Algorithm: SharedToken}},
		Params: append([]Param{
			{Name: "header", Doc: "The header of the token: X-Webhook-Token."},
			{Name: "query", Doc: "The query parameter of the token, in place of a header. URLs end up in logs: prefer a header."},
			{Name: "prefix", Doc: "What stands before the token, such as `Bearer `."},
		}, identityParams...),
		Hash: HashBody, TypePrefix: "dev.hookweir.webhook.", Build: buildToken,
	},
}

// identityParams say what an event is called.
var identityParams = []Param{
	{Name: "id_header", Doc: "The header with the event's id. Without an id deliveries of equal bytes are one event."},
	{Name: "id_path", Doc: "Where the id stands in the JSON body: keys and indexes joined by full stops."},
	{Name: "type_header", Doc: "The header with the event's type."},
	{Name: "type_path", Doc: "Where the type stands in the JSON body."},
}

func signedParams(algorithm string) []Param {
	params := []Param{
		{Name: "header", Doc: "The header of the signature: X-Signature."},
		{Name: "prefix", Doc: "What stands before the signature, such as `sha256=`."},
		{Name: "encoding", Doc: "Of the signature: hex, base64 or base64url."},
		{Name: "key_encoding", Doc: "Of the secret: raw, hex, base64 or base64url."},
		{Name: "template", Doc: "What is signed, of {id} {timestamp} {url} {method} {body} and text: `{body}`. " +
			"Text must stand between any two, and an id or URL that has that text in it is refused."},
		{Name: "timestamp_header", Doc: "The header with the signed time. Without an id, deliveries of equal bytes are then one event only if signed at the same time."},
		{Name: "timestamp_format", Doc: "seconds, milliseconds or rfc3339; only with timestamp_header."},
		{Name: "tolerance", Doc: "How many seconds old or ahead the signed time may be: 300; only with timestamp_header."},
	}
	if algorithm != "" {
		params = append(params, Param{Name: "algorithm", Doc: algorithm})
	}
	return append(params, identityParams...)
}

// builder makes a row out of parameters. What is not one of a parameter's
// values ends in bad.
type builder struct {
	Scheme
	set HeaderSet
	key KeyRule

	params map[string]string
	bad    bool
}

// base copies a row, so that the catalogue's stays as it is. (It is not looked
// up in generic, whose rows refer to the builders.)
func base(params map[string]string, set HeaderSet, key KeyRule) *builder {
	b := &builder{set: set, key: key, params: params}
	b.Hash, b.TypePrefix = HashBody, "dev.hookweir.webhook."
	return b
}

func (b *builder) finish() (*Scheme, error) {
	b.header("header", &b.set.Signature)
	if p, ok := b.params["prefix"]; ok {
		b.key.Label = p
	}
	b.identity()
	b.Headers, b.Keys = []HeaderSet{b.set}, []KeyRule{b.key}
	if b.bad {
		return nil, ErrParams
	}
	return &b.Scheme, nil
}

// header takes a header's name, which must be a token (RFC 9110 §5.6.2); a
// question mark would make it a query parameter.
func (b *builder) header(param string, to *string) {
	name, ok := b.params[param]
	if !ok {
		return
	}
	for i := range len(name) {
		if c := name[i]; !tokenByte(c) || strings.IndexByte("+/=", c) >= 0 {
			b.bad = true
		}
	}
	*to = name
}

func (b *builder) identity() {
	b.header("id_header", &b.set.ID)
	b.header("type_header", &b.set.Type)
	if b.set.ID != "" {
		b.ID = append(b.ID, Rule{Parts: []Value{{Header: HeaderID}}})
	}
	if b.set.Type != "" {
		b.Type = append(b.Type, Rule{Parts: []Value{{Header: HeaderType}}})
	}
	if p := b.params["id_path"]; p != "" {
		b.ID = append(b.ID, Rule{Parts: []Value{{JSON: b.path(p)}}})
	}
	if p := b.params["type_path"]; p != "" {
		b.Type = append(b.Type, Rule{Parts: []Value{{JSON: b.path(p)}}})
	}
}

func (b *builder) path(text string) []string {
	const maxSegments = 8
	segments := strings.Split(text, ".")
	for _, s := range segments {
		b.bad = b.bad || s == ""
	}
	b.bad = b.bad || len(segments) > maxSegments
	return segments[:min(len(segments), maxSegments)]
}

// choose sets to to the value the parameter's word stands for.
func choose[T any](b *builder, param string, to *T, words map[string]T) {
	word, ok := b.params[param]
	if !ok {
		return
	}
	value, ok := words[word]
	b.bad = b.bad || !ok
	*to = value
}

// signed reads the parameters of what is signed, and how it is written.
func (b *builder) signed() (*Scheme, error) {
	choose(b, "encoding", &b.Encoding, map[string]Encoding{"hex": Hex, "base64": Base64, "base64url": Base64URL})
	choose(b, "key_encoding", &b.key.Encoding, map[string]Encoding{"raw": Raw, "hex": Hex, "base64": Base64, "base64url": Base64URL})
	b.header("timestamp_header", &b.set.Timestamp)
	if b.set.Timestamp != "" {
		b.Timestamp = Timestamp{Source: FromHeader, Format: UnixSeconds, Past: genericTolerance, Future: genericTolerance}
		choose(b, "timestamp_format", &b.Timestamp.Format, map[string]TimeFormat{"seconds": UnixSeconds, "milliseconds": UnixMillis, "rfc3339": RFC3339})
		b.tolerance()
		b.Hash = HashSigned // equal bodies at two times are two events
	}
	b.header("id_header", &b.set.ID)
	text := b.params["template"]
	if text == "" {
		text = "{body}"
	}
	b.template(text)
	return b.finish()
}

func (b *builder) tolerance() {
	text, ok := b.params["tolerance"]
	if !ok {
		return
	}
	n, ok := digits(text)
	d := time.Duration(n) * time.Second
	if !ok || n < 1 || n > int64(maxTolerance/time.Second) {
		b.bad = true
	}
	b.Timestamp.Past, b.Timestamp.Future = d, d
}

// template parses what is signed. It must have the body, once, and where it
// has the id or the time, they must have a header; a time that is not signed
// is no protection, and refused.
func (b *builder) template(text string) {
	parts := map[string]PartKind{"id": PartID, "timestamp": PartTimestamp, "url": PartURL, "method": PartMethod, "body": PartBody}
	seen := map[PartKind]int{}
	for text != "" && len(b.Template) <= maxTemplate {
		before, rest, ok := strings.Cut(text, "{")
		if before != "" {
			b.Template = append(b.Template, Part{Kind: Literal, Text: before})
		}
		if !ok {
			break
		}
		name, after, ok := strings.Cut(rest, "}")
		kind := parts[name]
		if !ok || kind == 0 {
			b.bad = true
			return
		}
		seen[kind]++
		b.Template = append(b.Template, Part{Kind: kind})
		text = after
	}
	timed := b.set.Timestamp != ""
	b.Delimited = true
	b.bad = b.bad || !divided(b.Template)
	b.BodyCovered, b.IDSigned = true, seen[PartID] > 0
	b.bad = b.bad || len(b.Template) > maxTemplate || seen[PartBody] != 1 ||
		(seen[PartTimestamp] > 0) != timed || seen[PartID] > 0 && b.set.ID == ""
}

// divided says that the parts of a template can be told apart: between two of
// them stands a literal with a byte that is no letter and no digit, so that no
// time and no method has it, and beside a URL one that not every URL has. Of
// ids and URLs the rest is asked as they come, see Scheme.Delimited.
func divided(parts []Part) bool {
	for i := 1; i < len(parts); i++ {
		if parts[i].Kind != Literal && parts[i-1].Kind != Literal {
			return false
		}
		if i+1 == len(parts) || parts[i].Kind != Literal {
			continue
		}
		telling := strings.Trim(parts[i].Text, alphanumeric) != ""
		if parts[i-1].Kind == PartURL || parts[i+1].Kind == PartURL {
			telling = strings.Trim(parts[i].Text, alphanumeric+".:/") != ""
		}
		if !telling {
			return false
		}
	}
	return true
}

const alphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func buildHMAC(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "X-Signature"}, KeyRule{Algorithm: HMACSHA256})
	b.Encoding = Hex
	choose(b, "algorithm", &b.key.Algorithm, map[string]Algorithm{"sha256": HMACSHA256, "sha1": HMACSHA1, "sha512": HMACSHA512, "md5": HMACMD5})
	return b.signed()
}

func buildEd25519(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "X-Signature"}, KeyRule{Algorithm: Ed25519, Encoding: Hex})
	b.Encoding = Hex
	return b.signed()
}

func buildECDSA(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "X-Signature"}, KeyRule{Algorithm: ECDSAP256, Encoding: Base64})
	b.Encoding = Base64
	choose(b, "algorithm", &b.key.Algorithm, map[string]Algorithm{"der": ECDSAP256, "p1363": ECDSAP256P1363})
	return b.signed()
}

func buildRSA(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "X-Signature"}, KeyRule{Algorithm: RSASHA256, Encoding: Base64})
	b.Encoding = Base64
	choose(b, "algorithm", &b.key.Algorithm, map[string]Algorithm{"sha256": RSASHA256, "sha1": RSASHA1})
	return b.signed()
}

func buildToken(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "X-Webhook-Token"}, KeyRule{Algorithm: SharedToken})
	if q := params["query"]; q != "" {
		b.bad = params["header"] != ""
		b.set.Signature = "?" + q
	}
	return b.finish()
}

func buildBasic(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "Authorization"}, KeyRule{Algorithm: SharedToken, Label: "Basic "})
	b.Encoding = Base64
	return b.finish()
}

func buildJWT(params map[string]string) (*Scheme, error) {
	b := base(params, HeaderSet{Signature: "Authorization"}, KeyRule{Algorithm: JWTPublic, Label: "Bearer "})
	if params["header"] != "" {
		b.key.Label = ""
	}
	host, _, _, ok := httpsURL(params["jwks"])
	b.bad = !ok || !isPublicName(host)
	b.JWT = &JWT{KeySet: "{jwks}", Identity: "sub", Issuers: []string{"{issuer}"}, Audience: true}
	if claim := params["identity"]; claim != "" {
		b.JWT.Identity = claim
	}
	return b.finish()
}
