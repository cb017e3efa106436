package toolserver

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"unsafe"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/jsontext"
)

// Direct answers the messages that come again and again past the protocol
// library, which takes a connection, several goroutines and half a megabyte of
// memory for one message without a session.
type Direct struct {
	// Call calls a tool. ok is false, and nothing has been done, where the
	// library shall: whoever may not call is told so by it. The result is an
	// object without `_meta`, and says its resultType. asks: the client answers
	// forms (elicitation), so the result may be a question.
	Call func(ctx context.Context, c *access.Caller, name string, arguments []byte, asks bool) (result []byte, ok bool)
	// Lists says whose list of tools the caller's is: it is another string
	// when the list is another. Those of another version are nobody's any more.
	// ok is false when nobody can say.
	Lists func(ctx context.Context, c *access.Caller) (version int64, of string, ok bool)
}

const (
	// maxShapes and maxShape (bytes) bound the messages that are remembered: a
	// client sends few that differ in more than arguments. Half a megabyte.
	maxShapes = 128
	maxShape  = 4 << 10
	// maxLists bounds the lists that are kept, of some 20 KB each: one for each
	// different set of rights. Those over maxList, in bytes, are not: a megabyte
	// for all of them.
	maxLists = 16
	maxList  = 64 << 10
)

// known is what has been answered before.
type known struct {
	shapes  map[string]bool
	version int64 // of the lists
	lists   map[string][]byte
}

func (k *known) accept(shape string) {
	if len(k.shapes) >= maxShapes {
		clear(k.shapes)
	}
	k.shapes[shape] = true
}

func (k *known) keep(version int64, of string, list []byte) {
	if version < k.version || len(list) > maxList {
		return
	}
	if len(k.lists) >= maxLists || version > k.version {
		clear(k.lists)
	}
	k.version = version
	k.lists[of] = list
}

func (k *known) list(version int64, of string) []byte {
	if version != k.version {
		return nil
	}
	return k.lists[of]
}

// again is a message that may have come before in all but these two.
type again struct {
	shape         string // all else of it; "" for none that is answered directly
	id, arguments []byte
	asks          bool // see Direct.Call
}

var againPaths = [][]string{
	{"id"},
	{"params", "arguments"},
	{"params", "_meta", metaCapabilities, "elicitation"},
	{"params", "_meta", "progressToken"},
	{"params", "requestState"},
	{"params", "inputResponses"},
	{"params", "cursor"},
}

// headers that the library looks at.
var shapeHeaders = []string{"Content-Type", "Accept", versionHeader, "Mcp-Method", "Mcp-Name", "Last-Event-Id"}

// shapeOf cuts the id and the arguments out of a message: what is left, with
// the headers, decides whether the library accepts it, and it has decided that
// once. Messages that say more than a plain call or list are for the library.
func shapeOf(r *http.Request, f frame, body []byte) again {
	call := f.method == "tools/call"
	if !f.modern || !call && f.method != "tools/list" {
		return again{}
	}
	values := make([][]byte, len(againPaths))
	if !jsontext.FindAll(body, againPaths, values) || !plainID(values[0]) || call && len(values[1]) == 0 {
		return again{}
	}
	for _, more := range values[3:] {
		if more != nil {
			return again{}
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "Mcp-Param-") {
			return again{}
		}
	}
	cut := [][]byte{values[0]}
	if call {
		cut = append(cut, values[1])
	}
	shape := without(body, cut)
	for _, name := range shapeHeaders {
		for _, v := range r.Header[name] {
			shape = append(append(append(shape, '\n'), name...), v...)
		}
	}
	if len(shape) > maxShape {
		return again{}
	}
	return again{string(shape), values[0], values[1], asksForms(values[2])}
}

// asksForms says whether a client's capability of elicitation has forms: one
// that names neither form nor page has them.
func asksForms(elicitation []byte) bool {
	if !bytes.HasPrefix(elicitation, []byte("{")) {
		return false
	}
	_, form := jsontext.Find(elicitation, "form")
	_, page := jsontext.Find(elicitation, "url")
	return form || !page
}

