package hookweir_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/webhook"
)

// The two Workers, as docs/configuration.md has them: the section, the
// configuration file, and where the code reads settings.
var workers = []struct{ section, config, main, reads string }{
	{"The worker", "wrangler.toml", "worker/main_js.go", `ingress\.(?:Setting|Missing|KV|Queue|Bucket|Service)`},
	{"The consumers", "consumers/wrangler.toml", "consumers/main_js.go", `backend\.`},
}

// TestConfigurationPage holds docs/configuration.md to the configuration files
// and the code, both ways.
func TestConfigurationPage(t *testing.T) {
	page, err := os.ReadFile("docs/configuration.md")
	require.NoError(t, err)
	sections := strings.Split(string(page), "\n## ")
	for _, w := range workers {
		i := slices.IndexFunc(sections, func(s string) bool { return strings.HasPrefix(s, w.section+" (") })
		require.GreaterOrEqual(t, i, 0, w.section)
		told := names(sections[i], "(?m)^\\| `([A-Z_0-9]+)` \\|")

		config, err := os.ReadFile(w.config)
		require.NoError(t, err)
		var active, all []string
		for line := range strings.Lines(string(config)) {
			found := names(line, `^(?:# *)?(?:binding|name) = "([A-Z_0-9]+)"`)
			found = append(found, names(line, `^(?:# *)?([A-Z_0-9]+) = "`)...)
			if strings.HasPrefix(line, "required = ") {
				found = append(found, names(line, `"([A-Z_0-9]+)"`)...)
			}
			all = append(all, found...)
			if !strings.HasPrefix(line, "#") {
				active = append(active, found...)
			}
		}
		require.NotEmpty(t, active)

		code, err := os.ReadFile(w.main)
		require.NoError(t, err)
		var read []string
		for line := range strings.Lines(string(code)) {
			if regexp.MustCompile(w.reads).MatchString(line) {
				read = append(read, names(line, `"([A-Z][A-Z_0-9]+)"`)...)
			}
		}
		if w.section == "The worker" {
			for _, row := range webhook.Providers() {
				if row.HostProof != nil {
					read = append(read, row.HostProof.Setting)
				}
			}
		}
		require.Equal(t, sorted(read), sorted(told), "what %s reads, and the page", w.main)
		for _, name := range active {
			require.Contains(t, read, name, "%s has it, and nobody reads it", w.config)
		}
		for _, name := range all {
			require.Contains(t, told, name, "%s names it", w.config)
		}
	}
}

func names(text, pattern string) (list []string) {
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
