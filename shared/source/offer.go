package source

import (
	"errors"
	"time"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/wire"
)

// OfferAge is how long an offer can be read: an operator who sets a source up
// is at work on it, and what is not there cannot leak.
const OfferAge = time.Hour

// ErrOfferOver reports an offer that is too old to be shown.
var ErrOfferOver = errors.New("source: the offer is over")

// Offer is a secret that a provider made and sent to the webhook's URL
// (Notion's verification_token). Nothing verifies with it: an operator reads
// it, and makes it the source's by a rotation.
type Offer struct {
	Secret []byte
	At     time.Time // when it came
}

// OfferKey is its key in the payload bucket, where it is sealed.
func OfferKey(tenant, name string) string { return "offer/" + tenant + "/" + name }

func offerAAD(tenant, name string) seal.AAD {
	return seal.AAD{Purpose: "offer", Tenant: tenant, Object: name, Field: "secret"}
}

// SealOffer seals an offer for one source. Errors: those of seal.Ring.Seal.
func SealOffer(ring *seal.Ring, tenant, name string, o *Offer) (string, error) {
	return ring.Seal(append(wire.AppendInt64(nil, millis(o.At)), o.Secret...), offerAAD(tenant, name))
}

// OpenOffer opens what SealOffer made for the same source. Errors: those of
// seal.Ring.Open, ErrFormat, ErrOfferOver.
func OpenOffer(ring *seal.Ring, tenant, name, sealed string, now time.Time) (*Offer, error) {
	b, err := ring.Open(sealed, offerAAD(tenant, name))
	if err != nil {
		return nil, err
	}
	if len(b) <= 8 {
		return nil, ErrFormat
	}
	o := &Offer{Secret: b[8:], At: instant(wire.NewReader(b[:8]).Int64())}
	if now.Sub(o.At) >= OfferAge {
		return nil, ErrOfferOver
	}
	return o, nil
}
