package toolserver

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// JSON-RPC 2.0 §5.1.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeMethodNotFound = -32601
)

// frame is what of a message decides where it goes.
type frame struct {
	method string // empty: a response
	name   string // of the tool or prompt, or the resource's URI
	modern bool   // it says its protocol itself (SEP-2575)
	batch  bool   // it came in a batch, perhaps alone
}

// fault is a refusal in JSON-RPC's words, before any message is known.
type fault struct {
	code    int
	message string
}

func (f *fault) write(w http.ResponseWriter) {
	body, _ := json.Marshal(map[string]any{
		"jsonrpc": "2.0", "id": nil, "error": map[string]any{"code": f.code, "message": f.message},
	})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(body)
}

// worded says in JSON-RPC what the protocol library refuses in plain text: a
// method that nobody knows, in the older protocols, and messages that are none.
func worded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(&wording{ResponseWriter: w}, r) })
}

type wording struct {
	http.ResponseWriter
	plain, said bool
}

func (w *wording) WriteHeader(status int) {
	if status == http.StatusBadRequest && strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		w.plain = true
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *wording) Write(b []byte) (int, error) {
	if !w.plain {
		return w.ResponseWriter.Write(b)
	}
	if !w.said {
		w.said = true
		const longest = 200 // bytes; it repeats what came
		f := &fault{codeInvalidRequest, strings.ToValidUTF8(strings.TrimSpace(string(b[:min(len(b), longest)])), "")}
		switch {
		case strings.HasPrefix(f.message, "JSON RPC not handled"):
			f.code = codeMethodNotFound
		case strings.HasPrefix(f.message, "malformed payload"):
			f.code = codeParse
		}
		f.write(w.ResponseWriter)
	}
	return len(b), nil
}

// Unwrap is for http.ResponseController.
func (w *wording) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var (
	framePaths = [][]string{{"method"}, {"params", "name"}, {"params", "uri"}, {"params", "_meta", metaVersion}, {"jsonrpc"}, {"result"}, {"error"}, {"id"}}
	errParse   = &fault{codeParse, "the body is not JSON, or nested too deep"}
	errID      = &fault{codeInvalidRequest, "an id is a text, or an integer between -(2^53-1) and 2^53-1"}
	errRequest = &fault{codeInvalidRequest, "send one JSON-RPC 2.0 message, or a batch of at most 16 where the protocol has batches"}
)

const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaCapabilities = "io.modelcontextprotocol/clientCapabilities"
)

// readFrames reads a message, or a batch. One that says twice what is looked at
// here is refused, so that none hides a second method or name from one of two
// parsers; and one that says it by what is no text.
func readFrames(body []byte) ([]frame, *fault) {
	trimmed := strings.TrimLeft(string(body[:min(len(body), 64)]), " \t\r\n")
	if !strings.HasPrefix(trimmed, "[") {
		f, bad := readFrame(body)
		return []frame{f}, bad
	}
	if !jsontext.FindAll(body, nil, nil) {
		return nil, errParse
	}
	var messages []json.RawMessage
	if json.Unmarshal(body, &messages) != nil {
		return nil, errParse
	}
	if len(messages) == 0 || len(messages) > maxBatch {
		return nil, errRequest
	}
	frames := make([]frame, len(messages))
	for i, m := range messages {
		var bad *fault
		if frames[i], bad = readFrame(m); bad != nil {
			return nil, bad
		}
		if frames[i].method == "initialize" || frames[i].modern { // neither comes in a batch
			return nil, errRequest
		}
		frames[i].batch = true
	}
	return frames, nil
}

// batches reports whether a session that was opened by this message has
// batches: they came with JSON-RPC and went with protocol 2025-06-18. What its
// messages say of the protocol later does not bring them back.
func batches(initialize []byte) bool {
	values := make([][]byte, 1)
	if !jsontext.FindAll(initialize, [][]string{{"params", "protocolVersion"}}, values) {
		return false
	}
	version, _ := jsontext.String(values[0])
	return version == "2025-03-26" || version == "2024-11-05"
}

func readFrame(message []byte) (frame, *fault) {
	values := make([][]byte, len(framePaths))
	if !jsontext.FindAll(message, framePaths, values) {
		return frame{}, errParse
	}
	for _, v := range values {
		if v != nil && len(v) == 0 { // said twice
			return frame{}, errRequest
		}
	}
	text := func(i int) string {
		s, _ := jsontext.String(values[i])
		return s
	}
	if text(4) != "2.0" {
		return frame{}, errRequest
	}
	if !echoable(values[7]) {
		return frame{}, errID
	}
	f := frame{method: text(0), name: text(1), modern: values[3] != nil}
	if f.method == "resources/read" {
		f.name = text(2)
	}
	// A method that is no text is none here; the library may see one.
	request, response := values[0] != nil, values[5] != nil || values[6] != nil
	if request == response || request && f.method == "" {
		return frame{}, errRequest
	}
	if f.method == "tools/call" && f.name == "" {
		return frame{}, errRequest
	}
	return f, nil
}

// echoable reports an id that comes back as it was: the library reads numbers
// as float64 and makes integers of them. None, or null, is for it to judge.
func echoable(id []byte) bool {
	switch {
	case id == nil, id[0] == '"', string(id) == "null":
		return true
	}
	const largest = 1<<53 - 1
	n, err := strconv.ParseInt(string(id), 10, 64)
	return err == nil && -largest <= n && n <= largest && string(id) != "-0"
}
