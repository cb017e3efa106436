package webhook

import (
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// maxTokens bounds the tokens of one delivery: one for each app and tenant
// that its notifications are for.
const maxTokens = 16

// tokens verifies the tokens that the body carries beside its proof, where the
// source has the parameter that asks for them: each must verify, and there
// must be one. The proof is verified first, and who the token names next: a
// stranger causes no fetch. Errors: ErrMissingHeader, ErrMalformed,
// ErrSignature, ErrStale, ErrFuture, ErrKeysUnavailable.
func (v *Verifier) tokens(d *delivery, now time.Time) error {
	s := v.scheme.Tokens
	if s == nil || v.params[s.Param] == "" {
		return nil
	}
	raw, ok := jsontext.Find(d.req.Body, s.Path...)
	if !ok {
		return ErrMissingHeader
	}
	list, ok := jsontext.Elements(raw, maxTokens)
	switch {
	case !ok:
		return ErrMalformed
	case len(list) == 0:
		return ErrMissingHeader
	}
	for _, raw := range list {
		text, _ := jsontext.String(raw)
		t, ok := parseJWT(text)
		if !ok {
			return ErrMalformed
		}
		if !s.from(&t) {
			return ErrSignature
		}
		switch ok, err := v.jwtPublic(d, &s.JWT, nil, &t, now); {
		case err != nil:
			return err
		case !ok:
			return ErrSignature
		}
		if err := v.jwtClaims(d, &s.JWT, &t, now); err != nil {
			return err
		}
	}
	return nil
}

// from says that one of the claims names the sender, and none another.
func (s *Tokens) from(t *jwt) bool {
	named := false
	for _, claim := range s.Sender {
		text, ok := jsontext.FindString(t.claims, claim)
		if ok && text != s.Is {
			return false
		}
		named = named || ok
	}
	return named
}
