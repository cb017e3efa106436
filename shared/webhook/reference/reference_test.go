package reference

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/providers.md")

const page = "../../../docs/providers.md"

// TestPage holds the page to the table. `make catalogue` writes it.
func TestPage(t *testing.T) {
	if *update {
		require.NoError(t, os.WriteFile(page, pageOf(), 0o644))
	}
	written, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, string(pageOf()), string(written), "run `make catalogue`")
}

func TestEveryRowSaysWhatAReaderNeeds(t *testing.T) {
	rows := Rows()
	require.NotEmpty(t, rows)
	for i, r := range rows {
		assert.NotEmpty(t, r.Title, r.Name)
		assert.NotEmpty(t, strings.TrimSpace(r.Scheme), r.Name)
		assert.NotEmpty(t, r.EventID, r.Name)
		assert.True(t, strings.HasPrefix(r.Docs, "https://"), r.Name)
		assert.Len(t, r.Checked, len("2026-11-23"), r.Name)
		assert.Contains(t, []string{"A", "B", "C"}, r.Confidence, r.Name)
		if i > 0 {
			assert.Less(t, rows[i-1].Name, r.Name)
		}
	}
}

// pageOf writes docs/providers.md.
func pageOf() []byte {
	rows := Rows()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Providers\n\nMade by `make catalogue` from the table in `shared/webhook`; do not edit. %d rows.\n\n", len(rows))
	b.WriteString("The name is what `PUT …/sources/{source}` takes as `provider`. *Proof*: `signature` covers the body; `bearer` only shows that the sender knows the secret. *Tolerance* is how old a signed timestamp may be. *Id* is what makes two deliveries the same event; † is not covered by the signature, so whoever captured a body can send it under another id. *Events*: `thin` ones say what changed and do not hold it, so an agent must fetch it (`some`: those of Stripe's v2 API); they reach the agent with the CloudEvents extension `hookweirthin`. `batch` deliveries are split into one event each when the source has the parameter `split`. Confidence: A was checked against the provider's own vector, library or page; B against reference code or two secondary sources; C against one.\n\n")
	b.WriteString("| name | provider | scheme | carried by | tolerance | id | handshake | events | proof | docs |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | [%s, %s](%s) |\n",
			r.Name, cell(r.Title), cell(r.Scheme), code(r.Headers), r.Tolerance, cell(id(r)), yes(r.Handshake), events(r), r.Authenticated, r.Confidence, r.Checked, r.Docs)
	}
	return b.Bytes()
}

func id(r Row) string {
	if r.EventIDSigned || strings.HasPrefix(r.EventID, "hash") {
		return r.EventID
	}
	return r.EventID + " †"
}

func events(r Row) string {
	var words []string
	if r.Batches {
		words = append(words, "batch")
	}
	switch r.Thin {
	case "all":
		words = append(words, "thin")
	case "some":
		words = append(words, "some thin")
	}
	return strings.Join(words, ", ")
}

func yes(b bool) string {
	if b {
		return "answered"
	}
	return ""
}

func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ").Replace(s) }

func code(names []string) string {
	for i, n := range names {
		names[i] = "`" + n + "`"
	}
	return strings.Join(names, ", ")
}
