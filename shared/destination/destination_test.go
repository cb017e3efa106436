package destination

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/pace"
	"github.com/hookweir/hookweir/shared/target"
)

const base = "https://api.example.com/v1"

func TestURL(t *testing.T) {
	c := New(base)
	for path, want := range map[string]error{
		"/":                                      nil,
		"/items":                                 nil,
		"/items/":                                nil,
		"/items/7?x=1&y=/../z":                   nil, // a query goes nowhere
		"/a%20b/caf%C3%A9":                       nil,
		"/a..b/...x":                             nil,
		"/100%25":                                nil,
		"/a;v=1/b":                               nil,
		"":                                       ErrPathForm,
		"items":                                  ErrPathForm,
		"https://evil.example/x":                 ErrPathForm,
		"?x":                                     ErrPathForm,
		"/a b":                                   ErrPathForm,
		"/a#b":                                   ErrPathForm,
		"/é":                                     ErrPathForm,
		"/a\\..\\b":                              ErrPathForm,
		"/a\n":                                   ErrPathForm,
		"/%zz":                                   ErrPathForm,
		"/a?x\\y":                                ErrPathForm,
		"//evil.example/x":                       ErrPathEscapes,
		"/a//b":                                  ErrPathEscapes,
		"/a//":                                   ErrPathEscapes,
		"/..":                                    ErrPathEscapes,
		"/../admin":                              ErrPathEscapes,
		"/a/./b":                                 ErrPathEscapes,
		"/a/../b":                                ErrPathEscapes,
		"/a/%2e%2e/b":                            ErrPathEscapes,
		"/a/%2E./b":                              ErrPathEscapes,
		"/a/.%2e":                                ErrPathEscapes,
		"/a%2f..%2fb":                            ErrPathEscapes,
		"/a%2Fb":                                 ErrPathEscapes,
		"/a%5c..%5cb":                            ErrPathEscapes,
		"/a%00":                                  ErrPathEscapes,
		"/a%0d%0ab":                              ErrPathEscapes,
		"/%252e%252e/b":                          ErrPathEscapes,
		"/%25252e%25252e/b":                      ErrPathEscapes,
		"/a%252fb":                               ErrPathEscapes,
		"/..;/admin":                             ErrPathEscapes,
		"/..;a=1":                                ErrPathEscapes,
		"/%2e%2e;x/b":                            ErrPathEscapes,
		"/" + strings.Repeat("x", target.MaxURL): ErrPathLong,
	} {
		got, err := c.URL(path)
		assert.Equal(t, want, asError(err), "%q", path)
		if want == nil {
			assert.Equal(t, base+path, got)
		}
	}
	c.BaseURL += "/"
	got, err := c.URL("/x")
	require.NoError(t, err)
	assert.Equal(t, base+"/x", got)
}

