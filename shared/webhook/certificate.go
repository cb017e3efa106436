package webhook

import "time"

// verifyCertificate verifies under the certificate that the delivery names.
// What vouches for it is TLS to one of the row's places, from which alone it is
// fetched; its dates and its chain's are checked as far as Crypto.Certificate
// says. The sender's identity is asked first: a stranger without it causes no
// fetch.
func (v *Verifier) verifyCertificate(d *delivery, k *key, now time.Time) (bool, error) {
	c := v.scheme.Certificate
	if !c.Identity.none() {
		text, ok := d.text(&v.plan.identity)
		if !ok || same([]byte(text), k.secret) != 1 {
			return false, nil
		}
	}
	if !d.work.has(k) {
		return false, nil
	}
	url, ok := d.text(&v.plan.certURL)
	if !ok || !allowedURL(url, c.From) {
		return false, nil
	}
	var public []byte
	usable := func(chain []byte) (ok bool) {
		public, ok = v.crypto.Certificate(chain, now)
		return ok
	}
	chain, err := v.documents.get(d.req, &want{
		kind: certificateDocument, url: url, payer: v.payer, age: certificateAge, stale: certificateStale, usable: usable, unusable: ErrSignature,
	}, now)
	if err != nil {
		return false, err
	}
	if public == nil && !usable(chain) { // one that was kept, and has ended since
		return false, nil
	}
	a := RSASHA256
	if len(v.plan.sha1) > 0 && d.hold(v.plan.sha1) {
		a = RSASHA1
	}
	return v.verifyPublic(d.work, k, a, public), nil
}
