package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// step is one thing that happens, and what it was.
func (s *simulation) step() string {
	t := tenant(s.rand.IntN(tenants))
	fresh := &Delivery{Tenant: t, ID: s.id(), Body: s.body()}
	switch n := s.rand.IntN(100); {
	case n < 46:
		s.send(fresh, 0)
		return "deliver " + key(t, fresh.ID)
	case n < 52:
		s.send(fresh, 0)
		s.send(&Delivery{Tenant: t, ID: fresh.ID, Body: fresh.Body}, 0)
		return "deliver twice at once " + key(t, fresh.ID)
	case n < 62:
		return s.redeliver("")
	case n < 67: // the same id at the other tenant is another event
		return s.redeliver(t)
	case n < 75:
		fresh.Forged = []string{"wrong secret", "no signature", "other body", "two signatures"}[s.rand.IntN(4)]
		s.send(fresh, 0)
		return "forge (" + fresh.Forged + ") " + key(t, fresh.ID)
	case n < 79:
		return s.sendOld(fresh)
	case n < 83:
		d := s.rand.Between(time.Second, 3*time.Minute)
		s.agents.down[t] = s.edge.Now().Add(d)
		return fmt.Sprintf("agent of %s down for %v", t, d)
	}
	return s.operate(t)
}

func (s *simulation) id() string {
	return fmt.Sprintf("%08x-cc78-11e3-81ab-%012x", s.rand.Uint32(), s.rand.Uint64()&0xffffffffffff)
}

func (s *simulation) body() string {
	return fmt.Sprintf(`{"ref":"refs/heads/%d","pad":"%s"}`, s.rand.Uint32(), strings.Repeat("x", s.rand.IntN(200)))
}

// genuine is some event that was sent before; nil for none.
func (s *simulation) genuine() *Delivery {
	var list []*Delivery
	for _, d := range s.history.Deliveries {
		if d.Forged == "" {
			list = append(list, d)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[s.rand.IntN(len(list))]
}

// redeliver sends an event again, to a tenant of its own or to the given one.
func (s *simulation) redeliver(tenant string) string {
	d := s.genuine()
	if d == nil {
		return "nothing to redeliver"
	}
	if tenant == "" {
		tenant = d.Tenant
	}
	s.send(&Delivery{Tenant: tenant, ID: d.ID, Body: d.Body}, 0)
	return "redeliver " + key(d.Tenant, d.ID) + " to " + tenant
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
func (s *simulation) sendOld(d *Delivery) string {
	list := s.retired[d.Tenant]
	if len(list) == 0 {
		return "no old secret"
	}
	old := list[s.rand.IntN(len(list))]
	d.secret = old.secret
	switch now := s.edge.Now(); {
	case now.Before(old.end):
	case now.After(old.gone):
		d.Forged = "rotated out"
	default:
		return "an old secret on its way out"
	}
	s.send(d, 0)
	return "deliver with an old secret " + key(d.Tenant, d.ID)
}

// send sends a delivery; a genuine one that is not answered 2xx is sent again
// as providers do, with growing pauses.
func (s *simulation) send(d *Delivery, try int) {
	d.At = s.edge.Now()
	s.history.Deliveries = append(s.history.Deliveries, d)
	s.edge.Send(s.request(d), func(res *http.Response) {
		if res.StatusCode != 499 { // the client left: it heard nothing
			d.Status = res.StatusCode
		}
		d.Settled = s.edge.Now()
		ok := d.Status >= 200 && d.Status < 300
		if !ok && d.Forged == "" && try < patience {
			again := &Delivery{Tenant: d.Tenant, ID: d.ID, Body: d.Body}
			s.edge.After(time.Duration(10<<try)*time.Second, func() { s.send(again, try+1) })
		}
	})
}

func (s *simulation) request(d *Delivery) *http.Request {
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
		secret = s.secrets[d.Tenant]
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
	return r
}
