package webhook

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		format TimeFormat
		text   string
		want   string // RFC 3339, or empty for refused
	}{
		{UnixSeconds, "1614265330", "2021-02-25T15:02:10Z"},
		{UnixSeconds, "0", "1970-01-01T00:00:00Z"},
		{UnixSeconds, "", ""},
		{UnixSeconds, "-1", ""},
		{UnixSeconds, "+1614265330", ""},
		{UnixSeconds, " 1614265330", ""},
		{UnixSeconds, "1614265330 ", ""},
		{UnixSeconds, "1614265330\n", ""},
		{UnixSeconds, "1614265330.0", ""},
		{UnixSeconds, "0x60", ""},
		{UnixSeconds, "1_614", ""},
		{UnixSeconds, "1e9", ""},
		{UnixSeconds, "12345678901234567", ""},
		{UnixMillis, "1614265330123", "2021-02-25T15:02:10.123Z"},
		{UnixFraction, "1355517523.000005", "2012-12-14T20:38:43.000005Z"},
		{UnixFraction, "1355517523", "2012-12-14T20:38:43Z"},
		{UnixFraction, "1355517523.", ""},
		{UnixFraction, ".5", ""},
		{UnixFraction, "1.2.3", ""},
		{UnixFraction, "1.0000000001", ""},
		{UnixEither, "1614265330", "2021-02-25T15:02:10Z"},
		{UnixEither, "1614265330500", "2021-02-25T15:02:10.5Z"},
		{UnixEither, "1614265330.5", ""},
		{UnixEither, "", ""},
		{RFC3339, "2021-02-25T16:02:10.5+01:00", "2021-02-25T15:02:10.5Z"},
		{RFC3339, "2021-02-25T15:02:10Z", "2021-02-25T15:02:10Z"},
		{RFC3339, "2024-02-29T23:59:59.123456789-23:59", "2024-03-01T23:58:59.123456789Z"},
		{RFC3339, "2021-02-29T00:00:00Z", ""},
		{RFC3339, "2021-13-01T00:00:00Z", ""},
		{RFC3339, "2021-00-01T00:00:00Z", ""},
		{RFC3339, "2021-01-00T00:00:00Z", ""},
		{RFC3339, "2021-01-01T24:00:00Z", ""},
		{RFC3339, "2021-01-01T00:60:00Z", ""},
		{RFC3339, "2021-01-01T00:00:60Z", ""},
		{RFC3339, "2021-01-01T00:00:00", ""},
		{RFC3339, "2021-01-01T00:00:00.Z", ""},
		{RFC3339, "2021-01-01T00:00:00.1234567890Z", ""},
		{RFC3339, "2021-01-01T00:00:00+24:00", ""},
		{RFC3339, "2021-01-01T00:00:00+00:60", ""},
		{RFC3339, "2021-01-01T00:00:00+0000", ""},
		{RFC3339, "2021-01-01t00:00:00z", ""},
		{RFC3339, "2021-01-01 00:00:00Z", ""},
		{RFC3339, "2021-01-01T00:00:00Z ", ""},
		{RFC3339, "2021-02-25", ""},
		{RFC3339, "", ""},
		{HTTPDate, "Thu, 25 Feb 2021 15:02:10 GMT", "2021-02-25T15:02:10Z"},
		{HTTPDate, "Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59Z"},
		{HTTPDate, "Fri, 25 Feb 2021 15:02:10 GMT", ""},
		{HTTPDate, "thu, 25 Feb 2021 15:02:10 GMT", ""},
		{HTTPDate, "Thu, 25 anF 2021 15:02:10 GMT", ""},
		{HTTPDate, "Mon, 29 Feb 2021 15:02:10 GMT", ""},
		{HTTPDate, "Thu, 25 Feb 2021 24:02:10 GMT", ""},
		{HTTPDate, "Thu, 25 Feb 2021 15:02:10 UTC", ""},
		{HTTPDate, "Thu,  5 Feb 2021 15:02:10 GMT", ""},
		{HTTPDate, "Thu, 25 Feb 2021 15:02:10 GMT ", ""},
		{HTTPDate, "Thursday, 25-Feb-21 15:02:10 GMT", ""},
		{HTTPDate, "", ""},
		{0, "1", ""},
	} {
		got, ok := parseTime(c.text, c.format)
		if c.want == "" {
			assert.False(t, ok, "%q", c.text)
			continue
		}
		require.True(t, ok, "%q", c.text)
		assert.Equal(t, c.want, got.Format(time.RFC3339Nano))
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"1614265330", "1614265330.5", "+1", "", "99999999999999999", "2021-02-25T16:02:10.5+01:00", "Thu, 25 Feb 2021 15:02:10 GMT"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range []TimeFormat{UnixSeconds, UnixMillis, UnixFraction, RFC3339, HTTPDate} {
			parseTime(text, format)
		}
		want, err := time.Parse(time.RFC3339, text)
		if got, ok := parseTime(text, RFC3339); ok {
			require.NoError(t, err)
			require.True(t, want.Equal(got), "%v, want %v", got, want)
		} else if err == nil {
			// Go also reads one-digit hours, a comma for the full stop, and
			// more digits than nanoseconds; it writes none of them.
			require.False(t, canonical(text), "%q", text)
		}
		if got, ok := parseTime(text, UnixSeconds); ok {
			n, err := strconv.ParseUint(text, 10, 63)
			require.NoError(t, err)
			require.Equal(t, int64(n), got.Unix())
			require.Empty(t, strings.Trim(text, "0123456789"))
		}
	})
}

