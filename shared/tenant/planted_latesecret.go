//go:build hookweirplanted_latesecret

package tenant

// planted: an agent's new secret signs only once the old one has ended.
const planted = "latesecret"
