//go:build !hookweirplanted

package vault

// late is where a build with the planted bug storeafter keeps refresh tokens.
// Here it is nothing.
type late struct{}

func (*late) stored(_, _, fresh string) string { return fresh }

func (*late) known(_, stored string) string { return stored }