// asError keeps a nil interface nil.
func asError(err error) error { return err }

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(c *Config)
		want error
	}{
		{"every default", func(*Config) {}, nil},
		{"a root", func(c *Config) { c.BaseURL = "https://api.example.com" }, nil},
		{"a trailing slash", func(c *Config) { c.BaseURL = "https://api.example.com/" }, nil},
		{"plain http", func(c *Config) { c.BaseURL = "http://api.example.com" }, target.ErrScheme},
		{"a private host", func(c *Config) { c.BaseURL = "https://10.0.0.1" }, target.ErrNotPublic},
		{"this machine", func(c *Config) { c.BaseURL = "http://127.0.0.1:80" }, target.ErrScheme},
		{"credentials in the URL", func(c *Config) { c.BaseURL = "https://u:p@api.example.com" }, target.ErrUserinfo},
		{"a query", func(c *Config) { c.BaseURL += "?x=1" }, ErrBaseURL},
		{"dot segments", func(c *Config) { c.BaseURL += "/../v2" }, ErrBaseURL},
		{"an encoded slash", func(c *Config) { c.BaseURL += "/a%2fb" }, ErrBaseURL},
		{"a connection", func(c *Config) { c.Connection = "hubspot" }, nil},
		{"no connection's name", func(c *Config) { c.Connection = "Hub Spot" }, ErrConnection},
		{"both", func(c *Config) { c.Connection, c.Auth = "hubspot", Bearer }, ErrAuth},
		{"digest", func(c *Config) { c.Auth = "digest" }, ErrAuth},
		{"a rate", func(c *Config) { c.Rate = pace.Limit{Requests: 50, Per: time.Second, Burst: 10} }, nil},
		{"a rate without burst", func(c *Config) { c.Rate = pace.Limit{Requests: 50, Per: time.Second} }, ErrRate},
		{"too fast", func(c *Config) { c.Rate = pace.Limit{Requests: 50, Per: time.Millisecond, Burst: 1} }, ErrRate},
		{"too many at once", func(c *Config) { c.Concurrency = 101 }, ErrRate},
		{"on failure", func(c *Config) { c.OnFailure = "drop" }, ErrOnFailure},
		{"no attempt", func(c *Config) { c.Retry.MaxAttempts = 0 }, ErrRetry},
		{"no backoff", func(c *Config) { c.Retry.Backoff.Base = 0 }, ErrRetry},
		{"a ratio over 1", func(c *Config) { c.Breaker.Ratio = 1.5 }, ErrBreaker},
		{"no idempotency header", func(c *Config) { c.IdempotencyHeader = "" }, nil},
		{"a reserved one", func(c *Config) { c.IdempotencyHeader = "host" }, ErrIdempotency},
		{"no name", func(c *Config) { c.IdempotencyHeader = "A B" }, ErrIdempotency},
		{"no time", func(c *Config) { c.Timeout = 0 }, ErrTimeout},
		{"too much time", func(c *Config) { c.Timeout = time.Hour }, ErrTimeout},
		{"read paths", func(c *Config) { c.ReadPaths = []string{"/", "/orders", "/orders/*/items", "/a/**", "/**"} }, nil},
		{"a read path without its slash", func(c *Config) { c.ReadPaths = []string{"orders"} }, ErrReadPaths},
		{"an empty one", func(c *Config) { c.ReadPaths = []string{""} }, ErrReadPaths},
		{"a query", func(c *Config) { c.ReadPaths = []string{"/orders?x=1"} }, ErrReadPaths},
		{"part of a segment", func(c *Config) { c.ReadPaths = []string{"/ord*"} }, ErrReadPaths},
		{"any rest, but not the last", func(c *Config) { c.ReadPaths = []string{"/**/x"} }, ErrReadPaths},
		{"three stars", func(c *Config) { c.ReadPaths = []string{"/***"} }, ErrReadPaths},
		{"dot segments in it", func(c *Config) { c.ReadPaths = []string{"/a/../**"} }, ErrReadPaths},
		{"a long one", func(c *Config) { c.ReadPaths = []string{"/" + strings.Repeat("x", maxReadPath)} }, ErrReadPaths},
		{"as many as allowed", func(c *Config) { c.ReadPaths = slices.Repeat([]string{"/x"}, MaxReadPaths) }, nil},
		{"one too many", func(c *Config) { c.ReadPaths = slices.Repeat([]string{"/x"}, MaxReadPaths+1) }, ErrReadPaths},
	} {
		cfg := New(base)
		c.set(&cfg)
		assert.Equal(t, c.want, asError(cfg.Check(target.Policy{})), c.name)
	}
	loopback := New("http://127.0.0.1:80")
	assert.NoError(t, loopback.Check(target.Policy{AllowLoopback: true}))
}

func TestCheckHeader(t *testing.T) {
	for _, c := range []struct {
		name, auth string
		header     [][2]string
		want       error
	}{
		{"none", "", nil, nil},
		{"usual ones", "", [][2]string{{"content-type", "application/json"}, {"x-custom", "a b\tc"}, {"accept", "*/*"}}, nil},
		{"authorization of the caller", "", [][2]string{{"authorization", "Bearer x"}}, nil},
		{"authorization beside ours", Bearer, [][2]string{{"authorization", "Bearer x"}}, ErrHeaderAuth},
		{"host", "", [][2]string{{"host", "x"}}, ErrHeaderReserved},
		{"content-length", "", [][2]string{{"content-length", "1"}}, ErrHeaderReserved},
		{"transfer-encoding", "", [][2]string{{"transfer-encoding", "chunked"}}, ErrHeaderReserved},
		{"connection", "", [][2]string{{"connection", "x"}}, ErrHeaderReserved},
		{"proxy", "", [][2]string{{"proxy-authorization", "x"}}, ErrHeaderReserved},
		{"forwarded", "", [][2]string{{"x-forwarded-host", "x"}}, ErrHeaderReserved},
		{"upper case", "", [][2]string{{"X-A", "1"}}, ErrHeaders},
		{"twice", "", [][2]string{{"x-a", "1"}, {"x-a", "2"}}, ErrHeaders},
		{"no name", "", [][2]string{{"", "1"}}, ErrHeaders},
		{"a space in the name", "", [][2]string{{"x a", "1"}}, ErrHeaders},
		{"injection", "", [][2]string{{"x-a", "1\r\nhost: x"}}, ErrHeaders},
		{"not ASCII", "", [][2]string{{"x-a", "é"}}, ErrHeaders},
		{"padded", "", [][2]string{{"x-a", " 1"}}, ErrHeaders},
		{"too large", "", [][2]string{{"x-a", strings.Repeat("x", maxHeaderBytes)}}, ErrHeaders},
		{"too many", "", many(MaxHeaders + 1), ErrHeaders},
		{"as many as allowed", "", many(MaxHeaders), nil},
	} {
		cfg := New(base)
		cfg.Auth = c.auth
		assert.Equal(t, c.want, asError(cfg.CheckHeader(c.header)), c.name)
	}
	for _, n := range reservedNames {
		assert.Equal(t, strings.ToLower(n), n)
	}
}

