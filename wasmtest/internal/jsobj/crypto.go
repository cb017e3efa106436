package jsobj

import (
	"fmt"
	"strconv"
)

// maxRandomBytes is the most that one getRandomValues call fills (Web Crypto).
const maxRandomBytes = 65_536

func (r *Realm) crypto() *Namespace {
	return r.record("crypto", map[string]Func{
		"getRandomValues": func(c *Call) (Value, error) {
			a, ok := c.Arg(0).(*Uint8Array)
			if !ok {
				return nil, &Missing{"crypto.getRandomValues of " + Describe(c.Arg(0))}
			}
			if a.Len() > maxRandomBytes {
				return nil, &Throw{c.Realm.NewError("QuotaExceededError", "getRandomValues() only accepts buffers of size <= 64K but provided "+strconv.Itoa(a.Len())+" bytes.")}
			}
			c.Realm.host.Random(a.Bytes())
			return a, nil
		},
		"randomUUID": func(c *Call) (Value, error) {
			var b [16]byte
			c.Realm.host.Random(b[:])
			b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // RFC 9562, section 5.4
			return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
		},
	})
}
