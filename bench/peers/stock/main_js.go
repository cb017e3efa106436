// Command stock is the bench's peer in Go: the same work in a plain
// net/http handler under workers.Serve, as that library's README shows it.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/syumai/workers"
	"github.com/syumai/workers/cloudflare"
	"github.com/syumai/workers/cloudflare/kv"
	"github.com/syumai/workers/cloudflare/queues"
	"github.com/syumai/workers/cloudflare/r2"
)

const (
	secret      = "It's a Secret to Everybody"
	inlineLimit = 100 << 10
	retention   = 72 * 3600 // seconds
)

func main() {
	http.HandleFunc("POST /verify", verified(func(w http.ResponseWriter, id string, _ []byte) {
		answer(w, http.StatusAccepted, map[string]any{"accepted": true, "id": id})
	}))
	http.HandleFunc("POST /full", verified(full))
	workers.Serve(nil)
}

func verified(next func(w http.ResponseWriter, id string, body []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			answer(w, http.StatusBadRequest, map[string]any{"code": "bad_request"})
			return
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		want := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(want), []byte(r.Header.Get("X-Hub-Signature-256"))) {
			answer(w, http.StatusUnauthorized, map[string]any{"code": "bad_signature"})
			return
		}
		next(w, "bench/github/"+r.Header.Get("X-GitHub-Delivery"), body)
	}
}

func full(w http.ResponseWriter, id string, body []byte) {
	seen, err := kv.NewNamespace("IDEMPOTENCY")
	if err != nil {
		unavailable(w)
		return
	}
	// GetString reports a missing key as the text of JavaScript's null.
	if v, err := seen.GetString("evt:"+id, nil); err == nil && v != "<null>" {
		answer(w, http.StatusOK, map[string]any{"duplicate": true, "id": id})
		return
	}
	if err := enqueue(id, body); err != nil {
		unavailable(w)
		return
	}
	cloudflare.WaitUntil(func() {
		now := strconv.FormatInt(time.Now().UnixMilli(), 10)
		_ = seen.PutString("evt:"+id, now, &kv.PutOptions{ExpirationTTL: retention})
	})
	answer(w, http.StatusAccepted, map[string]any{"accepted": true, "id": id})
}

func enqueue(id string, body []byte) error {
	events, err := queues.NewProducer("EVENTS")
	if err != nil {
		return err
	}
	if len(body) <= inlineLimit {
		return events.SendBytes(body)
	}
	payloads, err := r2.NewBucket("PAYLOADS")
	if err != nil {
		return err
	}
	if _, err := payloads.Put(id, io.NopCloser(bytes.NewReader(body)), nil); err != nil {
		return err
	}
	return events.SendJSON(map[string]any{"id": id, "claim": id})
}

func unavailable(w http.ResponseWriter) {
	answer(w, http.StatusServiceUnavailable, map[string]any{"code": "unavailable"})
}

func answer(w http.ResponseWriter, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
