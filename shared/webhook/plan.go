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
	proof      value // InBody
	fields     []planned
	identity   value // of the certificate
	certURL    value
	sha1       []condition

	inBody bool
	// early says that the body is read before it is trusted.
	early bool
	// perKey says that the signed content depends on the key.
	perKey bool
	// open says that there are handshakes for anybody, openBody that some
	// read the body.
	open, openBody bool
	batch          *plan // of one element

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

type planned struct {
	Field
	value value
}

type timeRule struct {
	value
	format TimeFormat
}

type handshake struct {
	*Handshake
	when                 []condition
	echo, known, confirm value
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
	for i := range s.Handshakes {
		h := &s.Handshakes[i]
		p.open = p.open || h.Open
		p.openBody = p.openBody || h.Open && h.readsBody()
		p.handshakes = append(p.handshakes, handshake{h, p.conditions(h.When), p.value(h.Echo), p.value(h.Known), p.value(h.Confirm)})
	}
	p.proofs(s)
	if b := s.Batch; b != nil {
		p.batch = &plan{}
		p.batch.id, p.batch.types = p.batch.rules(b.ID), p.batch.rules(b.Type)
		for _, r := range b.Time {
			p.batch.time = append(p.batch.time, timeRule{p.batch.value(r.Value), r.Format})
		}
	}
	if s.Timestamp.Source == FromBody {
		p.timestamp = p.value(Value{JSON: s.Timestamp.JSON})
	}
	return p
}

// readsBody says that the handshake looks at values of the body.
func (h *Handshake) readsBody() bool {
	body := len(h.Echo.JSON) > 0 || h.Echo.Form != ""
	for _, c := range h.When {
		body = body || len(c.Value.JSON) > 0 || c.Value.Form != ""
	}
	return body
}

// proofs prepares what is read of the body before it is trusted.
func (p *plan) proofs(s *Scheme) {
	p.inBody = !s.InBody.none()
	p.proof = p.value(s.InBody)
	for _, f := range s.Fields {
		p.fields = append(p.fields, planned{f, p.value(f.Value)})
	}
	p.early = p.inBody || len(p.fields) > 0 || s.Certificate != nil
	if c := s.Certificate; c != nil {
		p.identity, p.certURL, p.sha1 = p.value(c.Identity), p.value(c.URL), p.conditions(c.SHA1)
	}
}

// none says that v names no value.
func (v *Value) none() bool {
	return v.Header == 0 && v.Name == "" && v.Query == "" && v.Form == "" && len(v.JSON) == 0 && v.Text == ""
}

func (p *plan) template(parts []Part) {
	for i, part := range parts {
		switch part.Kind {
		case PartID:
			p.signsID = true
		case PartTimestamp:
			p.signsTimestamp = true
		case PartSecret:
			p.perKey = true
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

// parse makes the delivery's body readable, once.
func (d *delivery) parse() {
	if d.parsed {
		return
	}
	d.parsed, d.form = true, !looksJSON(d.req.Body)
	if !d.form && len(d.paths) > 0 {
		d.json = jsontext.FindAll(d.req.Body, d.paths, d.work.values[:])
	}
}

func isObject(body []byte) bool {
	b := jsontext.Trim(body)
	return len(b) > 0 && b[0] == '{'
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
