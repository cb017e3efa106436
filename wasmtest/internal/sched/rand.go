package sched

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// Stream names an independent sequence of one seed. What one part of the
// simulation draws never shifts what another draws.
type Stream uint64

// Streams.
const (
	Ties     Stream = 1 // order of tasks of one instant
	Latency  Stream = 2 // how long the platform takes
	Fault    Stream = 3 // which faults happen
	Entropy  Stream = 4 // randomness the guest sees
	Workload Stream = 5 // what the test sends
)

// Rand is a seeded sequence of random numbers.
type Rand struct{ *rand.Rand }

// NewRand is the given stream of a seed.
func NewRand(seed uint64, s Stream) *Rand {
	return &Rand{rand.New(rand.NewPCG(seed, uint64(s)))}
}

// Between draws a duration in [lo, hi], in whole milliseconds, which is all
// that a guest's clock shows.
func (r *Rand) Between(lo, hi time.Duration) time.Duration {
	span := (hi - lo).Milliseconds()
	if span <= 0 {
		return lo
	}
	return lo + time.Duration(r.Int64N(span+1))*time.Millisecond
}

// Chance is true with probability p. It draws exactly one number whatever p
// is, so changing one probability leaves the rest of the sequence alone.
func (r *Rand) Chance(p float64) bool { return r.Float64() < p }

// Fill fills b with random bytes.
func (r *Rand) Fill(b []byte) {
	var word [8]byte
	for len(b) > 0 {
		binary.LittleEndian.PutUint64(word[:], r.Uint64())
		b = b[copy(b, word[:]):]
	}
}
