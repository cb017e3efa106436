package webhook

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

const (
	// maxToken bounds a JWT, in bytes.
	maxToken = 8 << 10
	// jwtLeeway is how far clocks may differ (RFC 7519 §4.1.4).
	jwtLeeway = time.Minute
	// maxAudiences bounds an array of audiences.
	maxAudiences = 16
)

var jwtBase64 = base64.RawURLEncoding.Strict()

// jwt is a token taken apart.
type jwt struct {
	signed         string // header and claims as they are signed
	header, claims []byte
	signature      []byte
	alg            string // as the token asks for
}

// parseJWT takes a token apart; ok is false for what is none, and for one with
// an extension that must be understood (RFC 7515 §4.1.11).
func parseJWT(text string) (t jwt, ok bool) {
	if len(text) > maxToken || strings.ContainsAny(text, "\r\n") {
		return t, false
	}
	header, rest, _ := strings.Cut(text, ".")
	claims, signature, found := strings.Cut(rest, ".")
	if !found {
		return t, false
	}
	t.signed = text[:len(header)+1+len(claims)]
	var errs [3]error
	t.header, errs[0] = jwtBase64.DecodeString(header)
	t.claims, errs[1] = jwtBase64.DecodeString(claims)
	t.signature, errs[2] = jwtBase64.DecodeString(signature)
	t.alg, _ = jsontext.FindString(t.header, "alg")
	_, critical := jsontext.Find(t.header, "crit")
	return t, errs[0] == nil && errs[1] == nil && errs[2] == nil && !critical
}

// verifyJWT holds the token against the key, then its claims against the row.
// The algorithm is the key's; a token that names another is refused.
func (v *Verifier) verifyJWT(d *delivery, k *key, now time.Time) (bool, error) {
	t, ok := parseJWT(d.work.token)
	if !ok {
		return false, ErrMalformed
	}
	j := v.scheme.JWT
	if k.rule.Algorithm == JWTHS256 {
		mac := v.crypto.HMAC(SHA256, k.secret, []byte(t.signed))
		ok = t.alg == "HS256" && len(mac) == SHA256.Size() && same(mac, t.signature) == 1
	} else {
		// The identity first: a stranger without it causes no fetch.
		if !v.jwtIdentity(&t, k) {
			return false, nil
		}
		var err error
		if ok, err = v.jwtPublic(d, j, k.secret, &t, now); err != nil {
			return false, err
		}
	}
	if !ok {
		return false, nil
	}
	return true, v.jwtClaims(d, j, &t, now)
}

// jwtIdentity says whether the token is about whom the secret names.
func (v *Verifier) jwtIdentity(t *jwt, k *key) bool {
	j := v.scheme.JWT
	if j.KeySet == "" {
		return true
	}
	name, ok := jsontext.FindString(t.claims, j.Identity)
	if !ok || same([]byte(name), k.secret) != 1 {
		return false
	}
	if j.Verified == "" {
		return true
	}
	raw, _ := jsontext.Find(t.claims, j.Verified)
	return string(raw) == "true"
}

// jwtPublic verifies under the public key, or where the row has a key set under
// the one of it that the token names.
func (v *Verifier) jwtPublic(d *delivery, j *JWT, public []byte, t *jwt, now time.Time) (bool, error) {
	a, ok := jwtAlgorithm(t.alg)
	if !ok || !a.fits(len(t.signature)) {
		return false, nil
	}
	if url := j.KeySet; url != "" {
		kid, _ := jsontext.FindString(t.header, "kid")
		var err error
		if public, err = v.keyOfSet(d.req, v.param(url), kid, a, now); err != nil || public == nil {
			return false, err
		}
	}
	// Verify refuses a key of the other kind.
	return v.crypto.Verify(a, public, []byte(t.signed), t.signature), nil
}

func jwtAlgorithm(alg string) (Algorithm, bool) {
	switch alg {
	case "RS256":
		return RSASHA256, true
	case "ES256":
		return ECDSAP256P1363, true
	}
	return 0, false
}

// jwtClaims checks what a good signature says. Errors: ErrStale, ErrFuture,
// ErrMalformed, ErrSignature.
func (v *Verifier) jwtClaims(d *delivery, j *JWT, t *jwt, now time.Time) error {
	if err := jwtTimes(t.claims, j, now); err != nil {
		return err
	}
	if len(j.Issuers) > 0 {
		iss, _ := jsontext.FindString(t.claims, "iss")
		if iss == "" || !slices.ContainsFunc(j.Issuers, func(want string) bool { return v.param(want) == iss }) {
			return ErrSignature
		}
	}
	if j.Audience && !hasAudience(t.claims, v.audience(d.req)) {
		return ErrSignature
	}
	if j.BodyHash != "" && !v.claimsHash(t, j.BodyHash, d.req.Body) {
		return ErrSignature
	}
	if j.RequestHash != "" {
		canonical, ok := appendCanonical(nil, d.req, v.params[basePathParam])
		if !ok || !v.claimsHash(t, j.RequestHash, canonical) {
			return ErrSignature
		}
	}
	return nil
}

// claimsHash says whether a claim is the SHA-256 of content, in hex.
func (v *Verifier) claimsHash(t *jwt, claim string, content []byte) bool {
	var want [32]byte
	text, _ := jsontext.FindString(t.claims, claim)
	return len(text) == 2*len(want) && decodeHex(want[:], text) > 0 && same(want[:], v.crypto.Sum(SHA256, content)) == 1
}

func jwtTimes(claims []byte, j *JWT, now time.Time) error {
	at := func(name string) (t time.Time, there, ok bool) {
		text, there := jsontext.FindString(claims, name)
		if !there {
			return t, false, true
		}
		whole, _, _ := strings.Cut(text, ".") // NumericDate may have a fraction
		n, ok := digits(whole)
		return time.Unix(n, 0), true, ok
	}
	exp, hasExp, okExp := at("exp")
	nbf, hasNbf, okNbf := at("nbf")
	iat, hasIat, okIat := at("iat")
	switch {
	case !okExp || !okNbf || !okIat:
		return ErrMalformed
	case !j.Timeless && j.MaxAge == 0 && !hasExp, j.MaxAge > 0 && !hasIat:
		return ErrMalformed
	case hasExp && now.Sub(exp) > jwtLeeway, j.MaxAge > 0 && now.Sub(iat) > j.MaxAge:
		return ErrStale
	case hasNbf && nbf.Sub(now) > jwtLeeway, hasIat && iat.Sub(now) > jwtLeeway:
		return ErrFuture
	}
	return nil
}

// audience is whom a token must be for.
func (v *Verifier) audience(r *Request) string {
	if a := v.params["audience"]; a != "" {
		return a
	}
	url, _, _ := strings.Cut(r.URL, "?")
	return url
}

func hasAudience(claims []byte, want string) bool {
	if want == "" {
		return false
	}
	raw, ok := jsontext.Find(claims, "aud")
	if !ok {
		return false
	}
	if text, ok := jsontext.String(raw); ok {
		return text == want
	}
	list, ok := jsontext.Elements(raw, maxAudiences)
	return ok && slices.ContainsFunc(list, func(raw []byte) bool {
		text, _ := jsontext.String(raw)
		return text == want
	})
}
