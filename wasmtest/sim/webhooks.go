package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

const (
	// patience is how many times a provider tries again.
	patience = 8
	// propagation is how long a published change takes to reach every edge:
	// the isolate's 30 s, KV's 60 s, and the way.
	propagation = 2 * time.Minute
	// large is how long the padding of one body in oneInLarge is: over the
	// 100 KiB up to which a queue's message carries its event itself, so this
	// one goes by way of R2.
	large      = 101 << 10
	oneInLarge = 30
	// sourceKept is how long an isolate goes on with a configuration that it
	// has read. From then until KV's minute is over, its location may have a
	// stale copy.
	sourceKept = 30 * time.Second
)

// webhooks is a provider with a hook at every tenant, and the operator of
// those hooks. It holds G1 for the answers to its deliveries; the agents hold
// the rest for its events.
type webhooks struct {
	*simulation
	secrets    map[string]string    // by tenant: what the provider signs with
	retired    map[string][]retired // what it signed with before
	deliveries []*Delivery
}

// Delivery is one request of a provider.
type Delivery struct {
	At      time.Time
	Tenant  string
	ID      string // the provider's id of the event
	Body    string
	Forged  string // how; empty for a genuine one
	Status  int    // 0: no answer came
	Settled time.Time

	secret   string // signed with, if not with the provider's current one
	location string // where it arrives; empty for anywhere
}

func (d *Delivery) key() string { return d.Tenant + "/gh/" + d.ID }

func (d *Delivery) accepted() bool { return d.Status >= 200 && d.Status < 300 }

func newWebhooks(s *simulation) part {
	w := &webhooks{simulation: s, secrets: map[string]string{}, retired: map[string][]retired{}}
	return part{
		name: "webhooks", steps: 40,
		setUp:   w.setUp,
		step:    w.step,
		check:   func(add adder) { checkDeliveries(w.deliveries, add) },
		figures: func() []Figure { return []Figure{{"requests of providers", len(w.deliveries)}} },
	}
}

// checkDeliveries is G1 for what providers and forgers were answered.
func checkDeliveries(list []*Delivery, add adder) {
	for _, d := range list {
		if d.Forged != "" && d.accepted() {
			add("G1", d.key(), "forged (%s) and answered %d", d.Forged, d.Status)
		}
	}
}

// setUp configures a tenant's hook.
func (w *webhooks) setUp(tenant string) {
	w.secrets[tenant] = fmt.Sprintf("provider-secret-of-%s-%d", tenant, w.rand.Uint32())
	w.must("PUT", tenant+"/sources/gh", fmt.Sprintf(`{"provider":"github","secrets":[%q]}`, w.secrets[tenant]))
}

// step is one thing that happens, and what it was.
func (w *webhooks) step(t string) string {
	fresh := &Delivery{Tenant: t, ID: w.id(), Body: w.body()}
	switch n := w.rand.IntN(86); {
	case n < 40:
		w.send(fresh, 0)
		return "deliver " + fresh.key()
	case n < 50:
		w.send(fresh, 0)
		again := w.rand.Between(-2*time.Second, 3*time.Second) // at once as often as not
		w.edge.After(again, func() { w.send(&Delivery{Tenant: t, ID: fresh.ID, Body: fresh.Body}, 0) })
		return "deliver twice at once " + fresh.key()
	case n < 57:
		return w.redeliver("")
	case n < 62: // the same id at the other tenant is another event
		return w.redeliver(t)
	case n < 70:
		fresh.Forged = []string{"wrong secret", "no signature", "other body", "two signatures"}[w.rand.IntN(4)]
		w.send(fresh, 0)
		return "forge (" + fresh.Forged + ") " + fresh.key()
	case n < 78:
		return w.sendOld(fresh)
	}
	// Somewhere the old configuration was just read, and is asked for again
	// when the isolate has forgotten it, and KV's copy has not ended.
	where := locations()[w.rand.IntN(len(locations()))]
	w.send(&Delivery{Tenant: t, ID: w.id(), Body: "{}", Forged: "wrong secret", location: where}, 0)
	fresh.location = where
	w.edge.After(sourceKept+w.rand.Between(time.Second, 5*time.Second), func() { w.send(fresh, 0) })
	w.edge.Advance(time.Second)
	w.rotate(t)
	return "rotate the provider's secret of " + t + ", and deliver " + fresh.key() + " at " + where
}

func (w *webhooks) id() string {
	return fmt.Sprintf("%08x-cc78-11e3-81ab-%012x", w.rand.Uint32(), w.rand.Uint64()&0xffffffffffff)
}

func (w *webhooks) body() string {
	pad := w.rand.IntN(200)
	if w.rand.IntN(oneInLarge) == 0 {
		pad += large
	}
	return fmt.Sprintf(`{"ref":"refs/heads/%d","pad":"%s"}`, w.rand.Uint32(), strings.Repeat("x", pad))
}

