package wire

import (
	"encoding/binary"
	"errors"
	"math"
)

// ErrTruncated reports a message that ended before its last field, or a
// length that points past the end.
var ErrTruncated = errors.New("wire: truncated message")

// ErrTrailing reports bytes after the last field.
var ErrTrailing = errors.New("wire: trailing bytes")

// AppendUint8 appends one byte.
func AppendUint8(dst []byte, v uint8) []byte { return append(dst, v) }

// AppendUint32 appends v in 4 bytes, little-endian.
func AppendUint32(dst []byte, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(dst, v)
}

// AppendInt64 appends v in 8 bytes, little-endian two's complement.
func AppendInt64(dst []byte, v int64) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(v))
}

// AppendBytes appends the length of b and b itself. b must be shorter than
// 4 GiB; everything Hookweir packs is bounded far below that (25 MiB).
func AppendBytes[T ~string | ~[]byte](dst []byte, b T) []byte {
	if uint64(len(b)) > math.MaxUint32 {
		panic("wire: field over 4 GiB")
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(b)))
	return append(dst, b...)
}

// Reader takes a message apart, field by field, in the order it was packed.
// The zero Reader reads an empty message.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads msg. The byte slices it returns alias msg.
func NewReader(msg []byte) *Reader { return &Reader{rest: msg} }

func (r *Reader) take(n uint64) []byte {
	if r.err != nil || n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *Reader) fail() {
	if r.err == nil {
		r.err = ErrTruncated
	}
	r.rest = nil
}

// Uint8 reads one byte.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint32 reads 4 bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Int64 reads 8 bytes.
func (r *Reader) Int64() int64 {
	if b := r.take(8); b != nil {
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Bytes reads a byte string. The result aliases the message and is nil only
// after an error.
func (r *Reader) Bytes() []byte {
	n := r.Uint32()
	if r.err != nil {
		return nil
	}
	return r.take(uint64(n))
}

// String reads a byte string and copies it.
func (r *Reader) String() string { return string(r.Bytes()) }

// Count reads a uint32 that says how many items follow, each of at least
// minSize bytes (which must be over 0). A count that could not fit in what is
// left is an error, so a caller may allocate by it.
func (r *Reader) Count(minSize int) int {
	n := r.Uint32()
	if r.err != nil {
		return 0
	}
	if uint64(n)*uint64(minSize) > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

// Rest returns every byte that has not been read and ends the message.
func (r *Reader) Rest() []byte {
	b := r.rest
	r.rest = nil
	return b
}

// Err is nil while every read so far was inside the message.
func (r *Reader) Err() error { return r.err }

// Done returns Err, or ErrTrailing if bytes are left.
func (r *Reader) Done() error {
	if r.err == nil && len(r.rest) > 0 {
		return ErrTrailing
	}
	return r.err
}
