package jsobj

import "slices"

// Props are an object's own properties in insertion order. The zero Props is
// empty.
type Props struct {
	names  []string
	values map[string]Value
}

// Get reads a property.
func (p *Props) Get(name string) (Value, bool) {
	v, ok := p.values[name]
	return v, ok
}

// Set writes a property.
func (p *Props) Set(name string, v Value) {
	if p.values == nil {
		p.values = map[string]Value{}
	}
	if _, ok := p.values[name]; !ok {
		p.names = append(p.names, name)
	}
	p.values[name] = v
}

// Delete removes a property.
func (p *Props) Delete(name string) {
	if _, ok := p.values[name]; ok {
		delete(p.values, name)
		p.names = slices.DeleteFunc(p.names, func(n string) bool { return n == name })
	}
}

// Names are the properties' names. The caller must not change them.
func (p *Props) Names() []string { return p.names }
