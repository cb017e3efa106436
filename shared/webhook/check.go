package webhook

import "strings"

// minSetup is the shortest text, in bytes, by which a provider is known that
// offers a secret: it is as good as that secret.
const minSetup = 16

// Check says whether a configuration may be stored. It is stricter than [New],
// which must go on with what was stored before: beyond New's errors it refuses
// what would verify nothing, and what protects less than it says. Errors: New's.
func Check(cfg Config) error {
	v, err := New(cfg)
	if err != nil {
		return err
	}
	if err := v.checkParams(); err != nil {
		return err
	}
	for _, k := range v.keys {
		if k.rule.Algorithm == SharedToken && !v.carries(k) {
			return ErrSecretFormat
		}
	}
	return nil
}

// checkParams refuses parameters that are idle without another. Errors:
// ErrParams.
func (v *Verifier) checkParams() error {
	if v.scheme.Timestamp.Source == NoTimestamp && (v.params["tolerance"] != "" || v.params["timestamp_format"] != "") {
		return ErrParams // the operator believes that old deliveries are refused
	}
	for i := range v.scheme.Handshakes {
		h := &v.scheme.Handshakes[i]
		if given := v.params[h.KnownParam]; h.Offers && given != "" && len(given) < minSetup {
			return ErrParams // who guesses it chooses the secret
		}
	}
	t := v.scheme.Tokens
	if t == nil || v.params[t.Param] == "" {
		return nil
	}
	for _, issuer := range t.JWT.Issuers {
		if v.param(issuer) == "" {
			return ErrParams // no token would have an issuer
		}
	}
	return nil
}

// carries says that a request can carry the token where the row has it. A
// header's value has no outer white space (RFC 9110 §5.5), no control
// characters, and a comma is refused where it may have joined two lines.
func (v *Verifier) carries(k *key) bool {
	token := string(k.secret)
	if len(token) > maxSignature {
		return false // more is not read, see candidate
	}
	if v.plan.inBody || v.scheme.Encoding != Raw || strings.HasPrefix(v.scheme.Headers[0].Signature, "?") {
		return true
	}
	for i := range len(token) {
		if c := token[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	value := k.rule.Label + token
	return strings.Trim(value, " \t") == value && (v.plan.commas && !strings.Contains(value, ", ") || !strings.Contains(value, ","))
}
