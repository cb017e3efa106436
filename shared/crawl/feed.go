package crawl

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// A feed's entries become JSON objects with the members of a JSON Feed item
// (https://www.jsonfeed.org/version/1.1/), so that one recipe reads all three
// and an agent sees one shape:
//
//	RSS 2.0   item:  guid or link, title, link, description, pubDate, author, category
//	RSS 1.0   item:  rdf:about, title, link, description, dc:date, dc:creator, dc:subject
//	Atom      entry: id, title, link, summary, content, published, updated, author, category
//
// Entries of a JSON Feed are passed on as they are.

// feedItems cuts a feed into items. An entry's own mistakes leave it without
// an id, which poisons that one.
func feedItems(doc []byte) ([][]byte, error) {
	doc = bytes.TrimPrefix(bytes.TrimSpace(doc), byteOrderMark)
	if len(doc) > 0 && doc[0] == '{' {
		raw, ok := jsontext.Find(doc, "items")
		if !ok {
			return nil, fail(Failed, CodeNoFeed)
		}
		list, ok := jsontext.Elements(raw, maxItems)
		if !ok {
			return nil, fail(Failed, CodeNoFeed)
		}
		return list, nil
	}
	return xmlItems(doc)
}

// feedEntry is an entry of any of the XML feeds. Fields of other namespaces
// than the ones meant are not told apart where feeds do not either.
type feedEntry struct {
	About      string        `xml:"about,attr"`
	GUID       string        `xml:"guid"`
	ID         string        `xml:"id"`
	Title      string        `xml:"title"`
	Links      []feedLink    `xml:"link"`
	Desc       string        `xml:"description"`
	Summary    string        `xml:"summary"`
	Content    feedContent   `xml:"content"`
	Encoded    string        `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
	PubDate    string        `xml:"pubDate"`
	Date       string        `xml:"http://purl.org/dc/elements/1.1/ date"`
	Published  string        `xml:"published"`
	Updated    string        `xml:"updated"`
	Authors    []feedAuthor  `xml:"author"`
	Creators   []string      `xml:"http://purl.org/dc/elements/1.1/ creator"`
	Categories []feedSubject `xml:"category"`
	Subjects   []string      `xml:"http://purl.org/dc/elements/1.1/ subject"`
}

type feedLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Text string `xml:",chardata"`
}

type feedContent struct {
	Inner string `xml:",innerxml"`
	Text  string `xml:",chardata"`
	Type  string `xml:"type,attr"`
}

type feedAuthor struct {
	Name string `xml:"name"`
	Text string `xml:",chardata"`
}

type feedSubject struct {
	Term string `xml:"term,attr"`
	Text string `xml:",chardata"`
}

func xmlItems(doc []byte) ([][]byte, error) {
	d := xml.NewDecoder(bytes.NewReader(doc))
	d.Strict = false // feeds have HTML's entities and worse
	d.Entity = xml.HTMLEntity
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "utf-8", "us-ascii", "ascii":
			return in, nil
		case "iso-8859-1", "latin1", "windows-1252":
			return latin1{in}, nil
		}
		return nil, errors.ErrUnsupported
	}
	var list [][]byte
	root := ""
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			if root == "" {
				return nil, fail(Failed, CodeNoFeed)
			}
			return list, nil
		}
		if err != nil {
			return nil, fail(Failed, CodeNoFeed)
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		name := start.Name.Local
		if root == "" {
			root = strings.ToLower(name)
			if root != "rss" && root != "rdf" && root != "feed" {
				return nil, fail(Failed, CodeNoFeed)
			}
			continue
		}
		if name != "item" && name != "entry" {
			continue
		}
		if len(list) >= maxItems {
			return nil, fail(TooLarge, CodeTooLarge)
		}
		var e feedEntry
		if err := d.DecodeElement(&e, &start); err != nil {
			return nil, fail(Failed, CodeNoFeed)
		}
		item, err := json.Marshal(e.item())
		if err != nil {
			return nil, fail(Failed, CodeNoFeed)
		}
		list = append(list, item)
	}
}

// latin1 makes UTF-8 of ISO 8859-1. The letters that windows-1252 adds become
// control characters, which is what such a label says.
type latin1 struct{ in io.Reader }

func (l latin1) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	half := make([]byte, len(p)/2)
	n, err := l.in.Read(half)
	out := p[:0]
	for _, c := range half[:n] {
		out = append(out, string(rune(c))...)
	}
	return len(out), err
}

// jsonFeedItem is what an entry becomes.
type jsonFeedItem struct {
	ID        string           `json:"id,omitempty"`
	URL       string           `json:"url,omitempty"`
	Title     string           `json:"title,omitempty"`
	HTML      string           `json:"content_html,omitempty"`
	Summary   string           `json:"summary,omitempty"`
	Published string           `json:"date_published,omitempty"`
	Modified  string           `json:"date_modified,omitempty"`
	Authors   []jsonFeedAuthor `json:"authors,omitempty"`
	Tags      []string         `json:"tags,omitempty"`
}

type jsonFeedAuthor struct {
	Name string `json:"name"`
}

func (e *feedEntry) item() jsonFeedItem {
	it := jsonFeedItem{
		URL: e.link(), Title: clean(e.Title),
		HTML:      firstOf(e.Encoded, e.Content.html()),
		Summary:   firstOf(e.Summary, e.Desc),
		Published: feedTime(firstOf(e.Published, e.PubDate, e.Date)),
		Modified:  feedTime(e.Updated),
	}
	it.ID = firstOf(e.ID, e.GUID, e.About, it.URL)
	for _, a := range e.Authors {
		if n := firstOf(a.Name, a.Text); n != "" {
			it.Authors = append(it.Authors, jsonFeedAuthor{n})
		}
	}
	for _, c := range e.Creators {
		it.Authors = append(it.Authors, jsonFeedAuthor{clean(c)})
	}
	for _, c := range e.Categories {
		if t := firstOf(c.Term, c.Text); t != "" {
			it.Tags = append(it.Tags, t)
		}
	}
	for _, s := range e.Subjects {
		it.Tags = append(it.Tags, clean(s))
	}
	return it
}

// link is the entry's own page: Atom's alternate, or RSS's text.
func (e *feedEntry) link() string {
	for _, l := range e.Links {
		if l.Href != "" && (l.Rel == "" || l.Rel == "alternate") {
			return clean(l.Href)
		}
	}
	for _, l := range e.Links {
		if t := clean(l.Text); t != "" {
			return t
		}
	}
	return ""
}

func (c feedContent) html() string {
	if c.Type == "xhtml" {
		return clean(c.Inner)
	}
	return clean(c.Text)
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s = clean(s); s != "" {
			return s
		}
	}
	return ""
}

func clean(s string) string { return strings.TrimSpace(s) }

// feedZones are the zones that RFC 822 §5.1 names, as offsets: package time
// knows none but UTC and takes the others for it.
var feedZones = [...][2]string{
	{" GMT", " +0000"},
	{" UTC", " +0000"},
	{" UT", " +0000"},
	{" Z", " +0000"},
	{" EST", " -0500"},
	{" EDT", " -0400"},
	{" CST", " -0600"},
	{" CDT", " -0500"},
	{" MST", " -0700"},
	{" MDT", " -0600"},
	{" PST", " -0800"},
	{" PDT", " -0700"},
}

// feedTime writes a date of RFC 822 (RSS) or RFC 3339 (Atom) as RFC 3339;
// empty for any other.
func feedTime(s string) string {
	for _, zone := range feedZones {
		if rest, ok := strings.CutSuffix(s, zone[0]); ok {
			s = rest + zone[1]
			break
		}
	}
	for _, layout := range [...]string{
		time.RFC3339Nano, "Mon, 2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700",
		"Mon, 2 Jan 2006 15:04 -0700", "2 Jan 2006 15:04 -0700", "2006-01-02T15:04Z07:00", "2006-01-02",
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	}
	return ""
}
