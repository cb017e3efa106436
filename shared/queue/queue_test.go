package queue_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/queue"
)

func TestChunks(t *testing.T) {
	sized := func(sizes ...int) [][]byte {
		out := make([][]byte, len(sizes))
		for i, n := range sizes {
			out[i] = make([]byte, n)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		messages [][]byte
		want     []int // messages in each chunk
	}{
		{"none", nil, nil},
		{"one", sized(1), []int{1}},
		{"a full batch by number", sized(make([]int, 100)...), []int{100}},
		{"one over", sized(make([]int, 101)...), []int{100, 1}},
		{"a full batch by bytes", sized(124_900, 124_900), []int{2}},
		{"a byte over", sized(124_900, 124_901), []int{1, 1}},
		{"too large for any batch stands alone", sized(1, 300_000, 1), []int{1, 1, 1}},
	} {
		var got []int
		var joined [][]byte
		for chunk := range queue.Chunks(c.messages) {
			got = append(got, len(chunk))
			joined = append(joined, chunk...)
		}
		assert.Equal(t, c.want, got, c.name)
		assert.True(t, slices.EqualFunc(c.messages, joined, func(a, b []byte) bool { return len(a) == len(b) }), c.name)
	}
	for range queue.Chunks(sized(1, 300_000)) {
		break // a caller may stop at the first that fails
	}
}
