//go:build !js

package admin_test

import (
	"errors"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPurgeEvent(t *testing.T) {
	w := newWorld(t)
	key := w.dead("acme", "gh", "one", `{"name":"Ada"}`)
	path := "/events/" + url.PathEscape(key)
	assert.Equal(t, "invalid_json", w.admin("DELETE", path, `{"x":1}`).code())
	require.Equal(t, 204, w.admin("DELETE", path, "").Code)
	r := w.admin("GET", path, "")
	assert.Equal(t, "purged", r.json()["state"])
	assert.NotContains(t, r.Body.String(), "data", "neither data nor data_base64")
	assert.NotContains(t, r.Body.String(), "Ada")
	assert.Equal(t, "conflict", w.admin("POST", path+"/replay", "").code())
	assert.Equal(t, 204, w.admin("DELETE", "/events/"+key, "").Code, "again, and by plain segments")
	got, _ := w.pages("state=purged")
	assert.Len(t, got, 1)

	assert.Equal(t, "not_found", w.admin("DELETE", "/events/acme%2Fgh%2Fnone", "").code())
	other := w.dead("other", "gh", "theirs", `{}`)
	assert.Equal(t, "not_found", w.admin("DELETE", "/events/"+url.PathEscape(other), "").code())

	waits := w.dead("acme", "gh", "waits", `{}`)
	require.Equal(t, 202, w.admin("POST", "/events/"+url.PathEscape(waits)+"/replay", "").Code)
	assert.Equal(t, "conflict", w.admin("DELETE", "/events/"+url.PathEscape(waits), "").code(), "still to be delivered")
}

func TestPurgeWhere(t *testing.T) {
	w := newWorld(t)
	w.seedEvents(23)
	assert.Equal(t, 23, w.byFours("purge", "purged"))
	got, _ := w.pages("state=purged")
	assert.Len(t, got, 23)

	w = newWorld(t)
	w.seedEvents(23)
	r := w.admin("POST", "/events/purge", `{"state":"dead","source":"gh","since":"2026-08-04T12:00:01Z"}`)
	assert.JSONEq(t, `{"purged":11}`, r.Body.String())
	w.queue = errors.New("queue is down") // it is not needed
	assert.JSONEq(t, `{"purged":12}`, w.admin("POST", "/events/purge", `{"state":"dead"}`).Body.String())

	for body, want := range map[string]string{
		``:                                  "unsupported_media_type",
		`{}`:                                "invalid_request",
		`{"state":"pending"}`:               "invalid_request",
		`{"state":"purged"}`:                "invalid_request",
		`{"state":"dead","limit":1001}`:     "invalid_request",
		`{"state":"dead","cursor":"9."}`:    "invalid_cursor",
		`{"state":"dead","sources":["gh"]}`: "invalid_json",
	} {
		assert.Equal(t, want, w.admin("POST", "/events/purge", body).code(), body)
	}
}
