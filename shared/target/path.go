package target

import "strings"

// MatchPath compares a path with a pattern, segment by segment, as they are
// written: `*` takes one segment that is not empty, `**` at the end any rest,
// also none at all, so `/a/**` takes `/a`. A query does not count.
func MatchPath(pattern, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	p, s := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, want := range p {
		if want == "**" && i == len(p)-1 {
			return true
		}
		if i >= len(s) || want != s[i] && (want != "*" || s[i] == "") {
			return false
		}
	}
	return len(p) == len(s)
}
