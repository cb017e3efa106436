package gojs

import "syscall"

// hugePages asks for pages of 2 MB: a guest touches a dozen megabytes at once,
// and a fault for every 4 KB of them takes as long as its start. Without them
// all works the same.
func hugePages(region []byte) { _ = syscall.Madvise(region, syscall.MADV_HUGEPAGE) }
