package hookweir_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/problem"
)

// limitNames are the constants that bound something: a size, a count, a time.
var limitNames = regexp.MustCompile(`^(Max|max|Min|min)[A-Z]|^[A-Za-z]+(Deadline|TTL|Lease|Grace|Every|Limit)$`)

// limitAnswers say what a caller hears of a limit that he can reach: codes of
// docs/errors.md. What has none bounds something inside, or is cut off, put
// off or counted where the reason says so.
var limitAnswers = map[string]string{
	"access.maxToken":            problem.CodeUnauthenticated,
	"admin.MaxBody":              problem.CodeBodyTooLarge,
	"admin.MaxWrites":            problem.CodeBodyTooLarge,
	"admin.MaxRead":              problem.CodeAnswerTooLarge,
	"admin.maxPath":              problem.CodeURITooLong,
	"admin.maxQuery":             problem.CodeInvalidState,
	"crawl.MaxOverlap":           problem.CodeInvalidRequest,
	"destination.MaxHeaders":     problem.CodeInvalidHeader,
	"destination.maxHeaderBytes": problem.CodeInvalidHeader,
	"destination.MaxReadPaths":   problem.CodeInvalidDestination,
	"destination.maxConcurrency": problem.CodeInvalidDestination,
	"destination.maxCredential":  problem.CodeInvalidDestination,
	"destination.maxTimeout":     problem.CodeInvalidDestination,
	"ingest.MaxBody":             problem.CodeBodyTooLarge,
	"ingress.bodyDeadline":       problem.CodeRequestTimeout,
	"ingress.storeDeadline":      problem.CodeUnavailable,
	"ingress.forwardDeadline":    problem.CodeUnavailable,
	"ingress.fetchDeadline":      problem.CodeKeysUnavailable,
	"knowledge.maxSQL":           "the tool's error",
	"knowledge.MaxTime":          "the tool's error",
	"lane.MaxList":               problem.CodeInvalidWrite,
	"lane.MaxBody":               problem.CodeBodyTooLarge,
	"lane.MaxPriority":           problem.CodeInvalidWrite,
	"lane.maxKey":                problem.CodeInvalidWrite,
	"lane.maxAhead":              problem.CodeInvalidWrite,
	"lane.MaxOpen":               problem.CodeQueueFull,
	"lane.maxStored":             problem.CodeQueueFull,
	"lane.MaxOpenBytes":          problem.CodeQueueFull,
	"name.MaxLen":                problem.CodeInvalidName,
	"poll.MinEvery":              problem.CodeInvalidRequest,
	"poll.MaxCap":                problem.CodeInvalidRequest,
	"poll.MaxGrace":              problem.CodeInvalidRequest,
	"poll.MaxBackfill":           problem.CodeInvalidRequest,
	"schedule.MaxPolls":          problem.CodeLimitReached,
	"seal.MaxKeys":               problem.CodeNotReady,
	"seal.MaxKeyID":              problem.CodeNotReady,
	"service.MaxAdminToken":      problem.CodeNotReady,
	"service.maxOperators":       problem.CodeNotReady,
	"service.MinAdminToken":      problem.CodeNotReady,
	"source.MinRetention":        problem.CodeInvalidRequest,
	"source.MaxRetention":        problem.CodeInvalidRequest,
	"source.MaxSecrets":          problem.CodeTooManySecrets,
	"target.MaxURL":              problem.CodeInvalidTarget,
	"tenant.MaxSources":          problem.CodeLimitReached,
	"tenant.MaxKeys":             problem.CodeLimitReached,
	"tenant.MaxListed":           problem.CodeLimitReached,
	"tenant.MaxSecretBytes":      problem.CodeInvalidSecret,
	"tenant.MaxURLBytes":         problem.CodeInvalidRequest,
	"tenant.MaxLabelBytes":       problem.CodeInvalidRequest,
	"tenant.MaxOverlap":          problem.CodeInvalidRequest,
	"tenant.MaxAgentSecrets":     problem.CodeTooManySecrets,
	"tenant.MaxRate":             problem.CodeInvalidRequest,
	"toolserver.MaxBody":         problem.CodeBodyTooLarge,
	"tools.MaxResult":            "the tool's error",
	"upstream.MaxUpstreams":      problem.CodeLimitReached,
	"upstream.MaxTimeout":        problem.CodeInvalidRequest,
	"upstream.MaxRecheck":        problem.CodeInvalidRequest,
	"upstream.maxAsked":          "the tool's error",
	"upstream.maxFields":         "the tool's error",
	"upstream.maxForm":           "the tool's error",
	"upstream.maxFormDepth":      "the tool's error",
	"upstream.maxQuestionKey":    "the tool's error",
	"upstream.maxQuestions":      "the tool's error",
	"upstream.maxRounds":         "the tool's error",
	"upstream.maxState":          "the tool's error",
	"upstream.maxWordsAsked":     "the tool's error",
	"upstream.maxVisits":         "the tool's error",
	"vault.MaxConnections":       problem.CodeLimitReached,
	"vault.MaxScopes":            problem.CodeInvalidRequest,
	"vault.MaxSecretBytes":       problem.CodeInvalidRequest,
	"vault.maxFlows":             problem.CodeLimitReached,
	"webhook.MinKeyBytes":        problem.CodeInvalidSecret,
	"webhook.maxSecretBytes":     problem.CodeInvalidSecret,
	"webhook.maxParams":          problem.CodeInvalidParams,
	"webhook.maxSignature":       problem.CodeMalformedSignature,
	"webhook.maxElements":        problem.CodeMalformedSignature,
}

