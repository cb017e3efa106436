package jsobj

// Clone copies v into realm r as the structured clone algorithm does, for the
// kinds of value that cross between Workers here.
func (r *Realm) Clone(v Value) (Value, error) {
	switch v := v.(type) {
	case nil, Undefined, bool, float64, string:
		return v, nil
	case *ArrayBuffer:
		return r.NewArrayBuffer(append([]byte(nil), v.data...)), nil
	case *Uint8Array:
		return r.NewBytes(append([]byte(nil), v.Bytes()...)), nil
	case *Date:
		return r.NewDate(v.Time()), nil
	case *Error:
		e := r.NewError(v.Kind, v.Message)
		return e, nil
	case *Array:
		a := r.NewArray()
		for _, item := range v.items {
			c, err := r.Clone(item)
			if err != nil {
				return nil, err
			}
			a.items = append(a.items, c)
		}
		return a, nil
	case *Record:
		o := r.NewRecord()
		for _, name := range v.Names() {
			c, err := r.Clone(v.Own(name))
			if err != nil {
				return nil, err
			}
			o.own.Set(name, c)
		}
		return o, nil
	}
	return nil, &Throw{r.NewError("DataCloneError", "Could not serialize object of type \""+Describe(v)+"\".")}
}
