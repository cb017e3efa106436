package name

// MaxLen is the longest name, in bytes. Two names and an event id of 256
// bytes fit a KV key (512 bytes).
const MaxLen = 63

// Valid reports whether s is a name: `[a-z0-9][a-z0-9_-]{0,62}`.
func Valid(s string) bool {
	if len(s) == 0 || len(s) > MaxLen {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case (c == '_' || c == '-') && i > 0:
		default:
			return false
		}
	}
	return true
}
