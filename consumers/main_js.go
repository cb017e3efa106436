// Command consumers is the private Worker's module: it hands the bindings of
// wrangler.toml to package service and serves.
package main

import (
	"strings"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/edge/backend"
	"github.com/hookweir/hookweir/shared/knowledge"
	"github.com/hookweir/hookweir/shared/service"
	"github.com/hookweir/hookweir/shared/tools"
	"github.com/hookweir/hookweir/shared/toolserver"
)

func main() {
	var base tools.Knowledge
	if backend.HasD1("KNOWLEDGE") {
		base = knowledge.Base{DB: &backend.D1{Binding: "KNOWLEDGE"}, Tables: strings.Fields(backend.Setting("KNOWLEDGE_TABLES"))}
	}
	s, err := service.New(service.Config{
		SourceKeys:   backend.Setting("SOURCE_KEYS"),
		VaultKeys:    backend.Setting("VAULT_KEYS"),
		AdminToken:   backend.Setting("ADMIN_TOKEN"),
		PublicURL:    backend.Setting("PUBLIC_URL"),
		Development:  backend.Setting("DEVELOPMENT") == "1",
		Now:          now,
		Invoke:       backend.Invoke,
		Sources:      backend.KV{Binding: "CONFIG"},
		SendEvents:   func(messages [][]byte) error { return backend.SendBatch("EVENTS", messages) },
		SendWrites:   func(messages [][]byte) error { return backend.SendBatch("WRITES", messages) },
		SendPolls:    func(messages [][]byte) error { return backend.SendBatch("POLLS", messages) },
		Sleep:        backend.Sleep,
		Payloads:     backend.Bucket{Binding: "PAYLOADS"},
		Fetch:        fetcher(),
		Stream:       backend.OpenStream,
		Log:          backend.Log,
		BodyTooLarge: backend.ErrBodyTooLarge,
		Fixture:      fixture(),

		Knowledge: base, KnowledgeTenants: strings.Fields(backend.Setting("KNOWLEDGE_TENANTS")),
		Origins: strings.Fields(backend.Setting("MCP_ORIGINS")),
		Missing: backend.Missing("LEDGER", "TENANT", "VAULT", "LANE", "POLL", "SCHEDULE", "CONFIG", "EVENTS", "WRITES", "POLLS", "PAYLOADS"),
	})
	if err != nil {
		panic(err)
	}
	backend.Run(backend.Handlers{
		Fetch:           clocked(s.API),
		BodyLimit:       admin.MaxWrites,
		Route:           s.Route,
		ObjectBodyLimit: toolserver.MaxBody,
		Queue:           s.Queue,
		Scheduled:       s.Scheduled,
		Objects: map[string]func(*backend.Storage) (backend.Object, error){
			"Ledger":   func(st *backend.Storage) (backend.Object, error) { return s.Ledger(st) },
			"Tenant":   func(st *backend.Storage) (backend.Object, error) { return s.Tenant(st) },
			"Vault":    func(st *backend.Storage) (backend.Object, error) { return s.Vault(st) },
			"Lane":     func(st *backend.Storage) (backend.Object, error) { return s.Lane(st) },
			"Poll":     func(st *backend.Storage) (backend.Object, error) { return s.Poll(st) },
			"Schedule": func(st *backend.Storage) (backend.Object, error) { return s.Schedule(st) },
		},
		Log: backend.Log,
	})
}
