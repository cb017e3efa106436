package webhook

import "strings"

const (
	// maxParams and maxParamBytes bound what an operator configures.
	maxParams     = 16
	maxParamBytes = 1024
	splitParam    = "split"
)

// checkParams refuses what the row does not take: a parameter that is
// misspelt would otherwise be one that is not there. Errors: ErrParams.
func checkParams(s *Scheme, params map[string]string) error {
	if len(params) > maxParams {
		return ErrParams
	}
	for name, value := range params {
		if value == "" || len(value) > maxParamBytes || !PlainText.holds(value) {
			return ErrParams
		}
		switch {
		case name == splitParam && s.Batch != nil && (value == "true" || value == "false"):
		case s.param(name) == nil:
			return ErrParams
		}
	}
	for i := range s.Params {
		if p := &s.Params[i]; p.Required && params[p.Name] == "" {
			return ErrParams
		}
	}
	return nil
}

func (s *Scheme) param(name string) *Param {
	for i := range s.Params {
		if s.Params[i].Name == name {
			return &s.Params[i]
		}
	}
	return nil
}

// param is text with the parameter that it names as `{name}`; without that
// parameter it is empty, which nothing equals.
func (v *Verifier) param(text string) string {
	before, rest, ok := strings.Cut(text, "{")
	if !ok {
		return text
	}
	name, after, _ := strings.Cut(rest, "}")
	value := v.params[name]
	if value == "" {
		return ""
	}
	return before + value + after
}
