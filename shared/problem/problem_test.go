package problem_test

import (
	"encoding/json"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/problem"
)

// codes reads the Code… constants out of the source, so that a constant
// without a row in the table fails.
func codes(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "codes.go", nil, 0)
	require.NoError(t, err)
	conf := types.Config{Importer: importer.Default(), Error: func(error) {}}
	pkg, _ := conf.Check("problem", fset, []*ast.File{file}, nil)
	out := map[string]string{}
	for _, n := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(n).(*types.Const); ok && strings.HasPrefix(n, "Code") {
			out[n] = constant.StringVal(c.Val())
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestEveryCodeHasARow(t *testing.T) {
	seen := map[string]string{}
	for n, code := range codes(t) {
		p := problem.New(code, "")
		assert.Equal(t, code, p.Code, "%s has no row", n)
		assert.NotEmpty(t, p.Title, n)
		assert.True(t, p.Status >= 400 && p.Status < 600, n)
		assert.Empty(t, seen[code], "%s repeats a code", n)
		seen[code] = n
	}
}

func TestUnknownCodeIsInternal(t *testing.T) {
	p := problem.New("no such code", "detail of it")
	assert.Equal(t, problem.CodeInternal, p.Code)
	assert.Equal(t, 500, p.Status)
	assert.Empty(t, p.Detail)
}

func TestAppend(t *testing.T) {
	p := problem.New(problem.CodeBadSignature, "")
	assert.Equal(t, `x{"type":"https://hookweir.dev/problems/bad_signature",`+
		`"title":"The signature does not match","status":401,"code":"bad_signature"}`,
		string(p.Append([]byte("x"))))

	p.Detail = "say \"hi\"\n\xff"
	p.Status = 403 // a provider may demand another
	var got map[string]any
	require.NoError(t, json.Unmarshal(p.Append(nil), &got))
	assert.Equal(t, map[string]any{
		"type": "https://hookweir.dev/problems/bad_signature", "title": p.Title,
		"status": 403.0, "code": "bad_signature", "detail": "say \"hi\"\n\ufffd",
	}, got)
}

func TestHeadersDoNotAlias(t *testing.T) {
	base := problem.New(problem.CodeUnavailable, "").RetryAfter(5)
	a, b := base.With("A", "1"), base.With("B", "2")
	assert.Equal(t, []problem.Header{{"Retry-After", "5"}, {"A", "1"}}, a.Headers)
	assert.Equal(t, []problem.Header{{"Retry-After", "5"}, {"B", "2"}}, b.Headers)
	assert.Empty(t, problem.New(problem.CodeUnavailable, "").Headers)
	assert.Equal(t, "0", problem.New(problem.CodeUnavailable, "").RetryAfter(-3).Headers[0].Value)
}
