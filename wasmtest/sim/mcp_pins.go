package sim

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Pins is the model of what is approved of the tenants' upstream tools, of who
// called what, and of what the agents have to be told.
type Pins struct {
	now func() time.Time
	// approved are, by tenant/tool, the definitions that may be the approved
	// one, nil for none: several after an approval whose answer was lost.
	approved map[string][]*definition
	asked    map[string]string    // who asked for a call, by its id
	called   map[string]int       // how often a call reached its server
	fine     map[string]time.Time // when a tool was last seen not to be blocked
	blocked  []blocked
	found    []Violation
}

// blocked is a drift that blocks a tool, and since when it cannot have.
type blocked struct {
	tenant, tool string
	since, seen  time.Time
}

func newPins(now func() time.Time) *Pins {
	return &Pins{now: now, approved: map[string][]*definition{}, asked: map[string]string{}, called: map[string]int{}, fine: map[string]time.Time{}}
}

func (p *Pins) add(guarantee, key, format string, args ...any) {
	p.found = append(p.found, Violation{guarantee, key, fmt.Sprintf("at %s ", p.now().Format(time.TimeOnly)) + fmt.Sprintf(format, args...)})
}

// Approve notes an approval of the tools as they were in a report. certain
// says that the product agreed; otherwise nobody knows. A removal that is
// approved leaves what was approved before it: the tool may come back.
func (p *Pins) Approve(tenant string, tools map[string]*definition, certain bool) {
	for tool, def := range tools {
		key := tenant + "/" + tool
		if def == nil {
			continue
		}
		if certain {
			p.approved[key] = nil
		} else if p.approved[key] == nil {
			p.approved[key] = []*definition{nil}
		}
		p.approved[key] = append(p.approved[key], def)
	}
}

// Unchanged notes a report without a drift: of the definitions that may be the
// approved one it is the one that the tool has.
func (p *Pins) Unchanged(tenant string, tools map[string]*definition) {
	for tool, def := range tools {
		key := tenant + "/" + tool
		if slices.ContainsFunc(p.approved[key], func(d *definition) bool { return d == def || d != nil && def != nil && *d == *def }) {
			p.approved[key] = []*definition{def}
		}
	}
}

// may reports whether a tool may be called while its server says this of it.
func (p *Pins) may(tenant, tool string, now *definition) bool {
	return now != nil && slices.ContainsFunc(p.approved[tenant+"/"+tool], func(d *definition) bool { return d != nil && d.callable(*now) })
}

// Called is a call that reached a server. listed is what that server had said
// of its tools in the same session.
func (p *Pins) Called(tenant, tool, who, id string, listed map[string]*definition) {
	key := tenant + "/" + tool
	p.called[id]++
	switch {
	case who != tenant || p.asked[id] != tenant:
		p.add("G10", key, "called for %s, whose call %s is", who, id)
	case listed == nil:
		p.add("pin", key, "called, and nobody had asked before what it is")
	case !p.may(tenant, tool, listed[tool]):
		p.add("pin", key, "called as %+v, and approved was %s", listed[tool], shown(p.approved[key]))
	case p.called[id] > 1:
		p.add("pin", key, "call %s came twice", id)
	}
}

func shown(list []*definition) string {
	text := []string{}
	for _, d := range list {
		if d == nil {
			text = append(text, "nothing")
			continue
		}
		text = append(text, fmt.Sprintf("%+v", *d))
	}
	return fmt.Sprint(text)
}

// Answered is the answer to a call that was asked for at begun: a code of the
// product's, or done.
func (p *Pins) Answered(tenant, tool, id, code string, begun time.Time) {
	reached := p.called[id] > 0
	switch code {
	case "done":
		if !reached {
			p.add("pin", tenant+"/"+tool, "a call was answered that never reached the server")
		}
		p.fine[tenant+"/"+tool] = begun
	case "tool_changed":
		p.Blocked(tenant, tool)
		fallthrough
	case "tool_removed", "not_found", "invalid_request":
		if reached {
			p.add("pin", tenant+"/"+tool, "a call was refused (%s) and made", code)
		}
	}
}

// Blocked notes that the product says that a tool is blocked.
func (p *Pins) Blocked(tenant, tool string) {
	p.blocked = append(p.blocked, blocked{tenant, tool, p.fine[tenant+"/"+tool], p.now()})
}

// Listed is a tool that an agent was shown.
func (p *Pins) Listed(tenant, tool, description string) {
	if !slices.ContainsFunc(p.approved[tenant+"/"+tool], func(d *definition) bool { return d != nil && d.describe(tenant, tool) == description }) {
		p.add("pin", tenant+"/"+tool, "the agent was shown %q, and approved was %s", description, shown(p.approved[tenant+"/"+tool]))
	}
}

// drifted is the data of a notice, and the items of a report.
type drifted struct {
	Upstream string
	Items    []struct{ Kind, Name, Class, Action string }
}

func (d drifted) action(tool string) string {
	for _, i := range d.Items {
		if i.Kind == "tool" && i.Name == tool {
			return i.Action
		}
	}
	return ""
}

// Check holds the pins, and that the agent was told of each drift that blocks.
func (p *Pins) Check(posts []*Post, add adder) {
	for _, v := range p.found {
		add(v.Guarantee, v.Key, "%s", v.What)
	}
	for _, b := range p.blocked {
		if !slices.ContainsFunc(posts, func(post *Post) bool {
			var d drifted
			return post.Tenant == b.tenant && post.Type == "hookweir.upstream.drift" && ok2xx(post) && !post.Time.Before(b.since) &&
				json.Unmarshal([]byte(post.Body), &d) == nil && d.action(b.tool) == "block"
		}) {
			add("drift", b.tenant+"/"+b.tool, "blocked at %s, and the agent was not told since %s", b.seen.Format(time.TimeOnly), b.since.Format(time.TimeOnly))
		}
	}
}

// Reported holds a report against what the tools were when they were looked
// at.
func (p *Pins) Reported(tenant string, report drifted, tools map[string]*definition) {
	for _, tool := range sorted(tools) {
		key := tenant + "/" + tool
		if len(p.approved[key]) != 1 || p.approved[key][0] == nil || tools[tool] == nil {
			continue // not known for certain, or nothing to compare
		}
		pin, now := *p.approved[key][0], *tools[tool]
		want := ""
		switch {
		case pin != now && !pin.callable(now):
			want = "block"
		case pin != now:
			want = "warn"
		}
		if action := report.action(tool); action != want {
			p.add("pin", key, "reported as %q, and is %+v where %+v is approved", action, now, pin)
		}
	}
}
