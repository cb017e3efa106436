// Command corpus prints the webhook corpus (shared/webhook/testdata) as the
// tests over HTTP need it, a line of JSON per case: the request as bytes for
// the wire, sent to a source of its own, and that source's configuration,
// sealed for the CONFIG namespace under the key ring in SOURCE_KEYS.
//
// The request carries the case's time in the header x-hookweir-now, which
// only the test build reads.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/seal"
	"github.com/hookweir/hookweir/shared/seal/aesgcm"
	"github.com/hookweir/hookweir/shared/source/sourcetest"
	"github.com/hookweir/hookweir/shared/webhook"
	"github.com/hookweir/hookweir/shared/webhook/webhooktest"
)

const tenant = "corpus"

// line is one case; []byte is base64 in JSON.
type line struct {
	Name    string `json:"name"`
	Why     string `json:"why"`
	Tenant  string `json:"tenant"`
	Source  string `json:"source"`
	Now     int64  `json:"now"` // Unix seconds
	KVKey   string `json:"kv_key"`
	KVValue string `json:"kv_value"`
	Request []byte `json:"request"`
	Body    []byte `json:"body"`
	Error   string `json:"error,omitempty"`
	Trimmed bool   `json:"trimmed,omitempty"` // a header value loses its outer spaces on the way (RFC 9110 §5.5)
	// Documents are what can be fetched, by URL; absent for a case that is not
	// about that.
	Documents map[string]string `json:"documents,omitempty"`
	// Events are "id type" of each part of a delivery that is split.
	Events   []string `json:"events,omitempty"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Time     string   `json:"time,omitempty"` // RFC 3339
	Reply    string   `json:"reply,omitempty"`
	ReplyRaw string   `json:"reply_body,omitempty"`
	// Accepted is the status for an event that was taken; Answer is set where
	// the provider wants a body of its own, or none.
	Accepted int `json:"accepted"`
	Answer   int `json:"answer,omitempty"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "corpus:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return errors.New("usage: SOURCE_KEYS=… corpus shared/webhook/testdata")
	}
	ring, err := seal.Parse(os.Getenv("SOURCE_KEYS"), aesgcm.Suite{})
	if err != nil {
		return err
	}
	cases, err := webhooktest.Load(os.DirFS(os.Args[1]))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for _, c := range cases {
		l, err := describe(ring, c)
		if err != nil {
			return fmt.Errorf("%s/%s: %w", c.Provider, c.Name, err)
		}
		if err := out.Encode(l); err != nil {
			return err
		}
	}
	return nil
}

func describe(ring *seal.Ring, c webhooktest.Case) (*line, error) {
	l := &line{
		Name: c.Provider + "/" + c.Name, Why: c.Why, Tenant: tenant, Source: sourcetest.Name(&c), Now: c.Now.Unix(), Body: c.Request.Body,
		Error: c.Want.Error, ID: c.Want.ID, Type: c.Want.Type, Reply: c.Want.Reply, ReplyRaw: c.Want.ReplyBody,
	}
	if c.Documents != nil || c.Want.Error == "keys_unavailable" {
		l.Documents = map[string]string{"": ""} // so that it is there
		maps.Copy(l.Documents, c.Documents)
	}
	if c.Want.Events != "" {
		l.Events = strings.Split(c.Want.Events, ", ")
	}
	if row, ok := webhook.Lookup(c.Provider); ok {
		l.Accepted = row.Accepted()
		switch {
		case row.FormAnswer != nil && !strings.ContainsAny(string(c.Request.Body[:min(1, len(c.Request.Body))]), "{["):
			l.Answer = row.FormAnswer.Status
		case row.Answer != nil:
			l.Answer = row.Answer.Status
		}
	}
	if !c.Want.Time.IsZero() {
		l.Time = c.Want.Time.Format(time.RFC3339Nano)
	}
	var err error
	if l.KVKey, l.KVValue, err = sourcetest.Seal(ring, tenant, &c); err != nil {
		return nil, err
	}
	header, ok := c.Request.Header.(webhooktest.Header)
	if !ok {
		return nil, errors.New("header is not the corpus's")
	}
	for _, h := range header {
		l.Trimmed = l.Trimmed || h[1] != strings.Trim(h[1], " \t")
	}
	l.Request, err = wire(l, c, header)
	return l, err
}

// wire writes the request as HTTP/1.1, header lines as they stand.
func wire(l *line, c webhooktest.Case, header webhooktest.Header) ([]byte, error) {
	u, err := url.Parse(c.Request.URL)
	if err != nil {
		return nil, err
	}
	target := "/webhooks/" + tenant + "/" + l.Source
	if u.RawQuery != "" {
		target += "?" + u.RawQuery
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nX-Hookweir-Now: %d\r\n", c.Request.Method, target, u.Host, c.Now.Unix())
	for _, h := range header {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if len(c.Request.Body) > 0 || c.Request.Method != "GET" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(c.Request.Body))
	}
	b.WriteString("\r\n")
	b.Write(c.Request.Body)
	return b.Bytes(), nil
}