// TestLimitsPage holds docs/limits.md to the constants. `make catalogue`
// writes it.
func TestLimitsPage(t *testing.T) {
	const page = "docs/limits.md"
	load := &constants{fset: token.NewFileSet(), done: map[string]*types.Package{}, docs: map[types.Object]string{}}
	load.std = importer.ForCompiler(load.fset, "source", nil)
	var dirs []string
	require.NoError(t, filepath.WalkDir("shared", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() != "testdata" {
			dirs = append(dirs, path)
		}
		return err
	}))
	known := map[string]bool{}
	for _, p := range problem.All() {
		known[p.Code] = true
	}
	answers := maps.Clone(limitAnswers)
	var b strings.Builder
	b.WriteString(`# Limits

Every limit has a name in the code, with its unit and its reason there; this page is made from those by ` + "`make catalogue`" + ` and held to them by a test. "Answer" is the code ([errors](errors.md)) that a caller gets beyond it; a limit without one bounds something inside. What the platform itself limits is in [configuration](configuration.md) and in Cloudflare's documentation. The ones most often met are also in the [README](../README.md#limits), [writes](writes.md#limits) and [MCP](mcp.md).
`)
	for _, dir := range dirs {
		pkg := load.dir(t, dir)
		if pkg == nil {
			continue
		}
		rows := load.rows(t, pkg, answers, known)
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| limit | value | why | answer |\n|---|---|---|---|\n%s", dir, strings.Join(rows, ""))
	}
	require.Empty(t, answers, "answers of limits that are not there")
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(b.String()), 0o644))
	}
	have, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Equal(t, b.String(), string(have), "write it anew: make catalogue")
}

// constants evaluates the constants of our packages. Of everybody else's it
// knows time's.
type constants struct {
	fset *token.FileSet
	std  types.Importer
	done map[string]*types.Package
	docs map[types.Object]string
}

func (c *constants) Import(path string) (*types.Package, error) {
	if dir, ours := strings.CutPrefix(path, "github.com/hookweir/hookweir/"); ours {
		return c.dir(nil, dir), nil
	}
	if path == "time" {
		return c.std.Import(path)
	}
	p := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	p.MarkComplete()
	return p, nil
}

// dir reads the package in a folder; nil where there is none.
func (c *constants) dir(t *testing.T, dir string) *types.Package {
	if p, ok := c.done[dir]; ok {
		return p
	}
	entries, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(entries) == 0 {
		c.done[dir] = nil
		return nil
	}
	var files []*ast.File
	for _, path := range entries {
		// Builds of the tests' and the simulation's own are not the product.
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_test_build_js.go") || strings.Contains(path, "planted_") {
			continue
		}
		f, err := parser.ParseFile(c.fset, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if t != nil {
			require.NoError(t, err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: c, Error: func(error) {}, IgnoreFuncBodies: true}
	pkg, _ := conf.Check(dir, c.fset, files, info) // what is not constant may stay unresolved
	c.done[dir] = pkg
	for _, f := range files {
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.CONST {
				continue
			}
			above := "" // a comment that may speak of the next line, too
			for _, s := range gen.Specs {
				spec := s.(*ast.ValueSpec)
				doc := strings.TrimSpace(spec.Doc.Text() + " " + spec.Comment.Text())
				if spec.Doc != nil {
					above = doc
				}
				if doc == "" {
					doc = gen.Doc.Text()
					if strings.Contains(above, spec.Names[0].Name) {
						doc = above
					}
				}
				for _, name := range spec.Names {
					c.docs[info.Defs[name]] = doc
				}
			}
		}
	}
	return pkg
}

func (c *constants) rows(t *testing.T, pkg *types.Package, answers map[string]string, known map[string]bool) (rows []string) {
	for _, name := range pkg.Scope().Names() {
		obj, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok || !limitNames.MatchString(name) {
			continue
		}
		value, ok := limitValue(obj)
		if !ok {
			continue // a name that is no number: a reason, a code
		}
		reason := strings.TrimPrefix(strings.Join(strings.Fields(c.docs[obj]), " "), name+" ")
		assert.NotEmpty(t, reason, "%s.%s has no reason", pkg.Path(), name)
		full := pkg.Name() + "." + name
		answer := answers[full]
		delete(answers, full)
		if known[answer] {
			answer = "`" + answer + "`"
		} else {
			require.False(t, answer != "" && !strings.Contains(answer, " "), "%s: no such code: %s", full, answer)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, value, strings.ReplaceAll(reason, "|", "\\|"), answer))
	}
	slices.Sort(rows)
	return rows
}

// limitValue is a number as people write it; false for what is none.
func limitValue(c *types.Const) (string, bool) {
	if _, basic := c.Type().(*types.Basic); !basic && c.Type().String() != "time.Duration" {
		return "", false // a kind of something
	}
	v := constant.ToInt(c.Val())
	n, exact := constant.Int64Val(v)
	if v.Kind() != constant.Int || !exact {
		return "", false
	}
	if c.Type().String() == "time.Duration" {
		d := time.Duration(n)
		if d >= 48*time.Hour && d%(24*time.Hour) == 0 {
			return fmt.Sprintf("%d days", d/(24*time.Hour)), true
		}
		return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String()), true
	}
	if n >= 1<<40 {
		return fmt.Sprint(n), true
	}
	for _, unit := range []struct {
		shift int
		name  string
	}{{30, "Gi"}, {20, "Mi"}, {10, "Ki"}} {
		if n >= 1<<unit.shift && n%(1<<unit.shift) == 0 && (unit.shift > 10 || n >= 4<<10) {
			return fmt.Sprintf("%d %s", n>>unit.shift, unit.name), true
		}
	}
	return fmt.Sprint(n), true
}
