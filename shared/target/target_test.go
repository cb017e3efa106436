package target_test

import (
	"math/big"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/target"
)

var (
	production  = target.Policy{}
	development = target.Policy{AllowLoopback: true}
)

func TestAccepts(t *testing.T) {
	for _, u := range []string{
		"https://agent.example.com",
		"https://agent.example.com/",
		"https://agent.example.com/hooks?x=1&y=%20",
		"https://agent.example.com?x=1",
		"https://agent.example.com:443/",
		"https://agent.example.com:8443/a/../b",
		"https://agent.example.com:65535",
		"https://AGENT.Example.COM/",
		"HTTPS://agent.example.com/",
		"https://xn--bcher-kva.example.com/",
		"https://a.co", "https://1.a1", "https://0x7f.example.com", "https://127.0.0.1.example.com",
		"https://r3---sn.example.com", "https://localhost.example.com", "https://notlocal.example.com",
		"https://internal.example.com", "https://local.co",
		"https://" + strings.Repeat("a", 63) + ".com/",
		"https://example.com/@user", "https://example.com/?q=a@b:c",
		"https://8.8.8.8/", "https://1.1.1.1:8443/", "https://100.63.255.255/", "https://172.32.0.1/",
		"https://[2606:4700::1111]/", "https://[2001:4860:4860::8888]:8443/", "https://[2A00:1450::1]/",
	} {
		require.NoError(t, target.Check(u, production), u)
		require.NoError(t, target.Check(u, development), u)
	}
}

