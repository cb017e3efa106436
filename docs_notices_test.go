package hookweir_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// saidBy is where the members of notices' data are written down: in a file,
// between the two texts.
var saidBy = []struct{ file, from, to, member string }{
	{"shared/vault/notices.go", "type told struct {", "\n}\n", `json:"([a-z_]+)`},
	{"shared/poll/notices.go", "type noticeData struct {", "\n}\n", `json:"([a-z_]+)`},
	{"shared/lane/settle.go", "l.tell(noticeOf[state]", "})", `"([a-z_]+)":`},
	{"shared/lane/state.go", `l.tell("hookweir.breaker.opened"`, "})", `"([a-z_]+)":`},
	{"shared/upstream/upstream.go", "notice.New(u.cfg.Tenant, noticeDrift", "})", `"([a-z_]+)":`},
	{"shared/upstream/upstream.go", "type line struct {", "}\n", `json:"([a-z_]+)"`},
}

// TestNoticesData holds docs/events.md to the members that notices have, both
// ways. e2e/playbook.test.mjs holds the notices that come to it to their rows.
func TestNoticesData(t *testing.T) {
	var have []string
	for _, s := range saidBy {
		text, err := os.ReadFile(s.file)
		require.NoError(t, err)
		_, rest, ok := strings.Cut(string(text), s.from)
		require.True(t, ok, "%s: %s", s.file, s.from)
		rest, _, ok = strings.Cut(rest, s.to)
		require.True(t, ok, "%s: %s", s.file, s.to)
		found := names(rest, s.member)
		require.NotEmpty(t, found, s.file)
		have = append(have, found...)
	}
	page, err := os.ReadFile("docs/events.md")
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(page), "\nMembers of `data`;")
	require.True(t, ok)
	told := names(regexp.MustCompile(`(?m)^\|[^|]*\|`).ReplaceAllString(table, ""), "`([a-z_]+)`")
	require.Equal(t, sorted(have), sorted(without(told, "data")))
}

func without(list []string, one string) (out []string) {
	for _, s := range list {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}
