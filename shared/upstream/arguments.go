package upstream

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// fitting holds arguments against the pinned schema and gives those that are
// sent.
//
// Where they do not fit because of a null for what may be left out, it is left
// out: many a model writes null where it means nothing, and the schema that was
// approved says that the server does not take it. Everything else goes as it
// came, byte for byte.
func fitting(pinned []byte, arguments json.RawMessage) (send json.RawMessage, fault string) {
	var definition map[string]any
	if json.Unmarshal(pinned, &definition) != nil || !spread(definition) { // a pin of an older build
		return nil, "the tool's input schema cannot be read"
	}
	schema, resolved, fault := readSchema(pinned)
	if fault != "" {
		return nil, fault
	}
	args := map[string]any{}
	if len(arguments) > 0 && json.Unmarshal(arguments, &args) != nil {
		return nil, "the arguments must be one JSON object"
	}
	if !bearable(schema, args) {
		return nil, "to hold these arguments against the tool's input schema takes too long, or does not end"
	}
	refused := resolved.Validate(args)
	if refused == nil {
		return arguments, ""
	}
	if less := withoutNulls(schema, arguments, args); less != nil && resolved.Validate(args) == nil {
		return less, ""
	}
	text := refused.Error()
	return nil, "the arguments do not fit the tool's input schema: " + strings.ToValidUTF8(text[:min(len(text), 500)], "")
}

// withoutNulls leaves out each null of a property that the schema knows by a
// type that is not null, and does not require, from args as well; nil when
// there is none.
func withoutNulls(schema *jsonschema.Schema, arguments json.RawMessage, args map[string]any) json.RawMessage {
	var members map[string]json.RawMessage
	if json.Unmarshal(arguments, &members) != nil {
		return nil
	}
	before := len(members)
	for name, value := range args {
		p := schema.Properties[name]
		if value != nil || p == nil || slices.Contains(schema.Required, name) || !typed(p) {
			continue
		}
		delete(members, name)
		delete(args, name)
	}
	if len(members) == before {
		return nil
	}
	less, err := json.Marshal(members)
	if err != nil {
		return nil
	}
	return less
}

// typed reports a schema that says which types it takes, null not among them.
func typed(s *jsonschema.Schema) bool {
	if s.Type != "" {
		return s.Type != "null"
	}
	return len(s.Types) > 0 && !slices.Contains(s.Types, "null")
}
