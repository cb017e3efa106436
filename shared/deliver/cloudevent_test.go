package deliver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/event"
)

func sample() *event.Event {
	return &event.Event{
		Tenant: "acme", Source: "gh", ID: "e1", Type: "com.github.push",
		Time: time.Date(2026, 11, 23, 12, 0, 0, 5e6, time.FixedZone("", 3600)), Origin: event.OriginPoll,
		Authenticated: event.ProofBearer, ContentType: "application/json; charset=utf-8",
	}
}

func TestCloudEventIsWrittenExactly(t *testing.T) {
	got := string(appendCloudEvent(nil, sample(), []byte("{ \"b\": 1.00,\n\t\"a\":1e2 }")))
	require.Equal(t, `{"specversion":"1.0","id":"acme/gh/e1","source":"/acme/gh","type":"com.github.push",`+
		`"time":"2026-11-23T11:00:00.005Z","datacontenttype":"application/json; charset=utf-8",`+
		`"hookweirtenant":"acme","hookweirorigin":"poll","hookweirauthenticated":"bearer",`+
		"\"data\":{ \"b\": 1.00,\n\t\"a\":1e2 }}", got)
}

func TestDataOrBase64(t *testing.T) {
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	for _, c := range []struct {
		name, contentType, body string
		json                    bool
	}{
		{"object", "application/json", `{"a":1}`, true},
		{"scalar", "application/json", `7`, true},
		{"upper case", "Application/JSON", `{}`, true},
		{"suffix", "application/vnd.github+json", `{}`, true},
		{"text/json", "text/json", `{}`, true},
		{"white space around", "application/json", " {} \n", true},
		{"form", "application/x-www-form-urlencoded", `payload=%7B%7D`, false},
		{"no type", "", `{}`, false},
		{"text", "text/plain", `{}`, false},
		{"suffix only", "+json", `{}`, false},
		{"json in a parameter", "text/plain; x=application/json", `{}`, false},
		{"not JSON", "application/json", `{"a":`, false},
		{"two values", "application/json", `{} {}`, false},
		{"breaks out of the envelope", "application/json", `1},"id":"forged","x":{`, false},
		{"closes the envelope", "application/json", `{}}`, false},
		{"not UTF-8", "application/json", "\"\xff\"", false},
		{"surrogate bytes", "application/json", "\"\xed\xa0\x80\"", false},
		{"byte order mark", "application/json", "\ufeff{}", false},
		{"UTF-16", "application/json; charset=utf-16", "{\x00}\x00", false},
		{"too deep for a parser", "application/json", deep, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := sample()
			e.ContentType = c.contentType
			got := appendCloudEvent(nil, e, []byte(c.body))
			checkCloudEvent(t, e, got, []byte(c.body))
			var m map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(got, &m))
			_, asJSON := m["data"]
			require.Equal(t, c.json, asJSON)
			if c.contentType == "" {
				require.Equal(t, `"application/octet-stream"`, string(m["datacontenttype"]), "left out it would mean JSON")
			}
		})
	}
}

func TestEmptyBodyIsNoData(t *testing.T) {
	got := appendCloudEvent(nil, sample(), nil)
	checkCloudEvent(t, sample(), got, nil)
	require.NotContains(t, string(got), `"data":`)
	require.NotContains(t, string(got), `"data_base64"`)
}

func TestUntyped(t *testing.T) {
	e := sample()
	e.Type = ""
	require.Contains(t, string(appendCloudEvent(nil, e, nil)), `"type":"com.hookweir.untyped"`)
}

// CloudEvents asks for 20 characters at most, as a SHOULD; one has 21.
var attributeName = regexp.MustCompile(`^[a-z0-9]{1,21}$`)

// checkCloudEvent applies the rules of CloudEvents 1.0.2 (spec.md "Context
// Attributes", json-format.md §2 and §3).
func checkCloudEvent(t *testing.T, e *event.Event, doc, body []byte) {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(doc, &m))
	dec := json.NewDecoder(bytes.NewReader(doc))
	_, err := dec.Token()
	require.NoError(t, err)
	seen := map[string]bool{}
	for dec.More() {
		name, err := dec.Token()
		require.NoError(t, err)
		require.False(t, seen[name.(string)], "member %s twice", name)
		seen[name.(string)] = true
		var skip json.RawMessage
		require.NoError(t, dec.Decode(&skip))
	}
	text := map[string]string{}
	for name, v := range m {
		if name == "data" || name == "data_base64" {
			continue
		}
		require.Regexp(t, attributeName, name)
		var s string
		require.NoError(t, json.Unmarshal(v, &s), name)
		require.NotEmpty(t, s, name)
		text[name] = s
	}
	require.Equal(t, "1.0", text["specversion"])
	require.Equal(t, string([]rune(e.Key())), text["id"])
	for _, name := range []string{"source", "type"} {
		require.NotEmpty(t, text[name])
	}
	_, err = time.Parse(time.RFC3339Nano, text["time"])
	require.NoError(t, err)
	data, isJSON := m["data"]
	encoded, isBase64 := m["data_base64"]
	require.False(t, isJSON && isBase64)
	switch {
	case isJSON:
		require.Equal(t, strings.TrimSpace(string(body)), strings.TrimSpace(string(data)))
		require.True(t, bytes.Contains(doc, body), "byte for byte")
	case isBase64:
		var s string
		require.NoError(t, json.Unmarshal(encoded, &s))
		raw, err := base64.StdEncoding.DecodeString(s)
		require.NoError(t, err)
		require.Equal(t, body, raw)
	default:
		require.Empty(t, body)
	}
}

func FuzzCloudEvent(f *testing.F) {
	f.Add("e1", "com.github.push", "application/json", []byte(`{"a":1}`))
	f.Add("e\"1", "\xff", "text/plain", []byte("\x00\xff"))
	f.Add("e1", "", "application/json", []byte(`1},"id":"x","y":{`))
	f.Fuzz(func(t *testing.T, id, typ, contentType string, body []byte) {
		e := sample()
		e.ID, e.Type, e.ContentType = id, typ, contentType
		checkCloudEvent(t, e, appendCloudEvent(nil, e, body), body)
	})
}

// An event that names what changed and does not hold it says so; what a poll
// found, it has fetched.
func TestThinEventsAreMarked(t *testing.T) {
	for _, c := range []struct {
		provider, origin, body string
		thin                   bool
	}{
		{"dropbox", event.OriginWebhook, `{}`, true},
		{"notion", event.OriginWebhook, `{"id":"x"}`, true},
		{"stripe", event.OriginWebhook, `{"object":"v2.core.event"}`, true},
		{"stripe", event.OriginWebhook, `{"object":"event"}`, false},
		{"stripe", event.OriginWebhook, `{"object":"event","object":"v2.core.event"}`, false},
		{"dropbox", event.OriginPoll, `{}`, false},
		{"github", event.OriginWebhook, `{}`, false},
		{"no-such-provider", event.OriginWebhook, `{}`, false},
		{"", event.OriginSystem, ``, false},
	} {
		e := sample()
		e.Provider, e.Origin = c.provider, c.origin
		var got map[string]any
		require.NoError(t, json.Unmarshal(appendCloudEvent(nil, e, []byte(c.body)), &got))
		if c.thin {
			require.Equal(t, true, got["hookweirthin"], "%+v", c)
			continue
		}
		require.NotContains(t, got, "hookweirthin", "%+v", c)
	}
}