func TestRefuses(t *testing.T) {
	for u, want := range map[string]target.Error{
		"https://example.com/" + strings.Repeat("a", target.MaxURL): target.ErrTooLong,

		"":                                target.ErrScheme,
		"example.com":                     target.ErrScheme,
		"//example.com/":                  target.ErrScheme,
		"/hook":                           target.ErrScheme,
		"https:example.com":               target.ErrScheme,
		"https:/example.com":              target.ErrScheme,
		"http://example.com/":             target.ErrScheme,
		"ftp://example.com/":              target.ErrScheme,
		"file:///etc/passwd":              target.ErrScheme,
		"javascript://example.com/":       target.ErrScheme,
		"x?://example.com":                target.ErrScheme,
		"https%3A//example.com":           target.ErrScheme,
		"://example.com":                  target.ErrSyntax,
		" https://example.com":            target.ErrSyntax,
		"https://example.com/ ":           target.ErrSyntax,
		"https://exam\tple.com/":          target.ErrSyntax,
		"https://example.com\n/":          target.ErrSyntax,
		"https://example.com/\r\nX:":      target.ErrSyntax,
		"https://example.com/\x00":        target.ErrSyntax,
		"https://example.com/\x7f":        target.ErrSyntax,
		"https:\\\\example.com":           target.ErrSyntax,
		"https://example.com\\@evil.com/": target.ErrSyntax,
		"https://example.com/%zz":         target.ErrSyntax,

		"https://example.com/#":   target.ErrFragment,
		"https://example.com#f":   target.ErrFragment,
		"https://example.com/#@x": target.ErrFragment,

		"https://user@example.com/":         target.ErrUserinfo,
		"https://user:pw@example.com/":      target.ErrUserinfo,
		"https://@example.com/":             target.ErrUserinfo,
		"https://:@example.com/":            target.ErrUserinfo,
		"https://example.com@127.0.0.1/":    target.ErrUserinfo,
		"https://a@b@example.com/":          target.ErrUserinfo,
		"https://us%40er@example.com/":      target.ErrUserinfo,
		"https://example.com:443@evil.com/": target.ErrUserinfo,

		"https://example.com:0/":                    target.ErrPort,
		"https://example.com:/":                     target.ErrPort,
		"https://example.com:65536/":                target.ErrPort,
		"https://example.com:0443/":                 target.ErrPort,
		"https://example.com:+443/":                 target.ErrPort,
		"https://example.com:-1/":                   target.ErrPort,
		"https://example.com:https/":                target.ErrPort,
		"https://[2606:4700::1111]:0/":              target.ErrPort,
		"https://[2606:4700::1111]:/":               target.ErrPort,
		"https://example.com:99999999999999999999/": target.ErrPort,

		"https:///hook":                                 target.ErrHost,
		"https://":                                      target.ErrHost,
		"https://?x":                                    target.ErrHost,
		"https://example.com./":                         target.ErrHost,
		"https://127.0.0.1./":                           target.ErrHost,
		"https://localhost./":                           target.ErrHost,
		"https://.example.com/":                         target.ErrHost,
		"https://example..com/":                         target.ErrHost,
		"https://./":                                    target.ErrHost,
		"https://-a.example.com/":                       target.ErrHost,
		"https://a-.example.com/":                       target.ErrHost,
		"https://a_b.example.com/":                      target.ErrHost,
		"https://*.example.com/":                        target.ErrHost,
		"https://a,b.example.com/":                      target.ErrHost,
		"https://example%2ecom/":                        target.ErrHost,
		"https://%31%32%37.0.0.1/":                      target.ErrHost,
		"https://127%2e0.0.1/":                          target.ErrHost,
		"https://%6cocalhost/":                          target.ErrHost,
		"https://" + strings.Repeat("a", 64) + ".com/":  target.ErrHost,
		"https://" + strings.Repeat("a.", 127) + "com/": target.ErrHost,
		"https://b\u00fccher.example.com/":              target.ErrSyntax, // raw IDN: use punycode
		"https://\uff11\uff12\uff17.0.0.1/":             target.ErrSyntax, // full-width digits
		"https://127\u30020\u30020\u30021/":             target.ErrSyntax, // ideographic full stop
		"https://\u24db\u24deocalhost/":                 target.ErrSyntax, // circled letters
		"https://exa\u00admple.com/":                    target.ErrSyntax, // soft hyphen

		// What the URL standard reads as 127.0.0.1 or another address.
		"https://2130706433/":         target.ErrHost,
		"https://0x7f000001/":         target.ErrHost,
		"https://0X7F000001/":         target.ErrHost,
		"https://017700000001/":       target.ErrHost,
		"https://127.1/":              target.ErrHost,
		"https://127.0.1/":            target.ErrHost,
		"https://0x7f.1/":             target.ErrHost,
		"https://0x7f.0x0.0x0.0x1/":   target.ErrHost,
		"https://0177.0.0.1/":         target.ErrHost,
		"https://127.0.0.01/":         target.ErrHost,
		"https://0/":                  target.ErrHost,
		"https://0x/":                 target.ErrHost,
		"https://1.2.3.4.5/":          target.ErrHost,
		"https://256.256.256.256/":    target.ErrHost,
		"https://8.8.8.8.8/":          target.ErrHost,
		"https://example.0x7f/":       target.ErrHost,
		"https://example.1/":          target.ErrHost,
		"https://example.0x/":         target.ErrHost,
		"https://[::1/":               target.ErrHost,
		"https://::1/":                target.ErrHost,
		"https://[::1]x/":             target.ErrHost,
		"https://[127.0.0.1]/":        target.ErrHost,
		"https://[fe80::1%25eth0]/":   target.ErrHost,
		"https://[2606:4700::1%25a]/": target.ErrHost,
		"https://[]/":                 target.ErrHost,
		"https://[v1.x]/":             target.ErrHost,

		"https://agent/":                    target.ErrNotPublic,
		"https://com/":                      target.ErrNotPublic,
		"https://printer.local/":            target.ErrNotPublic,
		"https://printer.LOCAL/":            target.ErrNotPublic,
		"https://metadata.google.internal/": target.ErrNotPublic,
		"https://router.home.arpa/":         target.ErrNotPublic,
		"https://home.arpa/":                target.ErrNotPublic,
		"https://localhost.localdomain/":    target.ErrNotPublic,
		"https://nas.lan/":                  target.ErrNotPublic,
		"https://wiki.corp/":                target.ErrNotPublic,
		"https://169.254.169.254/latest/":   target.ErrNotPublic,
		"https://[fd00:ec2::254]/":          target.ErrNotPublic,
	} {
		err := target.Check(u, production)
		require.Error(t, err, u)
		assert.Equal(t, want, err, u)
		assert.Equal(t, want, target.Check(u, development), u)
		assert.NotContains(t, err.Error(), "pw")
	}
}

