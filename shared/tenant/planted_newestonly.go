//go:build hookweirplanted_newestonly

package tenant

// planted: only the newest secret of an agent signs, overlap or not.
const planted = "newestonly"
