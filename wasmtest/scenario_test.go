package wasmtest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scenario is a file of testdata/scenarios. It runs here and on workerd
// (e2e/parity.test.mjs) and must come out the same; README.md describes the
// format.
type scenario struct {
	Name  string `json:"-"`
	About string `json:"about"`
	// Only names the one world a scenario can run in, Because says why.
	Only    string `json:"only"`
	Because string `json:"because"`
	// Servers are the outside servers, by name; {server:name} is their origin.
	Servers map[string][]route `json:"servers"`
	Steps   []step             `json:"steps"`
}

// step is one thing that happens. Which fields count depends on Do.
type step struct {
	Do     string          `json:"do"`
	Tenant string          `json:"tenant"` // suffix of another tenant's name
	Want   json.RawMessage `json:"want"`   // what is observed; absent: a 2xx

	Source   string       `json:"source"`
	Provider string       `json:"provider"`
	Secret   string       `json:"secret"`
	Answers  []reply      `json:"answers"` // of the agent, by attempt at one event; the last one stays
	Scheme   string       `json:"scheme"`  // how a delivery is signed
	ID       string       `json:"id"`
	Body     string       `json:"body"`
	Size     int          `json:"size"`  // bytes; makes a JSON body
	Drift    string       `json:"drift"` // of the signed timestamp
	Forge    string       `json:"forge"` // altered, unsigned, garbage, doubled
	Times    int          `json:"times"` // copies at once
	Headers  headerFields `json:"headers"`

	Method  string          `json:"method"`
	Path    string          `json:"path"`
	JSON    json.RawMessage `json:"json"`
	Token   *string         `json:"token"` // in place of the operator's
	Pick    []string        `json:"pick"`  // members of the answer to observe
	Query   string          `json:"query"`
	State   string          `json:"state"`
	Within  string          `json:"within"`
	For     string          `json:"for"`
	Loose   bool            `json:"loose"` // the number of attempts is chance
	Binding string          `json:"binding"`

	Connection string   `json:"connection"`
	Server     string   `json:"server"`
	Redact     []string `json:"redact"` // members of queries and bodies that are random
}

type headerFields map[string]string

// reply is what the agent answers.
type reply struct {
	Status     int    `json:"status"`
	RetryAfter string `json:"retry_after"`
	Elsewhere  bool   `json:"elsewhere"` // Location: another server
	Reset      bool   `json:"reset"`
	Hang       bool   `json:"hang"`
}

func scenarios(t *testing.T) []scenario {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "scenarios", "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 12, "scenarios are missing")
	var list []scenario
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		s := scenario{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&s), path)
		require.NotEmpty(t, s.About, path)
		require.NotEmpty(t, s.Steps, path)
		require.Contains(t, []string{"", "wasmtest"}, s.Only, path)
		require.Equal(t, s.Only == "", s.Because == "", "%s: `only` needs its `because`", path)
		list = append(list, s)
	}
	return list
}
