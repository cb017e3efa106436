// Command agent is an endpoint for Hookweir's events: it verifies each one,
// keeps it once, and only then says so.
//
//	WEBHOOK_SECRET=whsec_… INBOX=inbox go run . # listens on 127.0.0.1:9000
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// maxBody is the largest event: a body of 25 MiB in base64, and its envelope.
const maxBody = 36 << 20

func main() {
	hook, err := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET"))
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
	log.Fatal(http.Serve(listener, nil))
}

func endpoint(hook *standardwebhooks.Webhook, inbox string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
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
	return nil
}
