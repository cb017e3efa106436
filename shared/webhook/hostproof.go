package webhook

import "strings"

const (
	// maxHostIDs bounds the senders that one host names: the answer then has
	// at most 6 KiB.
	maxHostIDs = 100
	// maxHostIDBytes is the longest id; Fastly's have 22 letters and digits.
	maxHostIDBytes = 64
)

// HostProofAt returns what a provider asks of the host at this path of it, or
// nil.
func HostProofAt(path string) *HostProof {
	rows := all()
	for i := range rows {
		if p := rows[i].HostProof; p != nil && p.Path == path {
			return p
		}
	}
	return nil
}

// Document is the answer for a value of the setting. `*` is said only where it
// is the whole value: a list that it slipped into would take anybody's
// deliveries. Errors: ErrParams for a value that is no list of ids.
func (p *HostProof) Document(c Crypto, value string) ([]byte, error) {
	if strings.TrimSpace(value) == "*" {
		return []byte("*\n"), nil
	}
	ids := strings.Split(value, ",")
	if len(ids) > maxHostIDs {
		return nil, ErrParams
	}
	var doc []byte
	for _, id := range ids {
		id = strings.TrimSpace(id)
		if id == "" || len(id) > maxHostIDBytes || strings.Trim(id, alphanumeric) != "" {
			return nil, ErrParams
		}
		doc = append(appendHex(doc, c.Sum(SHA256, []byte(id))), '\n')
	}
	return doc, nil
}
