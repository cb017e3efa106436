//go:build !hookweirtest

package main

func poster() postFunc { return post }
