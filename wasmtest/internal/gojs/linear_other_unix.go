//go:build unix && !linux

package gojs

func hugePages([]byte) {}
