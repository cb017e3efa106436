package jsobj

// Blob is a host's object that may have a body: R2ObjectBody for one.
type Blob struct {
	Base
	Body
}

// NewBlob is an object of the named class; body is nil for none, and then it
// has no member of the Body mixin.
func (r *Realm) NewBlob(name string, body *Stream) *Blob {
	k := &Class{Name: name, Getters: map[string]Func{}, Methods: map[string]Func{}}
	if body != nil {
		addBody(k)
	} else {
		k.Absent = []string{"body", "bodyUsed"}
	}
	return &Blob{Instance(k), Body{body}}
}

// Define gives the object a property.
func (b *Blob) Define(name string, v Value) { b.own.Set(name, v) }

// Get reads a member.
func (b *Blob) Get(r *Realm, name string) (Value, error) { return b.getOf(r, b, name) }

// Set writes a member.
func (b *Blob) Set(r *Realm, name string, v Value) error { return b.setOf(r, b, name, v) }
