//go:build hookweirplanted_storeafter

package vault

// planted: a rotated refresh token is stored with the next one only; the access token that came with it is handed out at once.
const planted = "storeafter"

// late are refresh tokens that are not stored yet.
type late struct{ tokens map[string]string }

func (l *late) stored(connection, old, fresh string) string {
	if l.tokens == nil {
		l.tokens = map[string]string{}
	}
	l.tokens[connection] = fresh
	return old
}

func (l *late) known(connection, stored string) string {
	if fresh := l.tokens[connection]; fresh != "" {
		return fresh
	}
	return stored
}