// genuine is some event that was sent before; nil for none.
func (w *webhooks) genuine() *Delivery {
	var list []*Delivery
	for _, d := range w.deliveries {
		if d.Forged == "" {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[w.rand.IntN(len(list))]
}

// redeliver sends an event again, to a tenant of its own or to the given one.
func (w *webhooks) redeliver(tenant string) string {
	d := w.genuine()
	if d == nil {
		return "nothing to redeliver"
	}
	if tenant == "" {
		tenant = d.Tenant
	}
	w.send(&Delivery{Tenant: tenant, ID: d.ID, Body: d.Body}, 0)
	return "redeliver " + d.key() + " to " + tenant
}

// retired is a secret that was rotated out.
type retired struct {
	secret string
	end    time.Time // of its overlap
	gone   time.Time // from then on every edge refuses it
}

// sendOld signs with a secret that was rotated out. In its overlap that is
// genuine; in the minutes after, when edges may or may not know, it is nothing
// that can be checked.
func (w *webhooks) sendOld(d *Delivery) string {
	list := w.retired[d.Tenant]
	if len(list) == 0 {
		return "no old secret"
	}
	old := list[w.rand.IntN(len(list))]
	d.secret = old.secret
	switch now := w.edge.Now(); {
	case now.Before(old.end):
	case now.After(old.gone):
		d.Forged = "rotated out"
	default:
		return "an old secret on its way out"
	}
	w.send(d, 0)
	return "deliver with an old secret " + d.key()
}

// send sends a delivery; a genuine one that is not answered 2xx is sent again
// as providers do, with growing pauses.
func (w *webhooks) send(d *Delivery, try int) {
	d.At = w.edge.Now()
	w.deliveries = append(w.deliveries, d)
	if d.Forged != "" {
		w.events.Forged(d.Tenant, d.key(), d.Forged)
	} else {
		w.events.Genuine(d.Tenant, d.key(), d.Body)
	}
	w.edge.Send(w.request(d), func(res *http.Response) {
		if res.StatusCode != 499 { // the client left: it heard nothing
			d.Status = res.StatusCode
		}
		d.Settled = w.edge.Now()
		if d.accepted() && d.Forged == "" {
			w.events.Promise(d.Tenant, d.key())
		}
		if !d.accepted() && d.Forged == "" && try < patience {
			again := &Delivery{Tenant: d.Tenant, ID: d.ID, Body: d.Body}
			w.edge.After(time.Duration(10<<try)*time.Second, func() { w.send(again, try+1) })
		}
	})
}

func (w *webhooks) request(d *Delivery) *http.Request {
	r, _ := http.NewRequest("POST", "https://hooks.example.com/webhooks/"+d.Tenant+"/gh", strings.NewReader(d.Body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Github-Event", "push")
	r.Header.Set("X-Github-Delivery", d.ID)
	sign := func(secret, body string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		return "sha256=" + hex.EncodeToString(mac.Sum(nil))
	}
	secret := d.secret
	if secret == "" {
		secret = w.secrets[d.Tenant]
	}
	good := sign(secret, d.Body)
	switch d.Forged {
	case "", "rotated out":
		r.Header.Set("X-Hub-Signature-256", good)
	case "wrong secret":
		r.Header.Set("X-Hub-Signature-256", sign("guess", d.Body))
	case "other body":
		r.Header.Set("X-Hub-Signature-256", sign(secret, d.Body+" "))
	case "two signatures":
		r.Header["X-Hub-Signature-256"] = []string{good, sign("guess", d.Body)}
	}
	if d.location != "" {
		r = wasmtest.At(r, d.location)
	}
	return r
}

// rotate changes the provider's secret. The provider signs with the new one
// once the API has said that it is stored.
func (w *webhooks) rotate(t string) {
	secret, overlap := fmt.Sprintf("rotated-secret-of-%s-%d", t, w.rand.Uint32()), w.overlap()
	status, _ := w.must("POST", t+"/sources/gh/rotate", fmt.Sprintf(`{"secret":%q,"overlap":%q}`, secret, overlap.String()))
	if status < 200 || status >= 300 {
		return
	}
	old := retired{secret: w.secrets[t], end: w.edge.Now().Add(overlap)}
	w.secrets[t] = secret
	for range tries {
		_, answer := w.must("GET", t+"/sources/gh", "")
		var source struct {
			Published bool `json:"published"`
		}
		if json.Unmarshal(answer, &source) == nil && source.Published {
			old.gone = w.edge.Now()
			if old.gone.Before(old.end) {
				old.gone = old.end
			}
			old.gone = old.gone.Add(propagation)
			w.retired[t] = append(w.retired[t], old)
			return
		}
		w.edge.Advance(10 * time.Second)
	}
}
