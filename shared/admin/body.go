package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hookweir/hookweir/shared/problem"
)

// readJSON reads a body that is one JSON object with no field but those of
// into, none twice, none null, and nothing behind it. encoding/json alone
// would take `"Secret"` for `"secret"` and the last of two, and then another
// parser in front of it might have seen something else.
func (a *api) readJSON(r *http.Request, into any) error {
	body, err := a.readTyped(r, MaxBody)
	if err != nil {
		return err
	}
	return decode(body, into)
}

// readTyped reads a body that says it is JSON, without white space around.
func (a *api) readTyped(r *http.Request, limit int) ([]byte, error) {
	body, err := a.readBody(r, limit)
	if err != nil {
		return nil, err
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/json" || !charsetUTF8(params) || len(r.Header.Values("Content-Type")) != 1 {
		return nil, refuse(problem.CodeUnsupportedMediaType, "")
	}
	return bytes.TrimSpace(body), nil
}

// readOptionalJSON is readJSON, but no body at all leaves into as it is.
func (a *api) readOptionalJSON(r *http.Request, into any) error {
	body, err := a.readBody(r, MaxBody)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return nil
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return a.readJSON(r, into)
}

func (a *api) readBody(r *http.Request, limit int) ([]byte, error) {
	if len(r.Header.Values("Content-Encoding")) > 0 {
		return nil, refuse(problem.CodeUnsupportedEncoding, "send the body without a Content-Encoding")
	}
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	var over *http.MaxBytesError
	switch {
	case len(body) > limit, errors.As(err, &over), a.TooLarge != nil && errors.Is(err, a.TooLarge):
		return nil, refuse(problem.CodeBodyTooLarge, "the body has at most "+strconv.Itoa(limit>>10)+" KiB")
	case err != nil:
		return nil, refuse(problem.CodeBadRequest, "the body could not be read")
	}
	return body, nil
}

func charsetUTF8(params map[string]string) bool {
	for k, v := range params {
		if k != "charset" || !strings.EqualFold(v, "utf-8") {
			return false
		}
	}
	return true
}

func decode(body []byte, into any) error {
	fields := fieldsOf(into)
	if !utf8.Valid(body) {
		return invalidJSON(fields)
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return invalidJSON(fields)
	}
	var seen []string
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		if err != nil || !ok || !slices.Contains(fields, key) || slices.Contains(seen, key) {
			return invalidJSON(fields)
		}
		seen = append(seen, key)
		var value json.RawMessage
		if d.Decode(&value) != nil || string(value) == "null" {
			return invalidJSON(fields)
		}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return invalidJSON(fields)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return invalidJSON(fields)
	}
	strict := json.NewDecoder(bytes.NewReader(body))
	strict.DisallowUnknownFields()  // of the objects within, too
	if strict.Decode(into) != nil { // or a value of another type
		return invalidJSON(fields)
	}
	return nil
}

// invalidJSON says what the body may hold. It repeats nothing of the body,
// which may hold a secret in the wrong place.
func invalidJSON(fields []string) error {
	return refuse(problem.CodeInvalidJSON, "send one JSON object with no fields but "+strings.Join(fields, ", ")+", each at most once and not null, and no unknown fields within them")
}

func fieldsOf(into any) []string {
	t := reflect.TypeOf(into).Elem()
	fields := make([]string, t.NumField())
	for i := range fields {
		fields[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return fields
}

// duration reads a field such as "24h"; empty is fallback.
func duration(field, s string, fallback time.Duration) (time.Duration, error) {
	if s == "" {
		return fallback, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, refuse(problem.CodeInvalidRequest, field+` must be a duration such as "24h" or "30m"`)
	}
	return d, nil
}
