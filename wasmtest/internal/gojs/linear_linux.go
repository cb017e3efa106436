package gojs

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size, in bytes, of a page that the system may give in place
// of 512. A guest touches megabytes of heap at once, and a fault for every 4 KB
// of them takes as long as its start.
const hugePage = 2 << 20

// image is what the memory of a module's instances begins with, as a file in
// memory: an instance shares its pages until it writes to them.
type image struct {
	data []byte
	file *os.File // nil: the system has none to give, and data is copied
}

func newImage(data []byte) *image {
	m := &image{data: data}
	fd, err := unix.MemfdCreate("wasmtest", unix.MFD_CLOEXEC)
	if err != nil || len(data) == 0 {
		return m
	}
	file := os.NewFile(uintptr(fd), "wasmtest")
	size := (len(data) + os.Getpagesize() - 1) &^ (os.Getpagesize() - 1)
	if _, err := file.Write(data); err != nil || file.Truncate(int64(size)) != nil {
		_ = file.Close()
		return m
	}
	m.file = file
	return m
}

// lay puts the image at the start of a region.
func (m *image) lay(region []byte) {
	from := 0
	if m.file != nil {
		size := uintptr(len(m.data)+os.Getpagesize()-1) &^ uintptr(os.Getpagesize()-1)
		_, err := unix.MmapPtr(int(m.file.Fd()), 0, unsafe.Pointer(&region[0]), size,
			unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED)
		if err == nil {
			from = (len(m.data) + hugePage - 1) &^ (hugePage - 1)
		}
	}
	_ = unix.Madvise(region[from:], unix.MADV_HUGEPAGE) // without them all works the same
	if from == 0 {
		copy(region, m.data)
	}
}
