package target

import "strings"

// maxName and maxLabel are DNS's own bounds, in bytes (RFC 1035 §2.3.4).
const (
	maxName  = 253
	maxLabel = 63
)

// privateSuffixes are names that never are public hosts. Read only.
var privateSuffixes = [...]string{
	"local",                                      // mDNS, RFC 6762
	"internal",                                   // ICANN board resolution 2024.07.29.06; cloud metadata servers
	"home.arpa",                                  // RFC 8375
	"localdomain",                                // the resolver default of many systems
	"lan", "home", "corp", "intranet", "private", // RFC 6762 appendix G
}

// classifyName takes a lower-case host that is no canonical address.
func classifyName(host string) (kind, error) {
	if host == "" || len(host) > maxName {
		return private, ErrHost
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if !validLabel(l) { // also a trailing dot, which leaves an empty label
			return private, ErrHost
		}
	}
	last := labels[len(labels)-1]
	if numeric(last) {
		return private, ErrHost
	}
	if last == "localhost" { // RFC 6761 §6.3: with every name below it
		return loopback, nil
	}
	if len(labels) == 1 {
		return private, nil
	}
	for _, s := range privateSuffixes {
		if host == s || strings.HasSuffix(host, "."+s) {
			return private, nil
		}
	}
	return public, nil
}

// validLabel is the LDH rule (RFC 5890 §2.3.1). No underscore, no percent
// sign, nothing outside ASCII: full-width digits and dots are what an IDNA
// mapping turns into addresses.
func validLabel(l string) bool {
	if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' {
		return false
	}
	for i := range len(l) {
		c := l[i]
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// numeric is the "ends in a number" test of the URL standard
// (https://url.spec.whatwg.org/#ends-in-a-number-checker): such a host is
// parsed as an IPv4 address, in decimal, octal or hexadecimal, with one to
// four parts. No top-level domain is a number.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}
