package wire

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	b := AppendUint8(nil, 200)
	b = AppendUint32(b, math.MaxUint32)
	b = AppendInt64(b, math.MinInt64)
	b = AppendBytes(b, "")
	b = AppendBytes(b, []byte{0, 1})
	b = AppendUint32(b, 2)
	b = AppendBytes(AppendBytes(b, "a"), "b")

	r := NewReader(b)
	assert.EqualValues(t, 200, r.Uint8())
	assert.EqualValues(t, uint32(math.MaxUint32), r.Uint32())
	assert.EqualValues(t, int64(math.MinInt64), r.Int64())
	assert.Equal(t, []byte{}, r.Bytes())
	assert.Equal(t, []byte{0, 1}, r.Bytes())
	assert.Equal(t, 2, r.Count(4))
	assert.Equal(t, "a", r.String())
	assert.Equal(t, "b", r.String())
	require.NoError(t, r.Done())
}

func TestReaderStopsAtTheEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		msg  []byte
		read func(*Reader)
		want error
	}{
		"short integer":  {[]byte{1, 2, 3}, func(r *Reader) { r.Uint32() }, ErrTruncated},
		"short int64":    {make([]byte, 7), func(r *Reader) { r.Int64() }, ErrTruncated},
		"short bytes":    {[]byte{5, 0, 0, 0, 'a'}, func(r *Reader) { r.Bytes() }, ErrTruncated},
		"length of 4 GB": {[]byte{255, 255, 255, 255}, func(r *Reader) { r.Bytes() }, ErrTruncated},
		"absurd count":   {[]byte{255, 255, 255, 255, 0}, func(r *Reader) { r.Count(1) }, ErrTruncated},
		"empty":          {nil, func(r *Reader) { r.Uint8() }, ErrTruncated},
		"left over":      {[]byte{1, 2}, func(r *Reader) { r.Uint8() }, ErrTrailing},
		"whole":          {[]byte{1}, func(r *Reader) { r.Uint8() }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewReader(tc.msg)
			tc.read(r)
			assert.Equal(t, tc.want, r.Done())
			if tc.want == ErrTruncated {
				assert.Zero(t, r.Uint32())
				assert.Nil(t, r.Bytes())
				assert.Zero(t, r.Count(1))
				assert.Equal(t, tc.want, r.Err(), "the first error stays")
			}
		})
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{3, 0, 0, 0, 1, 2, 3})
	f.Fuzz(func(t *testing.T, msg []byte) {
		r := NewReader(msg)
		var rebuilt []byte
		for r.Err() == nil && len(rebuilt) < len(msg) {
			if b := r.Bytes(); r.Err() == nil {
				rebuilt = AppendBytes(rebuilt, b)
			}
		}
		require.True(t, bytes.HasPrefix(msg, rebuilt))
	})
}