func TestReadable(t *testing.T) {
	c := New(base)
	assert.False(t, c.Readable("/"), "nothing listed is nothing allowed")
	c.ReadPaths = []string{"/orders", "/customers/*"}
	for path, want := range map[string]bool{
		"/orders": true, "/orders?limit=1": true, "/customers/7": true, "/": false, "/orders/1": false, "/customers/7/cards": false, "/admin?/orders": false,
	} {
		assert.Equal(t, want, c.Readable(path), path)
	}
}

func TestCheckReadHeader(t *testing.T) {
	assert.NoError(t, CheckReadHeader([][2]string{{"accept", "*/*"}, {"x-method", "a"}}))
	for _, n := range methodNames {
		assert.Equal(t, ErrHeaderMethod, CheckReadHeader([][2]string{{"accept", "*/*"}, {n, "DELETE"}}), n)
	}
}

func many(n int) (list [][2]string) {
	for i := range n {
		list = append(list, [2]string{fmt.Sprintf("x-%d", i), "v"})
	}
	return list
}

func TestCredential(t *testing.T) {
	for _, c := range []struct {
		auth string
		cred Credential
		want error
	}{
		{Bearer, Credential{Secret: "tok-4e39"}, nil},
		{Bearer, Credential{}, ErrCredential},
		{Bearer, Credential{Secret: "a b"}, ErrCredential},
		{Bearer, Credential{Secret: "a\r\nx: y"}, ErrCredential},
		{Bearer, Credential{User: "u", Secret: "x"}, ErrCredential},
		{Bearer, Credential{Secret: strings.Repeat("x", maxCredential+1)}, ErrCredential},
		{Basic, Credential{User: "u", Secret: "päss word"}, nil},
		{Basic, Credential{Secret: "x"}, nil},
		{Basic, Credential{User: "u:v", Secret: "x"}, ErrCredential},
		{Basic, Credential{User: "u", Secret: "x\n"}, ErrCredential},
		{"", Credential{Secret: "x"}, ErrAuth},
	} {
		assert.Equal(t, c.want, asError(c.cred.Check(c.auth)), "%s %q", c.auth, c.want)
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v", c.cred, c.cred, c.cred), "tok-4e39")
	}
}

// FuzzURL: an accepted path never leaves the base, read by net/url or by a
// reader that decodes first.
func FuzzURL(f *testing.F) {
	for _, s := range []string{"/", "/a/b?c", "/../x", "/%2e%2e/x", "//x", "/a%2f..%2fb", "/a;..", "/%252e%252e", "\\", "/a%zz"} {
		f.Add(s)
	}
	cfg := New(base)
	f.Fuzz(func(t *testing.T, path string) {
		joined, err := cfg.URL(path)
		if err != nil {
			return
		}
		u, err := url.Parse(joined)
		if err != nil {
			t.Fatalf("%q joins to what is no URL: %v", path, err)
		}
		if u.Host != "api.example.com" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q goes to %q", path, joined)
		}
		for p := u.EscapedPath(); ; {
			resolved := (&url.URL{Path: p}).JoinPath().Path
			if resolved != "/v1" && !strings.HasPrefix(resolved, "/v1/") || strings.Contains(p, "\\") {
				t.Fatalf("%q resolves to %q", path, resolved)
			}
			decoded, err := url.PathUnescape(p)
			if err != nil || decoded == p {
				break
			}
			if strings.Count(decoded, "/") != strings.Count(p, "/") {
				t.Fatalf("%q hides a slash", path)
			}
			p = decoded
		}
		if err := target.Check(joined, target.Policy{}); err != nil {
			t.Fatalf("%q is no target: %v", path, err)
		}
	})
}