// plainID is an id that is echoed as it came.
func plainID(raw []byte) bool {
	const longest = 64
	if len(raw) == 0 || len(raw) > longest {
		return false
	}
	if raw[0] == '"' {
		return !bytes.ContainsFunc(raw[1:len(raw)-1], func(r rune) bool { return r < ' ' || r > '~' || r == '\\' })
	}
	return len(raw) <= 15 && !bytes.ContainsFunc(raw, func(r rune) bool { return r < '0' || r > '9' })
}

// without leaves out parts of a text, which are slices of it.
func without(text []byte, parts [][]byte) []byte {
	out := make([]byte, 0, len(text)+512)
	at := 0
	if len(parts) == 2 && offset(text, parts[0]) > offset(text, parts[1]) {
		parts[0], parts[1] = parts[1], parts[0]
	}
	for _, p := range parts {
		from := offset(text, p)
		out = append(append(out, text[at:from]...), 0) // no text of JSON has this
		at = from + len(p)
	}
	return append(out, text[at:]...)
}

// offset is where part, a slice of text (jsontext.Find: the result aliases the
// document), begins in it.
func offset(text, part []byte) int {
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(part))) - uintptr(unsafe.Pointer(unsafe.SliceData(text))))
}

// direct answers a message that the library has accepted before, and reports
// whether it did.
func (s *Server) direct(w http.ResponseWriter, r *http.Request, c *access.Caller, f frame, m again) bool {
	s.mu.Lock()
	ok := s.known.shapes[m.shape]
	s.mu.Unlock()
	if !ok {
		return false
	}
	var result []byte
	if f.method == "tools/list" {
		if version, of, asked := s.cfg.Direct.Lists(r.Context(), c); asked {
			s.mu.Lock()
			result = s.known.list(version, of)
			s.mu.Unlock()
		}
	} else if result, ok = s.cfg.Direct.Call(r.Context(), c, f.name, m.arguments, m.asks); ok {
		result = append(s.signed[:len(s.signed):len(s.signed)], result[1:]...)
	}
	if !ok || result == nil {
		return false
	}
	body := make([]byte, 0, len(result)+len(m.id)+64)
	body = append(append(body, `{"jsonrpc":"2.0","id":`...), m.id...)
	body = append(append(append(body, `,"result":`...), result...), '}')
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(body)
	return true
}

// learn serves a message by the library and remembers that it was accepted,
// and the list it gave. of is asked for before: a list that changes in between
// is kept under the name of the older one, which nobody asks for again.
func (s *Server) learn(w http.ResponseWriter, r *http.Request, c *access.Caller, f frame, m again) {
	seen := &learner{ResponseWriter: w}
	version, of := int64(0), ""
	if f.method == "tools/list" {
		version, of, seen.keep = s.cfg.Direct.Lists(r.Context(), c)
	}
	s.stateless.ServeHTTP(seen, r)
	if seen.status != http.StatusOK {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.accept(m.shape)
	if list := seen.result(); list != nil {
		s.known.keep(version, of, list)
	}
}

// signature begins a result of the protocol of 2026: it says whose it is.
func signature(name, version string) []byte {
	out := jsontext.AppendString([]byte(`{"_meta":{"`+mcp.MetaKeyServerInfo+`":{"name":`), name)
	return append(jsontext.AppendString(append(out, `,"version":`...), version), "}},"...)
}

// learner sees how the library answered, and keeps a list.
type learner struct {
	http.ResponseWriter
	status int
	keep   bool
	body   []byte
}

func (l *learner) WriteHeader(status int) {
	if l.status == 0 {
		l.status = status
	}
	l.ResponseWriter.WriteHeader(status)
}

func (l *learner) Write(b []byte) (int, error) {
	if l.status == 0 {
		l.status = http.StatusOK
	}
	const around = 4 << 10 // the message and the event that the list is in
	if l.keep = l.keep && len(l.body)+len(b) <= maxList+around; l.keep {
		l.body = append(l.body, b...)
	} else {
		l.body = nil
	}
	return l.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (l *learner) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// result is that of the one event that was written; nil for none.
func (l *learner) result() []byte {
	_, data, ok := bytes.Cut(l.body, []byte("data: "))
	if !ok {
		return nil
	}
	result, _ := jsontext.Find(data, "result")
	return bytes.Clone(result)
}
