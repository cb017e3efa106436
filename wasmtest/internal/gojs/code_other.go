//go:build !linux

package gojs

func hugeCode() {}
