// Package reference describes the catalogue of package webhook for people: as
// rows for `GET /v1/providers`, made from the table that verifies. Its test makes
// the page docs/providers.md of the same rows.
//
// It does not link into the worker.
package reference

import (
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/webhook"
)

// Row is one provider.
type Row struct {
	Name          string   `json:"name"`
	Title         string   `json:"title"`
	Scheme        string   `json:"scheme"`            // algorithm and encoding
	Headers       []string `json:"headers,omitempty"` // that carry the proof, or ?query parameters
	Tolerance     string   `json:"tolerance,omitempty"`
	EventID       string   `json:"event_id"`
	EventIDSigned bool     `json:"event_id_signed"`
	Handshake     bool     `json:"handshake"`
	Batches       bool     `json:"batches"`
	// Thin: all, some or no; see webhook.Thin.
	Thin          string  `json:"thin"`
	Authenticated string  `json:"authenticated"` // event.ProofSignature or event.ProofBearer
	Params        []Param `json:"params,omitempty"`
	Docs          string  `json:"docs"`
	Checked       string  `json:"checked"`    // YYYY-MM-DD
	Confidence    string  `json:"confidence"` // A, B or C, see webhook.Confidence
	Notes         string  `json:"notes,omitempty"`
}

// Param is one parameter of a source of that provider.
type Param struct {
	Name     string `json:"name"`
	Doc      string `json:"doc"`
	Required bool   `json:"required"`
}

// Rows describes every provider, by name.
func Rows() []Row {
	var rows []Row
	for _, s := range webhook.Providers() {
		rows = append(rows, describe(&s))
	}
	return rows
}

func describe(s *webhook.Scheme) Row {
	r := Row{
		Name: s.Name, Title: s.Title, Scheme: scheme(s), Tolerance: tolerance(s.Timestamp),
		EventID: eventID(s), EventIDSigned: s.IDSigned, Handshake: len(s.Handshakes) > 0 || s.HostProof != nil,
		Batches: s.Batch != nil, Thin: thin(s), Authenticated: event.ProofBearer,
		Docs: s.Docs, Checked: s.Checked, Confidence: string(s.Confidence), Notes: s.Notes,
	}
	if s.BodyCovered {
		r.Authenticated = event.ProofSignature
	}
	for _, h := range s.Headers {
		if h.Signature != "" {
			r.Headers = append(r.Headers, h.Signature)
		}
	}
	for _, p := range s.Params {
		r.Params = append(r.Params, Param(p))
	}
	return r
}

func thin(s *webhook.Scheme) string {
	switch {
	case s.Thin:
		return "all"
	case len(s.ThinWhen) > 0:
		return "some"
	}
	return "no"
}

// algorithms name the algorithms as the field does.
func algorithm(a webhook.Algorithm) string {
	switch a {
	case webhook.HMACSHA256:
		return "HMAC-SHA256"
	case webhook.HMACSHA1:
		return "HMAC-SHA1"
	case webhook.HMACSHA512:
		return "HMAC-SHA512"
	case webhook.HMACMD5:
		return "HMAC-MD5"
	case webhook.Ed25519:
		return "Ed25519"
	case webhook.ECDSAP256, webhook.ECDSAP256P1363:
		return "ECDSA P-256"
	case webhook.RSASHA256:
		return "RSA-SHA256"
	case webhook.RSASHA1:
		return "RSA-SHA1"
	case webhook.SharedToken:
		return "shared token"
	case webhook.SHA256Digest:
		return "SHA-256 with the secret"
	case webhook.JWTHS256:
		return "JWT HS256"
	case webhook.JWTPublic:
		return "JWT by key set"
	case webhook.X509:
		return "RSA by certificate"
	}
	return ""
}

func scheme(s *webhook.Scheme) string {
	if s.Build != nil {
		return "as configured"
	}
	var names []string
	for _, k := range s.Keys {
		if a := algorithm(k.Algorithm); a != "" && !strings.Contains(strings.Join(names, "|"), a) {
			names = append(names, a)
		}
	}
	text := strings.Join(names, ", ")
	switch s.Encoding {
	case webhook.Hex:
		text += " hex"
	case webhook.Base64:
		text += " base64"
	case webhook.Base64URL, webhook.Base64URLBare:
		text += " base64url"
	}
	return text
}

func tolerance(t webhook.Timestamp) string {
	if t.Source == webhook.NoTimestamp {
		return ""
	}
	return short(t.Past)
}

// short writes whole minutes and seconds without their zeros.
func short(d time.Duration) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "0s"), "m0")
}

func eventID(s *webhook.Scheme) string {
	var parts []string
	for _, rule := range s.ID {
		var texts []string
		for _, v := range rule.Parts {
			if t := value(s, v); t != "" {
				texts = append(texts, t)
			}
		}
		if t := strings.Join(texts, ""); t != "" && (len(parts) == 0 || parts[len(parts)-1] != t) {
			parts = append(parts, t)
		}
	}
	hash := "hash of the signed content"
	switch s.Hash {
	case webhook.HashBody:
		hash = "hash of the body"
	case webhook.HashRequest:
		hash = "each request"
	case webhook.HashTyped:
		hash = "type and body, hashed"
		if id := s.Headers[0].ID; id != "" {
			hash = id + ", " + hash
		}
	}
	if len(parts) == 0 || s.Hash == webhook.HashRequest {
		parts = append(parts, hash)
	}
	return strings.Join(parts, ", else ")
}

func value(s *webhook.Scheme, v webhook.Value) string {
	switch {
	case v.Header == webhook.HeaderID && len(s.Headers) > 0:
		return s.Headers[0].ID
	case v.Header == webhook.HeaderTimestamp:
		return "timestamp"
	case v.Name != "":
		return v.Name
	case v.Query != "":
		return "?" + v.Query
	case len(v.JSON) > 0:
		return strings.Join(v.JSON, ".")
	case v.Form != "":
		return v.Form
	}
	return v.Text
}
