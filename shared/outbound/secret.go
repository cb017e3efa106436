package outbound

// SecretHeader reports whether a request's header of that name is likely a
// secret: one that [RedactHeader] hides.
func SecretHeader(name string) bool {
	return RedactHeader([][2]string{{name, "value"}})[0][1] == Removed
}
