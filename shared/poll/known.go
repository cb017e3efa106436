package poll

import (
	"crypto/sha256"
	"encoding/binary"
)

// maxKnown is how many items a poll remembers: more than one page of any
// preset and than any window, at 12 bytes each 98 KB, under a value's 2 MB.
const maxKnown = 8192

const knownBytes = 12 // 8 of the id's hash, 4 of the content's

// known are the items that were taken last, so that an overlap or a window
// that is read again costs no question to the Ledger. SHA-256, because whoever
// can write items must not make one that hides another.
type known struct {
	order []uint64
	ids   map[uint64]uint32 // to the content's hash
	dirty bool
	// touched are those met in this crawl; they are the last to go.
	touched map[uint64]bool
	// changed counts ids that came again with other content.
	changed int
}

func readKnown(b []byte) *known {
	k := &known{ids: make(map[uint64]uint32, len(b)/knownBytes), touched: map[uint64]bool{}}
	for ; len(b) >= knownBytes; b = b[knownBytes:] {
		id := binary.LittleEndian.Uint64(b)
		k.order = append(k.order, id)
		k.ids[id] = binary.LittleEndian.Uint32(b[8:])
	}
	return k
}

func hashes(id string, body []byte) (uint64, uint32) {
	a, b := sha256.Sum256([]byte(id)), sha256.Sum256(body)
	return binary.LittleEndian.Uint64(a[:]), binary.LittleEndian.Uint32(b[:])
}

// has reports whether an item is known.
func (k *known) has(id string, body []byte) bool {
	h, content := hashes(id, body)
	old, ok := k.ids[h]
	if !ok {
		return false
	}
	k.touched[h] = true
	if old != content {
		k.ids[h], k.dirty = content, true
		k.changed++
	}
	return true
}

func (k *known) add(id string, body []byte) {
	h, content := hashes(id, body)
	if _, ok := k.ids[h]; !ok {
		k.order = append(k.order, h)
	}
	k.ids[h], k.dirty = content, true
	k.touched[h] = true
}

// bytes are the items to be kept: what was met last goes last.
func (k *known) bytes() []byte {
	var old, met []uint64
	for _, h := range k.order {
		if k.touched[h] {
			met = append(met, h)
		} else {
			old = append(old, h)
		}
	}
	keep := append(old, met...)
	keep = keep[max(len(keep)-maxKnown, 0):]
	b := make([]byte, 0, len(keep)*knownBytes)
	for _, h := range keep {
		b = binary.LittleEndian.AppendUint64(b, h)
		b = binary.LittleEndian.AppendUint32(b, k.ids[h])
	}
	return b
}
