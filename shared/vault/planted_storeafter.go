//go:build hookweirplanted

package vault

import "github.com/hookweir/hookweir/shared/planted"

// late are refresh tokens that are not stored yet. The bug storeafter stores a
// rotated refresh token with the next one only, and hands out the access token
// that came with it at once.
type late struct{ tokens map[string]string }

func (l *late) stored(connection, old, fresh string) string {
	if planted.Bug != "storeafter" {
		return fresh
	}
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
