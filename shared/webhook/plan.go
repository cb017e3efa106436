package webhook

import (
	"slices"

	"github.com/hookweir/hookweir/shared/jsontext"
)

// plan is a row prepared for its verifier: every path in the body that any
// rule asks for, so that one scan of the body finds them all.
type plan struct {
	paths [][]string

	id, types  []rule
	time       []timeRule
	handshakes []handshake
	timestamp  value // FromBody

	// commas says that the signature header's format has commas.
	commas                  bool
	signsID, signsTimestamp bool
	// delimiter stands between timestamp and body in a template that has an
	// id before them; 0 is none.
	delimiter byte
}

// value is a Value that knows the place of its path among the plan's.
type value struct {
	Value
	path int // -1: no path in a JSON body
}

type condition struct {
	value
	is string
}

type rule struct {
	when  []condition
	parts []value
}

type timeRule struct {
	value
	format TimeFormat
}

type handshake struct {
	when        []condition
	echo        value
	contentType string
}

func newPlan(s *Scheme) plan {
	p := plan{commas: s.Separator == ','}
	for _, k := range s.Keys {
		for i := range len(k.Label) {
			p.commas = p.commas || k.Label[i] == ','
		}
	}
	p.template(s.Template)
	p.signsTimestamp = p.signsTimestamp || s.Timestamp.Source == FromHeader || s.Timestamp.Source == FromElement
	p.id, p.types = p.rules(s.ID), p.rules(s.Type)
	for _, r := range s.Time {
		p.time = append(p.time, timeRule{p.value(r.Value), r.Format})
	}
	for _, h := range s.Handshakes {
		p.handshakes = append(p.handshakes, handshake{p.conditions(h.When), p.value(h.Echo), h.ContentType})
	}
	if s.Timestamp.Source == FromBody {
		p.timestamp = p.value(Value{JSON: s.Timestamp.JSON})
	}
	return p
}

func (p *plan) template(parts []Part) {
	for i, part := range parts {
		switch part.Kind {
		case PartID:
			p.signsID = true
		case PartTimestamp:
			p.signsTimestamp = true
		case PartBody:
			if p.signsID && i >= 2 && parts[i-2].Kind == PartTimestamp && len(parts[i-1].Text) == 1 {
				p.delimiter = parts[i-1].Text[0]
			}
		}
	}
}

func (p *plan) rules(rs []Rule) []rule {
	out := make([]rule, len(rs))
	for i, r := range rs {
		out[i].when = p.conditions(r.When)
		for _, part := range r.Parts {
			out[i].parts = append(out[i].parts, p.value(part))
		}
	}
	return out
}

func (p *plan) conditions(cs []Condition) []condition {
	out := make([]condition, len(cs))
	for i, c := range cs {
		out[i] = condition{p.value(c.Value), c.Is}
	}
	return out
}

func (p *plan) value(v Value) value {
	if v.Form != "" || len(v.JSON) == 0 {
		return value{v, -1}
	}
	i := slices.IndexFunc(p.paths, func(path []string) bool { return slices.Equal(path, v.JSON) })
	if i < 0 {
		i = len(p.paths)
		p.paths = append(p.paths, v.JSON)
	}
	return value{v, i}
}

// open makes a verified delivery readable.
func (p *plan) open(crypto Crypto, req *Request, w *work) delivery {
	d := delivery{plan: p, crypto: crypto, req: req, work: w, form: !looksJSON(req.Body)}
	if !d.form && len(p.paths) > 0 {
		jsontext.FindAll(req.Body, p.paths, w.values[:])
	}
	return d
}

func looksJSON(body []byte) bool {
	for _, c := range body {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{' || c == '['
		}
	}
	return false
}
