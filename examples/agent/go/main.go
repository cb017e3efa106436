// Command agent is an endpoint for Hookweir's events: it verifies each one,
// keeps it once, and only then says so.
//
//	WEBHOOK_SECRET=whsec_… INBOX=inbox go run . # listens on 127.0.0.1:9000
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody is the largest event: a body of 25 MiB in base64, and its envelope.
const maxBody = 36 << 20

// minSecret is the least a secret may have, in bytes (Standard Webhooks,
// "Signature scheme"). The library takes an empty one, which anybody can sign with.
const minSecret = 24

// patience bounds what a client may take to send a request: one that sends
// nothing must not hold a connection for good. Hookweir waits 15 s for an answer.
const patience = 30 * time.Second

func main() {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(os.Getenv("WEBHOOK_SECRET"), "whsec_"))
	if err != nil || len(secret) < minSecret {
		log.Fatal("WEBHOOK_SECRET has to be whsec_ and at least 24 bytes in base64")
	}
	hook, err := standardwebhooks.NewWebhookRaw(secret)
	if err != nil {
		log.Fatal("WEBHOOK_SECRET: ", err)
	}
	inbox := os.Getenv("INBOX")
	if err := os.MkdirAll(inbox, 0o700); err != nil {
		log.Fatal("INBOX: ", err)
	}
	port := os.Getenv("PORT")
	if port == "" {
		port = "9000"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("POST /events", endpoint(hook, inbox))
	log.Printf("listening on http://%s/events", listener.Addr())
	server := &http.Server{ReadTimeout: patience, IdleTimeout: 2 * patience}
	log.Fatal(server.Serve(listener))
}

func endpoint(hook *standardwebhooks.Webhook, inbox string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > maxBody {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		var over *http.MaxBytesError
		switch {
		case errors.As(err, &over):
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "cannot read the body", http.StatusBadRequest)
			return
		}
		// Over the bytes as they came, and before anything reads them.
		if err := hook.Verify(body, r.Header); err != nil {
			http.Error(w, "not verified", http.StatusUnauthorized)
			return
		}
		if err := keep(inbox, r.Header.Get("webhook-id"), body); err != nil {
			log.Print(err)
			http.Error(w, "not kept", http.StatusServiceUnavailable) // Hookweir tries again
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// keep stores an event under its webhook-id. One that is there already came
// before: Hookweir sends again what it cannot know to have arrived. What acts
// on events works through the inbox, so an event is acted on once.
func keep(inbox, id string, body []byte) error {
	sum := sha256.Sum256([]byte(id))
	name := filepath.Join(inbox, hex.EncodeToString(sum[:])+".json")
	file, err := os.CreateTemp(inbox, "*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(body)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	// A link is there whole or not at all, and never replaces another.
	if err := os.Link(file.Name(), name); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Nor is it there for good, after a loss of power, before its folder is.
	folder, err := os.Open(inbox)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
