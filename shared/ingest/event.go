package ingest

import (
	"strings"

	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/planted"
)

// seenKey is the idempotency key of an event in KV.
func seenKey(key string) string {
	if planted.Bug == "sharedkey" {
		_, key, _ = strings.Cut(key, "/")
	}
	return "evt:" + key
}

// maxContentType bounds the Content-Type that is kept, in bytes; longer ones
// are no media type anybody registered.
const maxContentType = 255

func contentType(h Header) string {
	v := h.Values("content-type")
	if len(v) != 1 || len(v[0]) > maxContentType {
		return "application/octet-stream"
	}
	for i := range len(v[0]) {
		if c := v[0][i]; c < 0x20 || c > 0x7e {
			return "application/octet-stream"
		}
	}
	return v[0]
}

// log writes one line: what happened, where, to which event. Never a secret,
// a signature or a payload.
func (d *delivery) log(level, what, key string) {
	d.gate.cfg.Log(d.line(level, what, "event_key", key))
}

func (d *delivery) logRefusal(code string) {
	d.gate.cfg.Log(d.line("warn", "webhook.refused", "code", code))
}

func (d *delivery) line(level, what, name, value string) []byte {
	b := append(make([]byte, 0, 192), `{"level":"`...)
	b = append(append(b, level...), `","event":"`...)
	b = append(append(b, what...), `","tenant":"`...)
	b = append(append(b, d.tenant...), `","source":"`...)
	b = append(append(b, d.source...), '"')
	if value != "" {
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = jsontext.AppendString(b, value)
	}
	return append(b, '}')
}