func TestSpecialAddresses(t *testing.T) {
	for _, host := range []string{
		"0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"169.254.0.1", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.31.196.1",
		"192.52.193.1", "192.88.99.1", "192.168.0.1", "192.168.255.255", "192.175.48.1", "198.18.0.1",
		"198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
		"255.255.255.255",
		"[::]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]", "[::ffff:0:1]", "[::127.0.0.1]", "[::8.8.8.8]",
		"[64:ff9b::8.8.8.8]", "[64:ff9b:1::1]", "[100::1]", "[100:0:0:1::1]",
		"[2001::1]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]", "[2001:1ff::1]",
		"[2001:db8::1]", "[2002:7f00:1::]", "[2002:808:808::]", "[2620:4f:8000::1]",
		"[3fff::1]", "[3fff:fff::1]", "[4000::1]", "[5f00::1]",
		"[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]",
	} {
		assert.Equal(t, target.ErrNotPublic, target.Check("https://"+host+"/", production), host)
		assert.Equal(t, target.ErrNotPublic, target.Check("https://"+host+":8443/", development), host)
		assert.Equal(t, target.ErrScheme, target.Check("http://"+host+"/", development), host)
	}
}

func TestLoopback(t *testing.T) {
	for _, host := range []string{
		"127.0.0.1", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]", "localhost", "LOCALHOST", "agent.localhost", "a.b.localhost",
	} {
		for _, u := range []string{"http://" + host + ":8787/hook", "https://" + host + "/"} {
			require.NoError(t, target.Check(u, development), u)
		}
		assert.Equal(t, target.ErrNotPublic, target.Check("https://"+host+"/", production), host)
		assert.Equal(t, target.ErrScheme, target.Check("http://"+host+"/", production), host)
		assert.Equal(t, target.ErrPort, target.Check("http://"+host+":0/", development), host)
		assert.Equal(t, target.ErrUserinfo, target.Check("http://u@"+host+"/", development), host)
	}
	assert.Equal(t, target.ErrHost, target.Check("http://127.1/", development))
	assert.Equal(t, target.ErrScheme, target.Check("http://notlocalhost/", development))
}

// inetAton reads a host as the C library and the URL standard do: one to four
// parts, decimal, octal or hexadecimal.
func inetAton(host string) bool {
	parts := strings.Split(strings.TrimSuffix(host, "."), ".")
	if len(parts) > 4 {
		return false
	}
	for _, p := range parts {
		base, digits := 10, p
		switch {
		case strings.HasPrefix(strings.ToLower(p), "0x"):
			base, digits = 16, p[2:]
		case len(p) > 1 && p[0] == '0':
			base, digits = 8, p[1:]
		}
		if digits == "" {
			digits = "0"
		}
		if _, ok := new(big.Int).SetString(digits, base); !ok || strings.ContainsAny(digits, "+-_") {
			return false
		}
	}
	return true
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{
		"https://agent.example.com:8443/hook?x=1", "https://8.8.8.8/", "https://[2606:4700::1111]/",
		"https://0x7f.1/", "https://127.0.0.1.example.com/", "http://localhost:1/", "https://a@b/", "https://[::ffff:1.2.3.4]/",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if target.Check(s, production) != nil {
			return
		}
		u, err := url.Parse(s)
		require.NoError(t, err)
		assert.Equal(t, "https", u.Scheme)
		assert.Nil(t, u.User)
		assert.Empty(t, u.Fragment)
		if u.Port() != "" {
			n, err := strconv.Atoi(u.Port())
			require.NoError(t, err)
			assert.True(t, n > 0 && n < 65536)
		}
		host := u.Hostname()
		if a, err := netip.ParseAddr(host); err == nil {
			assert.True(t, a.IsGlobalUnicast() && !a.IsPrivate() && !a.Is4In6(), host)
			return
		}
		assert.False(t, inetAton(host), host)
		assert.Contains(t, host, ".")
		assert.Equal(t, "", strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-."), host)
	})
}
