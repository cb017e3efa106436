package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

var (
	keyA = bytes.Repeat([]byte{0xa1}, KeyBytes)
	keyB = bytes.Repeat([]byte{0xfb}, KeyBytes) // holds + and / in base64
	std  = base64.StdEncoding.EncodeToString
)

func parse(t testing.TB, ring string) *Ring {
	t.Helper()
	r, err := Parse(ring, aesgcm.Suite{})
	require.NoError(t, err)
	return r
}

var place = AAD{Purpose: "source", Tenant: "acme", Object: "github", Field: "config", Generation: 7}

func TestParse(t *testing.T) {
	url, raw := base64.URLEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	for _, ring := range []string{
		"a:" + std(keyA), "a:" + raw(keyA), "a:" + url(keyB), "a:" + raw(keyB),
		" a:" + std(keyA) + "\n", "a:" + std(keyA) + ",b:" + std(keyB),
		"a:" + base64.RawStdEncoding.EncodeToString(keyB),
		strings.Repeat("k", MaxKeyID) + ":" + std(keyA), "A_z-9:" + std(keyA),
	} {
		r, err := Parse(ring, aesgcm.Suite{})
		require.NoError(t, err, ring)
		assert.NotEmpty(t, r.keys)
	}

	many := make([]string, MaxKeys+1)
	for i := range many {
		many[i] = fmt.Sprintf("k%d:%s", i, std(bytes.Repeat([]byte{byte(i + 1)}, KeyBytes)))
	}
	_, err := Parse(strings.Join(many[1:], ","), aesgcm.Suite{})
	require.NoError(t, err)

	for name, c := range map[string]struct {
		ring  string
		entry int
	}{
		"too many":             {strings.Join(many, ","), MaxKeys + 1},
		"no id":                {":" + std(keyA), 1},
		"no colon":             {std(keyA), 1},
		"id too long":          {strings.Repeat("k", MaxKeyID+1) + ":" + std(keyA), 1},
		"id with a dot":        {"a.b:" + std(keyA), 1},
		"no key":               {"a:", 1},
		"31 bytes":             {"a:" + std(keyA[:31]), 1},
		"33 bytes":             {"a:" + std(append(keyA[:32:32], 1)), 1},
		"16 bytes":             {"a:" + std(keyA[:16]), 1},
		"hex":                  {"a:" + hex.EncodeToString(keyA), 1},
		"all zero":             {"a:" + std(make([]byte, KeyBytes)), 1},
		"duplicate id":         {"a:" + std(keyA) + ",a:" + std(keyB), 2},
		"duplicate key":        {"a:" + std(keyA) + ",b:" + std(keyA), 2},
		"trailing comma":       {"a:" + std(keyA) + ",", 2},
		"space in the middle":  {"a:" + std(keyA) + ", b:" + std(keyB), 2},
		"second entry is bad":  {"a:" + std(keyA) + ",b:" + std(keyB[:8]), 2},
		"newline in the key":   {"a:" + std(keyA)[:10] + "\n" + std(keyA)[10:], 1},
		"two alphabets":        {"a:-+" + std(keyA)[2:], 1},
		"two paddings":         {"a:" + std(keyA) + "=", 1},
		"bits after the end":   {"a:" + std(keyA)[:42] + "F=", 1},
		"a third field":        {"a:" + std(keyA) + ":x", 1},
		"NUL":                  {"a:" + std(keyA) + "\x00", 1},
		"key in the id's seat": {std(keyA) + ":a", 1},
	} {
		r, err := Parse(c.ring, aesgcm.Suite{})
		require.ErrorIs(t, err, ErrKey, name)
		assert.Nil(t, r, name)
		var ke *KeyError
		require.ErrorAs(t, err, &ke, name)
		assert.Equal(t, c.entry, ke.Entry, name)
		assert.NotContains(t, err.Error(), std(keyA)[:8], name)
	}
	for _, ring := range []string{"", " ", "\n\t"} {
		_, err := Parse(ring, aesgcm.Suite{})
		require.ErrorIs(t, err, ErrNoRing)
	}
}

