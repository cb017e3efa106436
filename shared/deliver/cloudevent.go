package deliver

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/event"
	"github.com/hookweir/hookweir/shared/jsontext"
	"github.com/hookweir/hookweir/shared/webhook"
)

const (
	cloudEventType = "application/cloudevents+json; charset=utf-8"
	userAgent      = "Hookweir/1"
	// unnamedType stands in for an event without a type, which CloudEvents
	// does not allow (§ "type": a non-empty string).
	unnamedType = "com.hookweir.untyped"
)

// appendCloudEvent appends the event in CloudEvents 1.0 structured mode, JSON
// format (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md §3).
//
// A JSON body is spliced in as `data`, byte for byte: the agent parses the
// numbers and key order the provider wrote. Anything else, and JSON that is
// none, travels as `data_base64`.
func appendCloudEvent(dst []byte, e *event.Event, body []byte) []byte {
	asJSON := isJSON(e.ContentType) && utf8.Valid(body) && json.Valid(body)
	size := len(body)
	if !asJSON {
		size = base64.StdEncoding.EncodedLen(size)
	}
	if dst == nil { // one allocation: the body may have 25 MiB
		dst = make([]byte, 0, 512+2*len(e.ID)+len(e.Type)+len(e.ContentType)+size)
	}
	typ := e.Type
	if typ == "" {
		typ = unnamedType
	}
	dst = append(dst, `{"specversion":"1.0"`...)
	dst = appendMember(dst, "id", e.Key())
	dst = appendMember(dst, "source", "/"+e.Tenant+"/"+e.Source)
	dst = appendMember(dst, "type", typ)
	dst = appendMember(dst, "time", e.Time.UTC().Format(time.RFC3339Nano))
	contentType := e.ContentType
	if contentType == "" {
		// Left out, it would mean JSON (§3.1).
		contentType = "application/octet-stream"
	}
	dst = appendMember(dst, "datacontenttype", contentType)
	dst = appendMember(dst, "hookweirtenant", e.Tenant)
	dst = appendMember(dst, "hookweirorigin", e.Origin)
	dst = appendMember(dst, "hookweirauthenticated", e.Authenticated)
	// What a poll found, it has fetched.
	if e.Origin == event.OriginWebhook && webhook.Thin(e.Provider, body) {
		dst = append(dst, `,"hookweirthin":true`...)
	}
	switch {
	case len(body) == 0: // an event without data
	case asJSON:
		dst = append(dst, `,"data":`...)
		dst = append(dst, body...)
	default:
		dst = append(dst, `,"data_base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, body)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// appendMember leaves an empty attribute out: CloudEvents has no empty ones.
func appendMember(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(append(dst, `,"`...), name...), `":`...)
	return jsontext.AppendString(dst, value)
}

// isJSON reports whether a media type is JSON: application/json, text/json or
// any with the +json suffix (RFC 6839 §3.1). Parameters do not matter, the
// bytes are checked.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.Trim(media, " \t"))
	return media == "application/json" || media == "text/json" || strings.HasSuffix(media, "+json") && strings.Contains(media, "/")
}
