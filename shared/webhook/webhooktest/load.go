package webhooktest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/webhook"
)

// Case is one delivery and what must become of it.
type Case struct {
	Provider string // the directory
	Name     string // the file, without extension
	Why      string
	Request  webhook.Request // Header is a Header
	Secrets  []webhook.Secret
	Params   map[string]string
	// Documents are what can be fetched, by URL.
	Documents map[string]string
	Now       time.Time
	Want      Want
}

// Want is what must become of a delivery.
type Want struct {
	Error string // code of the refusal; empty is accepted

	ID, Type, Secret, Authenticated string

	Time time.Time // zero for `-`

	Reply, ReplyBody string // "200 text/plain; charset=utf-8", and what is answered
	ReplyHeader      string // "Name: value"
	Offer            string // the secret that the provider offers
	Events           string // "id type, id type" of a delivery that is split
}

// Header is header lines as sent.
type Header [][2]string

// Values implements webhook.Header.
func (h Header) Values(name string) []string {
	var values []string
	for _, line := range h {
		if strings.EqualFold(line[0], name) {
			values = append(values, line[1])
		}
	}
	return values
}

// ErrEmpty reports a corpus without cases.
var ErrEmpty = errors.New("webhooktest: no cases found")

// Load reads every case of the corpus, sorted by provider and name. It fails
// on an empty corpus and on anything in a file that it does not know.
func Load(corpus fs.FS) ([]Case, error) {
	names, err := fs.Glob(corpus, "*/*.txtar")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, ErrEmpty
	}
	cases := make([]Case, 0, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(corpus, name)
		if err != nil {
			return nil, err
		}
		c, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("webhooktest: %s: %w", name, err)
		}
		docs := c
		c.Request.Fetch = docs.fetch
		c.Provider, c.Name = path.Dir(name), strings.TrimSuffix(path.Base(name), ".txtar")
		cases = append(cases, c)
	}
	return cases, nil
}

// Parse reads one case.
func Parse(data []byte) (Case, error) {
	var c Case
	why, rest, ok := bytes.Cut(data, []byte("-- request --\n"))
	if !ok {
		return c, errors.New("no section request")
	}
	c.Why = string(bytes.TrimSpace(why))
	request, rest, ok := bytes.Cut(rest, []byte("\n-- secrets --\n"))
	if !ok {
		return c, errors.New("no section secrets")
	}
	secrets, rest, ok := bytes.Cut(rest, []byte("-- now --\n"))
	if !ok {
		return c, errors.New("no section now")
	}
	now, want, ok := bytes.Cut(rest, []byte("-- want --\n"))
	if !ok {
		return c, errors.New("no section want")
	}
	if c.Why == "" {
		return c, errors.New("no word about why")
	}
	seconds, err := strconv.ParseInt(string(bytes.TrimSpace(now)), 10, 64)
	if err != nil {
		return c, err
	}
	c.Now = time.Unix(seconds, 0).UTC()
	plain, extras, _ := strings.Cut(string(secrets), "-- ")
	return c, errors.Join(c.parseRequest(request), c.parseSecrets(plain), c.parseExtras(extras), c.Want.parse(string(want)))
}

// parseExtras reads the sections between secrets and now that a case may have,
// from after the first one's dashes.
func (c *Case) parseExtras(text string) error {
	for text != "" {
		name, rest, ok := strings.Cut(text, " --\n")
		if !ok {
			return fmt.Errorf("section %q", name)
		}
		var content string
		// PEM has dashes, but none with a space after them at a line's start.
		if i := strings.Index("\n"+rest, "\n-- "); i >= 0 {
			content, text = rest[:i], rest[i+len("-- "):]
		} else {
			content, text = rest, ""
		}
		if err := c.extra(name, content); err != nil {
			return err
		}
	}
	return nil
}

func (c *Case) extra(name, content string) error {
	if url, ok := strings.CutPrefix(name, "document "); ok {
		if c.Documents == nil {
			c.Documents = map[string]string{}
		}
		c.Documents[url] = content
		return nil
	}
	if name != "params" {
		return fmt.Errorf("section %q", name)
	}
	c.Params = map[string]string{}
	for line := range strings.Lines(content) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !ok {
			return fmt.Errorf("params: line %q", line)
		}
		c.Params[name] = value
	}
	return nil
}

// fetch is Request.Fetch over the case's documents.
func (c *Case) fetch(url string, maxBytes int) ([]byte, error) {
	text, ok := c.Documents[url]
	if !ok || len(text) > maxBytes {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (c *Case) parseRequest(data []byte) error {
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return errors.New("request: no empty line")
	}
	lines := strings.Split(string(head), "\n")
	c.Request.Method, c.Request.URL, ok = strings.Cut(lines[0], " ")
	if !ok {
		return errors.New("request: no method line")
	}
	var header Header
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			return fmt.Errorf("request: header line %q", line)
		}
		header = append(header, [2]string{name, value})
	}
	c.Request.Header, c.Request.Body = header, body
	return nil
}

func (c *Case) parseSecrets(text string) error {
	for line := range strings.Lines(text) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(f) != 4 {
			return fmt.Errorf("secrets: line %q", line)
		}
		from, errFrom := bound(f[1])
		until, errUntil := bound(f[2])
		if err := errors.Join(errFrom, errUntil); err != nil {
			return err
		}
		c.Secrets = append(c.Secrets, webhook.Secret{ID: f[0], Value: []byte(f[3]), NotBefore: from, NotAfter: until})
	}
	return nil
}

func bound(text string) (time.Time, error) {
	if text == "-" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0).UTC(), err
}

func (w *Want) parse(text string) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if code, ok := strings.CutPrefix(lines[0], "error: "); ok && code != "" && len(lines) == 1 {
		w.Error = code
		return nil
	}
	if lines[0] != "ok" {
		return fmt.Errorf("want: neither ok nor an error: %q", lines[0])
	}
	fields := map[string]*string{
		"id": &w.ID, "type": &w.Type, "secret": &w.Secret, "authenticated": &w.Authenticated,
		"reply": &w.Reply, "reply-body": &w.ReplyBody, "reply-header": &w.ReplyHeader, "events": &w.Events, "offer": &w.Offer,
	}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		if name == "time" {
			if value == "-" {
				continue
			}
			t, err := time.Parse(time.RFC3339Nano, value)
			if err != nil {
				return err
			}
			w.Time = t.UTC()
			continue
		}
		field := fields[name]
		if field == nil || value == "" {
			return fmt.Errorf("want: line %q", line)
		}
		*field = value
	}
	return nil
}
