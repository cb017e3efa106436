package upstream

import (
	"slices"
	"strings"
	"unicode"
)

const (
	// maxDefinition bounds one definition in its canonical form, in bytes, and
	// maxWords its description: a model reads all of it with every request.
	maxDefinition = 64 << 10
	maxWords      = 16 << 10
	// maxItems bounds what one upstream may offer of one kind.
	maxItems = 500
	// maxName bounds a tool's name with its prefix, in bytes (MCP 2025-11-25:
	// 1 to 128 characters).
	maxName = 128
)

// separator stands between the upstream's name and the tool's. An upstream's
// name does not hold it, so no two upstreams can have one tool.
const separator = "__"

// faultOf says why a definition is served to nobody; "" when it may be. The
// name is the upstream's own, without prefix.
func faultOf(kind, upstream, name string, canonical []byte, definition map[string]any) string {
	switch {
	case kind == kindTool && !plainName(name):
		return "the name has characters that a name of a tool does not have"
	case kind != kindTool && (name == "" || len(name) > 2048 || hidden(name)):
		return "the name or URI is empty, too long or has hidden characters"
	case kind == kindTool && len(upstream)+len(separator)+len(name) > maxName:
		return "the name is too long"
	case len(canonical) > maxDefinition:
		return "the definition is over 64 KiB"
	case hiddenIn(definition):
		return "the definition has characters that cannot be seen"
	}
	if text, _ := definition["description"].(string); len(text) > maxWords {
		return "the description is over 16 KiB"
	}
	schema, _ := definition["inputSchema"].(map[string]any)
	if kind == kindTool && !headersValid(schema, map[string]bool{}) {
		return "an x-mcp-header is not acceptable"
	}
	if kind == kindTool {
		return schemaFault(canonical, definition)
	}
	return ""
}

// plainName is the alphabet of MCP 2025-11-25 for names of tools. It has no
// letter that could be taken for one of another alphabet.
func plainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' && r != '.'
	})
}

// hidden reports characters that a person who reviews a text does not see and
// a model reads: controls, zero-width and bidirectional marks, tags, private
// use, variation selectors (other than the emoji's).
func hidden(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		switch {
		case r == '\n', r == '\t', r == '\r', r == 0xfe0f, r == 0x200d: // the last two join emoji
			return false
		case r >= 0xfe00 && r <= 0xfe0e, r >= 0xe0000 && r <= 0xe0fff, r == 0x115f, r == 0x1160, r == 0x3164, r == 0xffa0:
			return true
		}
		return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Cs, r)
	})
}

// headersValid checks the x-mcp-header of parameters, which clients must send
// as HTTP headers: of a primitive type, a token (RFC 9110 §5.6.2), and each
// once (MCP 2026-07-28: clients MUST reject a tool with another).
func headersValid(schema map[string]any, seen map[string]bool) bool {
	properties, _ := schema["properties"].(map[string]any)
	for _, p := range properties {
		property, _ := p.(map[string]any)
		if given, there := property["x-mcp-header"]; there {
			header, _ := given.(string)
			primitive := property["type"] == "string" || property["type"] == "integer" || property["type"] == "boolean"
			lower := strings.ToLower(header)
			if !primitive || header == "" || seen[lower] || strings.Trim(lower, tokenBytes) != "" {
				return false
			}
			seen[lower] = true
		}
		if !headersValid(property, seen) {
			return false
		}
	}
	return true
}

const tokenBytes = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"

// hiddenIn looks into every string of a definition, names of members included.
func hiddenIn(v any) bool {
	switch v := v.(type) {
	case string:
		return hidden(v)
	case []any:
		return slices.ContainsFunc(v, hiddenIn)
	case map[string]any:
		for k, x := range v {
			if hidden(k) || hiddenIn(x) {
				return true
			}
		}
	}
	return false
}

// folded is what a name looks like at a glance: two tools of one upstream must
// not look alike.
func folded(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', '.':
			return -1
		case '0', 'O', 'o':
			return 'o'
		case '1', 'I', 'l', 'L', 'i':
			return 'l'
		case '5', 'S', 's':
			return 's'
		}
		return unicode.ToLower(r)
	}, name)
}