func TestRoundTrip(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	for _, n := range []int{0, 1, 32, 1000, MaxPlaintext} {
		p := bytes.Repeat([]byte("x"), n)
		s, err := r.Seal(p, place)
		require.NoError(t, err)
		assert.LessOrEqual(t, len(s), maxSealed)
		assert.True(t, strings.HasPrefix(s, "hw1.a.7."))
		got, err := r.Open(s, place)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(p, got))
	}
	again := func() string { s, _ := r.Seal([]byte("same"), place); return s }
	assert.NotEqual(t, again(), again(), "the nonce must be fresh")

	_, err := r.Seal(make([]byte, MaxPlaintext+1), place)
	require.ErrorIs(t, err, ErrFormat)
	_, err = r.Seal(nil, AAD{Generation: -1})
	require.ErrorIs(t, err, ErrFormat)
}

func TestEveryFieldOfTheAADCounts(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	s, err := r.Seal([]byte("secret"), place)
	require.NoError(t, err)
	for name, change := range map[string]func(*AAD){
		"purpose":    func(a *AAD) { a.Purpose = "agent" },
		"tenant":     func(a *AAD) { a.Tenant = "other" },
		"object":     func(a *AAD) { a.Object = "stripe" },
		"field":      func(a *AAD) { a.Field = "secret" },
		"generation": func(a *AAD) { a.Generation++ },
		"older":      func(a *AAD) { a.Generation-- },
		"moved byte": func(a *AAD) { a.Tenant, a.Object = "acm", "egithub" },
		"swapped":    func(a *AAD) { a.Object, a.Field = a.Field, a.Object },
		"empty":      func(a *AAD) { *a = AAD{Generation: a.Generation} },
	} {
		a := place
		change(&a)
		_, err := r.Open(s, a)
		require.ErrorIs(t, err, ErrOpen, name)
		// Also when the text is made to agree with the wrong generation.
		_, err = r.Open(strings.Replace(s, ".7.", fmt.Sprintf(".%d.", a.Generation), 1), a)
		require.ErrorIs(t, err, ErrOpen, name)
	}
}

func TestEveryBitCounts(t *testing.T) {
	r := parse(t, "a:"+std(keyA)+",b:"+std(keyB))
	s, err := r.Seal([]byte("secret"), place)
	require.NoError(t, err)
	for i := range len(s) {
		for bit := range 8 {
			b := []byte(s)
			b[i] ^= 1 << bit
			got, err := r.Open(string(b), place)
			require.Error(t, err, "byte %d bit %d", i, bit)
			assert.Nil(t, got)
		}
	}
	box, _ := encoding.DecodeString(s[len("hw1.a.7."):])
	for i := range len(box) * 8 {
		b := bytes.Clone(box)
		b[i/8] ^= 1 << (i % 8)
		_, err := r.Open("hw1.a.7."+encoding.EncodeToString(b), place)
		require.ErrorIs(t, err, ErrOpen, "bit %d", i)
	}
	_, err = r.Open(strings.Replace(s, "hw1.a.", "hw1.b.", 1), place)
	require.ErrorIs(t, err, ErrOpen, "the key id is bound")
}

func TestFormatRefused(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	s, err := r.Seal([]byte("secret"), place)
	require.NoError(t, err)
	box := s[len("hw1.a.7."):]
	for name, bad := range map[string]string{
		"empty":               "",
		"plain text":          "whsec_abc",
		"other version":       "hw2" + s[3:],
		"no version":          s[4:],
		"two parts":           "hw1.a",
		"no box":              "hw1.a.7.",
		"no generation":       "hw1.a.." + box,
		"negative generation": "hw1.a.-7." + box,
		"signed generation":   "hw1.a.+7." + box,
		"padded generation":   "hw1.a.07." + box,
		"huge generation":     "hw1.a.9223372036854775808." + box,
		"no key id":           "hw1..7." + box,
		"bad key id":          "hw1.a b.7." + box,
		"too short":           "hw1.a.7." + box[:36],
		"padding":             s + "=",
		"newline":             s + "\n",
		"newline inside":      s[:20] + "\n" + s[20:],
		"carriage return":     s[:20] + "\r" + s[20:],
		"fifth part":          s + ".x",
		"standard alphabet":   "hw1.a.7.++++" + box[4:],
		"too long":            s + strings.Repeat("A", maxSealed),
	} {
		_, err := r.Open(bad, place)
		require.ErrorIs(t, err, ErrFormat, name)
	}
}

