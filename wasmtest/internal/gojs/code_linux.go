package gojs

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// A module of 22 MB is 85 MB of machine code, and a turn runs through it all
// over: with pages of 4 KB much of the time goes into finding them. Pages of
// 2 MB make a simulation a sixth quicker. Where the system has none to give,
// all works the same.

const (
	// codeMinimum is from which size on a region is looked at: two such pages.
	codeMinimum = 4 << 20
	// madviseCollapse moves what is there into such pages now, and not when
	// the system has time (Linux 6.1, madvise(2)).
	madviseCollapse = 25
)

// hugeCode asks for such pages for all the code that was compiled so far:
// wazero does not say where it is, but no other memory of this process is
// executable and belongs to no file.
func hugeCode() {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var mode string
		line := lines.Text()
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode != "r-xp" ||
			to-from < codeMinimum || len(strings.Fields(line)) != 5 { // a sixth is a file, or a name
			continue
		}
		for _, advice := range [...]uintptr{syscall.MADV_HUGEPAGE, madviseCollapse} {
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, advice)
		}
	}
}
