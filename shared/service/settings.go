package service

import (
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/name"
	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

// MinAdminToken is the shortest operator's token outside of development, in
// bytes: one that can be guessed opens every tenant. `make provision` makes
// one of 64.
const MinAdminToken = 24

// MaxAdminToken is the longest, in bytes: what the API reads of a bearer token.
const MaxAdminToken = 512

// developmentKey is how the keys in the committed .dev.vars.example files
// begin. Everybody has them.
const developmentKey = "ZGV2ZWxvcG1lbnQtb25seS"

// readSettings takes the settings over, and notes what no part shall run
// without: the API and the agent's endpoint answer with it, and a line of log
// says it once per instance. Queues go on: what needs the setting fails and is
// tried again.
func (s *Service) readSettings() {
	s.missing = append(s.missing, s.cfg.Missing...)
	s.sourceKeys = s.ring("SOURCE_KEYS", s.cfg.SourceKeys)
	s.vaultKeys = s.ring("VAULT_KEYS", s.cfg.VaultKeys)
	// The worker opens what is under its own ring. A shared key that is not the
	// first is on its way out: what is under it has to be opened to be moved.
	if s.vaultKeys.PrimaryIn(s.sourceKeys) {
		s.fault("secret VAULT_KEYS", "begins with a key of SOURCE_KEYS, which the worker has as well", putSecret("VAULT_KEYS"))
		s.vaultKeys = nil
	}
	s.operator = access.Operator{Tokens: strings.Split(strings.TrimSpace(s.cfg.AdminToken), ",")} // a pasted one often ends in a line break
	if what := s.checkOperator(); what != "" {
		s.fault("secret ADMIN_TOKEN", what, putSecret("ADMIN_TOKEN"))
		s.operator = access.Operator{}
	}
	if s.cfg.PublicURL != "" {
		if _, ok := admin.Origin(s.cfg.PublicURL); !ok {
			s.fault("variable PUBLIC_URL", "is no origin such as https://hooks.example.com", inVars)
			s.cfg.PublicURL = ""
		}
	}
	for _, o := range s.cfg.Origins {
		if origin, ok := admin.Origin(o); !ok || origin != o {
			s.fault("variable MCP_ORIGINS", "is no list of origins such as https://app.example.com, separated by spaces", inVars)
			break
		}
	}
	for _, t := range s.cfg.KnowledgeTenants {
		if !name.Valid(t) {
			s.fault("variable KNOWLEDGE_TENANTS", "is no list of tenants' names, separated by spaces", inVars)
			break
		}
	}
	if s.cfg.Knowledge == nil && len(s.cfg.KnowledgeTenants) > 0 {
		s.fault("binding KNOWLEDGE", "is missing, and KNOWLEDGE_TENANTS names who reads it", "see [[d1_databases]] in consumers/wrangler.toml")
	}
	for _, m := range s.missing {
		s.cfg.Log("setting_missing", "detail", m)
	}
}

// notOfToken reports what no bearer token has (RFC 6750 §2.1).
func notOfToken(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	}
	return !strings.ContainsRune("-._~+/=", r)
}

// maxOperators bounds the operator's tokens: a rotation needs two.
const maxOperators = 2

// checkOperator says what is wrong with the operator's tokens. A short one
// passes in development, and there everybody may know it.
func (s *Service) checkOperator() string {
	if len(s.operator.Tokens) > maxOperators {
		return "is more than two tokens"
	}
	for _, t := range s.operator.Tokens {
		short := len(t) < MinAdminToken
		switch {
		case t == "":
			return "is missing"
		case len(t) > MaxAdminToken, strings.ContainsFunc(t, notOfToken):
			return "is no token of at most " + strconv.Itoa(MaxAdminToken) + " letters, digits and -._~+/="
		case short && !s.cfg.Development:
			return "is shorter than " + strconv.Itoa(MinAdminToken) + " bytes"
		}
		s.operator.Local = s.operator.Local || short
	}
	return ""
}

const inVars = "see [vars] in consumers/wrangler.toml"

func putSecret(name string) string {
	return "wrangler secret put " + name + " -c consumers/wrangler.toml"
}

// fault notes a setting that is missing or wrong, and where it is set.
func (s *Service) fault(setting, what, where string) {
	s.missing = append(s.missing, setting+" of the consumers "+what+": "+where)
}

func (s *Service) ring(name, value string) *seal.Ring {
	ring, err := seal.Parse(value, aesgcm.Suite{})
	switch {
	case err != nil:
		s.fault("secret "+name, "is "+seal.Fault(err), putSecret(name))
		return nil
	case strings.Contains(value, developmentKey) && !s.cfg.Development:
		s.fault("secret "+name, "is the one of development, which everybody has", putSecret(name))
		return nil
	}
	return ring
}