func TestRotation(t *testing.T) {
	old := parse(t, "a:"+std(keyA))
	both := parse(t, "b:"+std(keyB)+",a:"+std(keyA))
	only := parse(t, "b:"+std(keyB))

	s, err := old.Seal([]byte("secret"), place)
	require.NoError(t, err)
	assert.False(t, old.NeedsRewrap(s))
	assert.True(t, both.NeedsRewrap(s))
	p, err := both.Open(s, place)
	require.NoError(t, err)
	s2, err := both.Seal(p, place)
	require.NoError(t, err)
	assert.False(t, both.NeedsRewrap(s2))
	p, err = only.Open(s2, place)
	require.NoError(t, err)
	assert.Equal(t, "secret", string(p))

	_, err = only.Open(s, place)
	require.ErrorIs(t, err, ErrUnknownKey)
	// Another key under the same id is not told apart from tampering.
	_, err = parse(t, "a:"+std(keyB)).Open(s, place)
	require.ErrorIs(t, err, ErrOpen)
}

func TestWrapsAKey(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	aad := AAD{Purpose: "vault", Tenant: "acme", Object: "tenant", Field: "key"}
	s, err := r.Seal(keyB, aad)
	require.NoError(t, err)
	k, err := r.Open(s, aad)
	require.NoError(t, err)
	inner := parse(t, "t:"+std(k))
	s, err = inner.Seal([]byte("token"), place)
	require.NoError(t, err)
	_, err = r.Open(s, place)
	require.ErrorIs(t, err, ErrUnknownKey)
}

func TestNoRing(t *testing.T) {
	for _, r := range []*Ring{nil, {}} {
		_, err := r.Seal(nil, place)
		require.ErrorIs(t, err, ErrNoRing)
		_, err = r.Open("hw1.a.7.AAAA", place)
		require.ErrorIs(t, err, ErrNoRing)
		assert.True(t, r.NeedsRewrap("hw1.a.7.AAAA"))
	}
}

func TestHeader(t *testing.T) {
	r := parse(t, "key-1:"+std(keyA))
	s, err := r.Seal(nil, place)
	require.NoError(t, err)
	id, gen, err := Header(s)
	require.NoError(t, err)
	assert.Equal(t, "key-1", id)
	assert.Equal(t, int64(7), gen)
	_, _, err = Header("hw1.key-1.x.AAAA")
	require.ErrorIs(t, err, ErrFormat)
}

func TestRandFails(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	broken := errors.New("no entropy")
	r.Rand = iotest.ErrReader(broken)
	s, err := r.Seal([]byte("x"), place)
	require.ErrorIs(t, err, broken)
	assert.Empty(t, s)
	r.Rand = bytes.NewReader(make([]byte, nonceBytes-1))
	_, err = r.Seal([]byte("x"), place)
	require.Error(t, err)
}

func TestPrintsNoKey(t *testing.T) {
	r := parse(t, "a:"+std(keyA)+",b:"+std(keyB))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out := fmt.Sprintf(verb, r)
		for _, k := range [][]byte{keyA, keyB} {
			assert.NotContains(t, out, std(k)[:8], verb)
			assert.NotContains(t, out, hex.EncodeToString(k)[:8], verb)
			assert.NotContains(t, out, fmt.Sprintf("%d %d %d", k[0], k[0], k[0]), verb)
		}
	}
	assert.Equal(t, "seal.Ring(a,b)", r.String())
	assert.Equal(t, "seal.Ring()", (*Ring)(nil).String())
}

func FuzzOpen(f *testing.F) {
	r := parse(f, "a:"+std(keyA))
	const good = frozen // a fresh one would differ in each fuzzing process
	for _, s := range []string{good, "", "hw1.a.7.", "hw1.a.7.AAAA", good + "\n", "hw1." + good, strings.ToUpper(good)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := r.Open(s, place)
		if s == good {
			require.NoError(t, err)
			return
		}
		require.Error(t, err)
		assert.Nil(t, p)
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a:" + std(keyA), "a:" + std(keyA) + ",b:" + std(keyB), ",", ":", "a:=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := Parse(s, aesgcm.Suite{})
		if err != nil {
			assert.Nil(t, r)
			return
		}
		sealed, err := r.Seal([]byte("x"), place)
		require.NoError(t, err)
		_, err = r.Open(sealed, place)
		require.NoError(t, err)
	})
}
