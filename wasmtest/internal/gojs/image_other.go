//go:build !linux

package gojs

// image is what the memory of a module's instances begins with.
type image struct{ data []byte }

func newImage(data []byte) *image { return &image{data} }

// lay puts the image at the start of a region.
func (m *image) lay(region []byte) { copy(region, m.data) }
