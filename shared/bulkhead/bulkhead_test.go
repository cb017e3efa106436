package bulkhead_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hookweir/hookweir/shared/bulkhead"
)

// TestRun: what a part ends in, and what is logged of it.
func TestRun(t *testing.T) {
	var list []int
	for _, c := range []struct {
		name string
		part func()
		want error
		log  string
	}{
		{"comes to its end", func() {}, nil, ""},
		{"an error in the program", func() { _ = list[len(list)] }, bulkhead.ErrPanic, "part_panic panic runtime error: index out of range [0] with length 0"},
		{"a text, perhaps of a request", func() { panic("a secret") }, bulkhead.ErrPanic, "part_panic"},
		{"an error", func() { panic(errors.New("a secret")) }, bulkhead.ErrPanic, "part_panic"},
		{"nil", func() { panic(nil) }, bulkhead.ErrPanic, "part_panic panic panic called with nil argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var lines []string
			err := bulkhead.Run(func(event string, pairs ...string) {
				lines = append(lines, strings.Join(append([]string{event}, pairs...), " "))
			}, "part_panic", c.part)
			assert.Equal(t, c.want, err)
			assert.Equal(t, c.log, strings.Join(lines, "\n"))
		})
	}
}
