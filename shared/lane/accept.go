package lane

import (
	"encoding/hex"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/planted"
	"github.com/hookweir/hookweir/shared/sqlstore"
)

// orphanDrop is how long a stored body may wait for its write before it is
// dropped: longer than any call takes.
const orphanDrop = time.Hour

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Accept takes writes, all or none: when it returns nil they are durable. An
// idempotency key that a write has, or had within 72 h, answers that one's id. Errors:
// *ItemError, ErrFull, ErrRequest for none or more than MaxList,
// outbound.ErrNotFound.
func (l *Lane) Accept(writes []Write) ([]Accepted, error) {
	if len(writes) == 0 || len(writes) > MaxList {
		return nil, ErrRequest
	}
	claims, err := l.store(writes)
	if err != nil {
		return nil, err
	}
	now := l.now()
	out := make([]Accepted, len(writes))
	var ordered, unordered bool
	var first time.Time // of those with a time
	err = l.tx(func(h *head) error {
		if !h.configured {
			return outbound.ErrNotFound
		}
		for i := range writes {
			rule, text := writes[i].check(&h.cfg, now)
			if rule == "" {
				continue
			}
			// One that was accepted is not refused for what has changed since.
			if known, err := l.seen(&writes[i], now); err != nil {
				return err
			} else if known.id == "" || known.conflict {
				return &ItemError{i, rule, text}
			}
		}
		fresh := map[string]int{} // heads made by this list, by key
		for i := range writes {
			w := &writes[i]
			known, err := l.seen(w, now)
			switch {
			case err != nil:
				return err
			case known.conflict:
				return &ItemError{i, RuleConflict, "the idempotency_key was used for another write"}
			case known.id != "":
				out[i] = Accepted{ID: known.id, Duplicate: true}
				continue
			}
			if h.depth >= MaxOpen || h.bytes+int64(len(w.Body)) > MaxOpenBytes || h.bytes+h.state.Kept+int64(len(w.Body)) > maxStored || h.seq >= maxSeq {
				return ErrFull
			}
			id, err := l.insert(h, w, claims[i], now, fresh)
			if err != nil {
				return err
			}
			out[i] = Accepted{ID: id}
			switch {
			case w.NotBefore.After(now):
				first = earliest(first, w.NotBefore)
			case w.PartitionKey != "":
				ordered = true
			default:
				unordered = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	switch {
	case ordered: // the alarm drains them
		err = l.arm(now)
		l.wakeDrain()
	case unordered:
		err = l.arm(earliest(first, now.Add(sweepGrace)))
	case !first.IsZero():
		err = l.arm(first)
	}
	if err != nil {
		return nil, err // the rows hold; with an idempotency key a repeat is safe
	}
	if unordered {
		// The queue may refuse: then the alarm sends them.
		l.sendReady()
	}
	return out, nil
}

// store puts the bodies too large for a row into the bucket: noted for
// dropping first, so that none is left over whatever happens in between.
func (l *Lane) store(writes []Write) (map[int]string, error) {
	claims := map[int]string{}
	for i := range writes {
		if n := len(writes[i].Body); n > inlineLimit && n <= MaxBody {
			b, err := l.random(16)
			if err != nil {
				return nil, err
			}
			claims[i] = "write/" + l.tenant + "/" + l.destination + "/" + hex.EncodeToString(b)
		}
	}
	if len(claims) == 0 {
		return nil, nil
	}
	now := l.now()
	err := l.tx(func(h *head) error {
		if !h.configured {
			return outbound.ErrNotFound
		}
		for _, claim := range claims {
			if err := l.dropLater(claim, now.Add(orphanDrop)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := l.arm(now.Add(orphanDrop)); err != nil {
		return nil, err
	}
	for i, claim := range claims {
		if err := l.cfg.PutPayload(claim, writes[i].Body); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

func (l *Lane) dropLater(claim string, due time.Time) error {
	_, err := l.cfg.DB.Exec(`INSERT INTO drops (claim, due_at) VALUES (?, ?) ON CONFLICT (claim) DO UPDATE SET due_at = excluded.due_at`, claim, millis(due))
	return err
}

type earlier struct {
	id       string
	conflict bool
}

// seen looks an idempotency key up: it stands for its write while that is open
// or undecided, and for the retention after.
func (l *Lane) seen(w *Write, now time.Time) (earlier, error) {
	if w.IdempotencyKey == "" {
		return earlier{}, nil
	}
	rows, err := l.cfg.DB.Exec(`SELECT seq, tag, digest FROM writes WHERE idem = ? AND (settled_at IS NULL OR settled_at > ? OR state IN ('dead', 'parked')) ORDER BY seq LIMIT 1`,
		w.IdempotencyKey, millis(now.Add(-Retention)))
	if err != nil {
		return earlier{}, err
	}
	r, ok := rows.First()
	if !ok {
		return earlier{}, nil
	}
	seq, tag, digest := r.Int64(), r.Text(), r.Blob()
	if err := r.Done(); err != nil {
		return earlier{}, err
	}
	return earlier{id: l.id(seq, tag), conflict: string(digest) != string(w.digest())}, nil
}

// insert stores one write in its place and returns its id.
func (l *Lane) insert(h *head, w *Write, claim string, now time.Time, fresh map[string]int) (string, error) {
	h.seq++
	h.depth++
	h.bytes += int64(len(w.Body))
	raw, err := l.random(tagBytes)
	if err != nil {
		return "", err
	}
	tag := hex.EncodeToString(raw)
	header, err := json.Marshal(w.Header)
	if err != nil {
		return "", err
	}
	var body any
	if claim == "" {
		body = append([]byte{}, w.Body...) // an empty body is not NULL
		if w.Body == nil {
			body = nil
		}
	} else if _, err := l.cfg.DB.Exec(`DELETE FROM drops WHERE claim = ?`, claim); err != nil {
		return "", err
	}
	first, err := l.isHead(w.PartitionKey, fresh)
	if err != nil {
		return "", err
	}
	var ready, due any
	switch {
	case !first: // behind
	case w.NotBefore.After(now):
		due = millis(w.NotBefore)
	default:
		ready = rank(now, w.Priority)
	}
	var idem any
	if w.IdempotencyKey != "" {
		idem = w.IdempotencyKey
	}
	_, err = l.cfg.DB.Exec(`INSERT INTO writes (seq, tag, method, path, header, part, ordered, idem, digest, priority, not_before, expires_at,
			accepted, since, size, claim, state, holds, rank, due_at, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)`,
		h.seq, tag, w.Method, w.Path, string(header), w.PartitionKey, w.PartitionKey != "", idem, w.digest(), w.Priority,
		millis(w.NotBefore), millis(w.ExpiresAt), millis(now), millis(later(now, w.NotBefore)), len(w.Body), claim, Pending, ready, due, body)
	return l.id(h.seq, tag), err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// isHead reports whether a new write of the key has none before it.
func (l *Lane) isHead(part string, fresh map[string]int) (bool, error) {
	if part == "" || planted.Bug == "noorder" {
		return true, nil
	}
	if fresh[part]++; fresh[part] > 1 {
		return false, nil
	}
	n, err := sqlstore.Int64(l.cfg.DB, `SELECT EXISTS (SELECT 1 FROM writes WHERE part = ? AND holds = 1)`, part)
	return n == 0, err
}

func (l *Lane) random(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(l.cfg.Rand, b)
	return b, err
}

// id is a write's id; the tag is stored in hexadecimal.
func (l *Lane) id(seq int64, tag string) string {
	raw, _ := hex.DecodeString(tag) // our own
	return writeID(l.destination, seq, string(raw))
}
