//go:build !js

package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/crawl"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/outbound"
	"github.com/hookweir/hookweir/shared/problem"
)

var update = flag.Bool("update", false, "write docs/openapi.json")

const documentPath = "../../docs/openapi.json"

// TestOpenAPI holds docs/openapi.json to the table of operations and the Go
// types behind it. `make catalogue` writes it. That the running product answers
// as it says is checked by the end-to-end tests, which hold every answer of
// the API against it (e2e/openapi.mjs).
func TestOpenAPI(t *testing.T) {
	b, err := json.MarshalIndent(document(t), "", "  ")
	require.NoError(t, err)
	b = append(b, '\n')
	if *update {
		require.NoError(t, os.WriteFile(documentPath, b, 0o644))
	}
	have, err := os.ReadFile(documentPath)
	require.NoError(t, err)
	require.Equal(t, string(b), string(have), "write it anew: make catalogue")
}

// TestOperationsAreRoutes asks the router for every path of the table: it has
// the methods of the table and no others.
func TestOperationsAreRoutes(t *testing.T) {
	paths := map[string][]string{}
	for _, o := range operations() {
		paths[o.path] = append(paths[o.path], o.method)
	}
	for path, methods := range paths {
		if strings.HasPrefix(path, "/webhooks/") || strings.HasPrefix(path, "/mcp/") || strings.HasPrefix(path, "/.well-known/") {
			continue // other parts': package ingest, package toolserver
		}
		w := httptest.NewRecorder()
		h, err := New(Config{
			Operator: access.Operator{Tokens: []string{"t"}}, Log: func(string, ...string) {},
			Tenant: func(string) TenantAPI { return nil }, Ledger: func(string, int) LedgerAPI { return nil },
			Vault: func(string) VaultAPI { return nil }, Keys: struct{ KeysAPI }{},
			Lane: func(string, string) LaneAPI { return nil },
			Read: func(context.Context, string, string, outbound.Call) (outbound.Response, error) { panic("nobody reads") },
			Poll: func(string, string) PollAPI { return nil }, Schedule: func(string) ScheduleAPI { return nil },
			Upstreams: func(string) UpstreamAPI { return nil },
		})
		require.NoError(t, err)
		r := httptest.NewRequest("PROPFIND", "http://localhost"+fill(path), nil)
		r.Header.Set("Authorization", "Bearer t")
		h.ServeHTTP(w, r)
		require.Equal(t, http.StatusMethodNotAllowed, w.Code, path)
		allowed := slices.DeleteFunc(strings.Split(w.Header().Get("Allow"), ", "), func(m string) bool { return m == "HEAD" })
		require.ElementsMatch(t, methods, allowed, path)
	}
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

func fill(path string) string {
	return placeholder.ReplaceAllStringFunc(path, func(name string) string {
		switch name {
		case "{event}":
			return "acme%2Fgithub%2Fx"
		case "{write}":
			return "acme." + strings.Repeat("0", 21) // of lane's form
		}
		return "acme"
	})
}

type object = map[string]any

func document(t *testing.T) object {
	g := &generator{t: t, schemas: object{}, comments: map[string]map[string]string{}}
	paths := object{}
	for _, o := range operations() {
		item, _ := paths[o.path].(object)
		if item == nil {
			item = object{}
			paths[o.path] = item
		}
		require.NotContains(t, item, strings.ToLower(o.method), o.path)
		item[strings.ToLower(o.method)] = g.operation(o)
	}
	var codes []any
	for _, p := range problem.All() {
		codes = append(codes, p.Code)
	}
	g.schemas["Problem"] = object{
		"type": "object", "description": "RFC 9457. Branch on `code`; `title` and `detail` are for people.",
		"required": []string{"type", "title", "status", "code"},
		"properties": object{
			"type": object{"type": "string", "format": "uri"}, "title": object{"type": "string"},
			"status": object{"type": "integer"}, "code": object{"type": "string", "enum": codes}, "detail": object{"type": "string"},
		},
	}
	return object{
		"openapi": "3.1.1",
		"info": object{
			"title": "Hookweir", "version": "1", "license": object{"name": "See the repository", "identifier": "LicenseRef-hookweir"},
			"description": "The HTTP surface of one deployment. Generated from the Go types by `make catalogue`; every answer of the end-to-end tests is checked against it.",
		},
		"servers":  []object{{"url": "http://127.0.0.1:8787", "description": "make dev"}},
		"security": []object{{"bearer": []string{}}},
		"paths":    paths,
		"components": object{
			"schemas": g.schemas,
			"responses": object{"Problem": object{
				"description": "Refused, or failed.",
				"content":     object{problem.ContentType: object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
			}},
			"securitySchemes": object{"bearer": object{
				"type": "http", "scheme": "bearer",
				"description": "The operator's ADMIN_TOKEN for every tenant, or a tenant's key for its own.",
			}},
		},
	}
}

type generator struct {
	t        *testing.T
	schemas  object
	comments map[string]map[string]string // by type, then field
}

func (g *generator) operation(o operation) object {
	out := object{"summary": o.summary, "operationId": o.id()}
	var params []object
	for _, m := range placeholder.FindAllStringSubmatch(o.path, -1) {
		p := object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string", "pattern": `^[a-z0-9][a-z0-9_-]{0,62}$`}}
		if m[1] == "event" || m[1] == "write" {
			p["schema"] = object{"type": "string"}
		}
		if m[1] == "event" {
			p["description"] = "The event key `{tenant}/{source}/{id}`, percent-encoded."
		}
		params = append(params, p)
	}
	for _, q := range o.query {
		params = append(params, object{"name": q.name, "in": "query", "required": q.required, "description": q.text, "schema": object{"type": "string"}})
	}
	if params != nil {
		out["parameters"] = params
	}
	if o.in != nil {
		s := g.schema(reflect.TypeOf(o.in))
		body := g.request(reflect.TypeOf(o.in), s, o.need)
		if o.many {
			body = object{"oneOf": []any{body, object{"type": "array", "minItems": 1, "maxItems": lane.MaxList, "items": body}}}
		}
		out["requestBody"] = object{"required": !o.optional, "content": object{"application/json": object{"schema": body}}}
	}
	if o.public {
		out["security"] = []object{}
	}
	responses := object{"default": object{"$ref": "#/components/responses/Problem"}}
	for _, a := range o.answers {
		r := object{"description": a.text}
		if a.body != nil {
			media := a.media
			if media == "" {
				media = "application/json"
			}
			r["content"] = object{media: object{"schema": g.body(a.body)}}
		}
		responses[a.status] = r
	}
	out["responses"] = responses
	return out
}

// list is the answer `{"NAME": [of]}`, with a cursor when next.
type list struct {
	name string
	of   any
	next bool
}

func (g *generator) body(v any) any {
	if l, ok := v.(list); ok {
		props := object{l.name: object{"type": "array", "items": g.ref(reflect.TypeOf(l.of))}}
		if l.next {
			props["next"] = object{"type": "string", "description": "Cursor of the next page; absent on the last."}
		}
		return object{"type": "object", "required": []string{l.name}, "properties": props}
	}
	if s, ok := v.(object); ok {
		return s
	}
	return g.ref(reflect.TypeOf(v))
}

// ref makes a named type a component.
func (g *generator) ref(t reflect.Type) any {
	name := componentName(t)
	if _, ok := g.schemas[name]; !ok {
		g.schemas[name] = g.schema(t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

func componentName(t reflect.Type) string {
	pkg := t.PkgPath()[strings.LastIndexByte(t.PkgPath(), '/')+1:]
	name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
	if pkg == "admin" {
		return name
	}
	return strings.ToUpper(pkg[:1]) + pkg[1:] + name
}

// request is a body: nothing is required but what need names, and nothing
// else is taken.
func (g *generator) request(t reflect.Type, s object, need []string) any {
	s["required"] = need
	if need == nil {
		delete(s, "required")
	}
	s["additionalProperties"] = false
	name := componentName(t)
	if have, ok := g.schemas[name]; ok && !reflect.DeepEqual(have, s) {
		name += "Optional"
	}
	g.schemas[name] = s
	return object{"$ref": "#/components/schemas/" + name}
}

var anything = map[reflect.Type]*jsonschema.Schema{
	reflect.TypeFor[json.RawMessage](): {},
	reflect.TypeFor[[]byte]():          {Type: "string", ContentEncoding: "base64"},
	reflect.TypeFor[time.Time]():       {Type: "string", Format: "date-time"},
	reflect.TypeFor[crawl.Duration]():  {Type: "string"}, // such as "5m0s"
}

func (g *generator) schema(t reflect.Type) object {
	s, err := jsonschema.ForType(t, &jsonschema.ForOptions{TypeSchemas: anything})
	require.NoError(g.t, err, t.String())
	b, err := json.Marshal(s)
	require.NoError(g.t, err)
	out := object{}
	require.NoError(g.t, json.Unmarshal(b, &out))
	g.describe(out, t)
	return out
}

// describe adds the comments of the Go source, and lets answers grow: a client
// must not break on a member it does not know.
func (g *generator) describe(s object, t reflect.Type) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		key := "items"
		if t.Kind() == reflect.Map {
			key = "additionalProperties"
		}
		if t.Kind() != reflect.Pointer {
			inner, ok := s[key].(object)
			if !ok {
				return
			}
			s = inner
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	props, _ := s["properties"].(object)
	if props == nil {
		return
	}
	delete(s, "additionalProperties")
	if text := g.commentsOf(t)[""]; text != "" {
		s["description"] = text
	}
	g.fields(props, t)
}

func (g *generator) fields(props object, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			g.fields(props, f.Type)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		p, ok := props[name].(object)
		if !ok {
			continue
		}
		g.describe(p, f.Type)
		if text := g.commentsOf(t)[f.Name]; text != "" {
			p["description"] = text
		}
	}
}

// commentsOf reads what the Go source says of a type and its fields.
func (g *generator) commentsOf(t reflect.Type) map[string]string {
	const ours = "github.com/hookweir/hookweir/"
	rest, ok := strings.CutPrefix(t.PkgPath(), ours)
	if !ok || t.Name() == "" {
		return nil
	}
	key := t.PkgPath() + "." + t.Name()
	if c, ok := g.comments[key]; ok {
		return c
	}
	files, err := filepath.Glob(filepath.Join("..", "..", rest, "*.go"))
	require.NoError(g.t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		require.NoError(g.t, err)
		for _, decl := range tree.Decls {
			d, ok := decl.(*ast.GenDecl)
			if !ok || d.Tok != token.TYPE {
				continue
			}
			for _, spec := range d.Specs {
				g.readType(t.PkgPath(), spec.(*ast.TypeSpec), d.Doc)
			}
		}
	}
	return g.comments[key]
}

func (g *generator) readType(pkg string, spec *ast.TypeSpec, doc *ast.CommentGroup) {
	c := map[string]string{"": comment(doc)}
	if s, ok := spec.Type.(*ast.StructType); ok {
		for _, f := range s.Fields.List {
			text := comment(f.Doc)
			if text == "" {
				text = comment(f.Comment)
			}
			for _, name := range f.Names {
				c[name.Name] = text
			}
		}
	}
	g.comments[pkg+"."+spec.Name.Name] = c
}

func comment(c *ast.CommentGroup) string {
	if c == nil {
		return ""
	}
	return strings.Join(strings.Fields(strings.TrimSpace(c.Text())), " ")
}

// TestDocumentIsWhole: an operation without its answers, or an
// answer without a description, is none.
func TestDocumentIsWhole(t *testing.T) {
	var doc bytes.Buffer
	require.NoError(t, json.NewEncoder(&doc).Encode(document(t)))
	for _, o := range operations() {
		require.NotEmpty(t, o.summary, o.path)
		require.NotEmpty(t, o.answers, o.path)
		for _, a := range o.answers {
			require.NotEmpty(t, a.text, o.path)
		}
	}
	require.NotContains(t, doc.String(), `"description":""`)
}
