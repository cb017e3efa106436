package ingest

import (
	"strconv"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// maxUses bounds the secrets whose uses an isolate counts.
const maxUses = 4096

// uses counts the deliveries each secret vouched for since the isolate
// started, by source and secret id. When it is full it starts again: the log
// lines hold what it knew.
type uses struct{ counts map[string]uint64 }

func (u *uses) add(key string, n int) uint64 {
	if u.counts == nil || len(u.counts) >= maxUses {
		u.counts = map[string]uint64{}
	}
	u.counts[key] += uint64(n)
	return u.counts[key]
}

// logAccepted says, while a source has several secrets, which one vouched for a
// delivery and how often it has in this isolate: a rotation is over when the
// old one no longer appears. With one secret there is nothing to tell, and a
// line for each delivery would cost more than verifying it.
func (d *delivery) logAccepted(key, secret string, events int) {
	if !d.src.rotating {
		return
	}
	n := d.gate.uses.add(d.tenant+"/"+d.source+"/"+secret, 1)
	b := d.line("info", "webhook.accepted", "event_key", key)
	b = append(b[:len(b)-1], `,"secret":`...)
	b = jsontext.AppendString(b, secret)
	b = strconv.AppendUint(append(b, `,"secret_uses":"`...), n, 10)
	b = strconv.AppendInt(append(b, `","events":"`...), int64(events), 10)
	d.gate.cfg.Log(append(b, `"}`...))
}
