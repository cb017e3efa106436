package oauth

// Operation says which scopes a call of a provider's API uses. In Path `*` is
// one segment and a last `**` any rest.
type Operation struct {
	Provider string
	Method   string // empty: any
	Path     string
	Scopes   []string
}

// operations is the map from calls to scopes, for providers whose answers do
// not say it themselves; read only. Rows of one provider stand in the order in
// which they are tried.
var operations = [...]Operation{}

// Operations lists those of a provider.
func Operations(provider string) []Operation {
	var list []Operation
	for _, o := range operations {
		if o.Provider == provider {
			list = append(list, o)
		}
	}
	return list
}
