package ingest

import (
	"strings"

	"github.com/hookweir/hookweir/shared/name"
)

// webhookRoot is the only path the edge serves itself, beside /healthz and
// what providers ask of the host (webhook.HostProof).
const webhookRoot = "/webhooks"

// pathOf cuts the path out of an absolute URL, percent-encoding and all: an
// encoded slash is not a slash here.
func pathOf(url string) string {
	if i := strings.Index(url, "://"); i >= 0 {
		url = url[i+3:]
		if j := strings.IndexAny(url, "/?#"); j >= 0 {
			url = url[j:]
		} else {
			url = ""
		}
	}
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		url = url[:i]
	}
	return url
}

// isWebhook says whether the path belongs to the edge.
func isWebhook(path string) bool {
	return path == webhookRoot || strings.HasPrefix(path, webhookRoot+"/")
}

// webhookRoute reads `/webhooks/{tenant}/{source}`; ok is false for anything
// but two valid names.
func webhookRoute(path string) (tenant, source string, ok bool) {
	rest, found := strings.CutPrefix(path, webhookRoot+"/")
	if !found {
		return "", "", false
	}
	tenant, source, found = strings.Cut(rest, "/")
	return tenant, source, found && name.Valid(tenant) && name.Valid(source)
}
