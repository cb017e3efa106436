//go:build !hookweirconformance

package main

import "github.com/hookweir/hookweir/shared/toolserver"

func fixture() func(*toolserver.Config, func() *toolserver.Server) { return nil }