// canonical says that text is as time.Format writes it.
func canonical(text string) bool {
	got, err := time.Parse(time.RFC3339Nano, text)
	return err == nil && got.Format(time.RFC3339Nano) == text
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		encoding Encoding
		text     string
		want     int
	}{
		{Hex, "", 0},
		{Hex, "00ffAB", 3},
		{Hex, "0", -1},
		{Hex, "0g", -1},
		{Hex, strings.Repeat("00", maxSignature+1), -1},
		{Hex, " 0", -1},
		{Base64, "", 0},
		{Base64, "AAAA", 3},
		{Base64, "AA==", 1},
		{Base64, "AA", -1},
		{Base64, "AB==", -1},
		{Base64, "AAAA\n", -1},
		{Base64, "A\r\nAAA", -1},
		{Base64, "-_-_", -1},
		{Base64, strings.Repeat("A", maxBase64), -1},
		{Base64, strings.Repeat("A", maxBase64-1) + "=", maxSignature},
		{Base64URL, "-_-_", 3},
		{Base64URLBare, "-_-", -1},
		{Base64URLBare, "-_8", 2},
		{Base64URLBare, "-_8=", -1},
		{Base64URL, "+/+/", -1},
		{Raw, "abc", 3},
		{Raw, strings.Repeat("x", maxSignature+1), -1},
		{99, "00", -1},
	} {
		var dst [maxSignature]byte
		assert.Equal(t, c.want, decode(dst[:], c.text, c.encoding), "%d %q", c.encoding, c.text)
	}
}

// Each decoder against the standard library's: what it accepts decodes alike.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"00ff", "AAAA", "AA==", "AB==", "-_-_", "A\nAAA", "0g", strings.Repeat("A", 88)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for e, reference := range map[Encoding]func(string) ([]byte, error){
			Hex: hex.DecodeString, Base64: base64.StdEncoding.Strict().DecodeString, Base64URL: base64.URLEncoding.Strict().DecodeString, Base64URLBare: base64.RawURLEncoding.Strict().DecodeString,
		} {
			var dst [maxSignature]byte
			n := decode(dst[:], text, e)
			want, err := reference(text)
			if n >= 0 {
				require.NoError(t, err)
				require.Equal(t, string(want), string(dst[:n]))
			} else if err == nil {
				require.True(t, len(want) > maxSignature || strings.ContainsAny(text, "\r\n"), "%q", text)
			}
		}
	})
}

func FuzzFormField(f *testing.F) {
	for _, s := range []string{"a=1&b=2", "a=%41+b", "a", "&&a=", "a=1&a=2", "%61=x", "a=%zz", "a=%4", ""} {
		f.Add([]byte(s), "a")
	}
	f.Fuzz(func(t *testing.T, body []byte, name string) {
		got, ok := formField(body, name)
		// url.ParseQuery also gives up on semicolons, and passes over pairs
		// it cannot read.
		if strings.Contains(string(body), ";") || name == "" {
			return
		}
		values, err := url.ParseQuery(string(body))
		if ok {
			require.Equal(t, []string{got}, values[name])
		} else if err == nil {
			require.NotEqual(t, 1, len(values[name]), "%q", body)
		}
	})
}

// anyKey takes every key and verifies nothing.
type anyKey struct{ Crypto }

func (anyKey) CheckKey(Algorithm, []byte) bool { return true }

func FuzzCandidates(f *testing.F) {
	for _, s := range []string{"t=1,v1=00", "v1=00,t=1,t=2", "v1,AAAA v1,BBBB", "sha256=00", "", ",,,", strings.Repeat("v1=00,", 40)} {
		f.Add(s)
	}
	verifiers := make([]*Verifier, 0, len(catalogue))
	for i := range catalogue {
		v, err := newVerifier(&catalogue[i], Config{Crypto: anyKey{}, Secrets: []Secret{{Value: []byte("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}}})
		if err != nil {
			continue // its secrets have another form
		}
		verifiers = append(verifiers, v)
	}
	require.GreaterOrEqual(f, len(verifiers), 6)
	f.Fuzz(func(t *testing.T, header string) {
		for _, v := range verifiers {
			w := new(work)
			if v.candidates(w, header) != nil {
				continue
			}
			require.LessOrEqual(t, w.count, maxCandidates)
			require.Positive(t, w.count)
			for _, c := range w.found[:w.count] {
				require.Positive(t, c.size)
				require.Contains(t, header, c.label)
			}
		}
	})
}
