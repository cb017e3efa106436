//go:build hookweirconformance

package main

import (
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/toolserver"
	"github.com/hookweir/hookweir/shared/toolserver/conformance"
)

// fixture has the endpoint offer what the official conformance suite asks
// for, to everybody: the suite sends no token. Nobody deploys this build.
func fixture() func(*toolserver.Config, func() *toolserver.Server) {
	return func(cfg *toolserver.Config, server func() *toolserver.Server) {
		cfg.Register = func(s *mcp.Server) {
			conformance.Register(s, func() conformance.Changer { return server() })
		}
		cfg.Complete = conformance.Complete
		cfg.Middleware, cfg.Permit, cfg.Subscribe = nil, nil, nil
		cfg.Authenticate = func(*http.Request) (*access.Caller, *access.Refusal) {
			return &access.Caller{ID: "suite"}, nil
		}
	}
}
