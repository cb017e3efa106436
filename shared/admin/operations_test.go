//go:build !js

package admin

import (
	"strings"

	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/ledger"
	"github.com/hookweir/hookweir/shared/poll"
	"github.com/hookweir/hookweir/shared/tenant"
	"github.com/hookweir/hookweir/shared/upstream"
	"github.com/hookweir/hookweir/shared/vault"
	"github.com/hookweir/hookweir/shared/webhook/reference"
)

// operation is one row of the API's description.
type operation struct {
	method, path, summary string
	in                    any      // zero value of the body
	need                  []string // members the body must have
	optional              bool     // no body will do
	many                  bool     // or a list of up to 1,000 of them
	query                 []parameter
	public                bool // takes no token
	answers               []response
}

type parameter struct {
	name, text string
	required   bool
}

type response struct {
	status, text string
	body         any    // zero value, a list or a schema
	media        string // application/json when empty
}

// id is such as getSources: unique, and a name in generated clients.
func (o operation) id() string {
	id := strings.ToLower(o.method)
	for _, s := range strings.Split(o.path, "/") {
		if s == "" || s == "v1" || s == "tenants" || s == "{tenant}" {
			continue
		}
		s = strings.Trim(s, "{}.")
		id += strings.ToUpper(s[:1]) + s[1:]
	}
	return strings.NewReplacer("-", "", ".", "").Replace(id)
}

// operations is the table of the API, part by part.
func operations() []operation {
	var all []operation
	for _, part := range [][]operation{
		publicOperations(), sourceOperations(), eventOperations(), keyOperations(), connectionOperations(),
		destinationOperations(), writeOperations(), pollOperations(), upstreamOperations(),
	} {
		all = append(all, part...)
	}
	return all
}

const inTenant = "/v1/tenants/{tenant}"

func publicOperations() []operation {
	return []operation{
		{method: "GET", path: "/healthz", summary: "Whether every setting is there; names those that are missing", public: true, answers: []response{
			{"200", "Ready.", object{"type": "object", "required": []string{"status"}, "properties": object{"status": object{"const": "ok"}}}, ""},
		}},
		{method: "GET", path: "/v1/providers", summary: "The catalogue of webhook providers", answers: []response{
			{"200", "Every provider.", list{"providers", reference.Row{}, false}, ""},
		}},
		{method: "GET", path: "/v1/oauth/providers", summary: "The catalogue of OAuth providers", answers: []response{{"200", "Every provider.", list{"providers", oauthProvider{}, false}, ""}}},
		{method: "GET", path: "/v1/presets", summary: "The presets of polls, and what each can promise", answers: []response{{"200", "Every preset.", list{"presets", presetRow{}, false}, ""}}},
		{method: "GET", path: "/oauth/callback", summary: "Where a provider sends the browser back to", public: true, query: []parameter{
			{"state", "The flow's.", true}, {"code", "The provider's, when it agreed.", false}, {"iss", "RFC 9207.", false}, {"error", "The provider's, when it refused.", false},
		}, answers: []response{
			{"200", "Connected. Browsers get a page.", arrival{}, ""},
		}},
		{method: "GET", path: "/oauth/start", summary: "Opens a link of POST …/authorize, once", public: true, query: []parameter{{"ticket", "The link's.", true}}, answers: []response{
			{"302", "On to the provider.", nil, ""},
		}},
		{method: "GET", path: "/v1/vault/keys", summary: "Which master keys the vaults are under (operator)", answers: []response{{"200", "The report.", KeysReport{}, ""}}},
		{method: "POST", path: "/v1/vault/keys/sweep", summary: "Puts vaults under the primary master key, some per call (operator)", answers: []response{{"200", "What was done.", SweepReport{}, ""}}},
	}
}

func sourceOperations() []operation {
	const sources = inTenant + "/sources"
	return []operation{
		{method: "GET", path: sources, summary: "The tenant's webhook sources", answers: []response{{"200", "All of them.", list{"sources", sourceAnswer{}, false}, ""}}},
		{method: "GET", path: sources + "/{source}", summary: "One source; never its secrets", answers: []response{{"200", "The source.", sourceAnswer{}, ""}}},
		{method: "PUT", path: sources + "/{source}", summary: "Makes or replaces a source", in: sourceBody{}, need: []string{"provider", "secrets"}, answers: []response{
			{"200", "The source, with the URL to give the provider.", sourceAnswer{}, ""},
		}},
		{method: "DELETE", path: sources + "/{source}", summary: "Removes a source", answers: []response{
			{"204", "Removed.", nil, ""},
			{"202", "Removed; the edge still has it for the time KV takes.", object{"type": "object", "required": []string{"published"}, "properties": object{"published": object{"const": false}}}, ""},
		}},
		{method: "POST", path: sources + "/{source}/rotate", summary: "Makes a new secret active at once; the old ones live on for the overlap", in: rotateBody{}, need: []string{"secret"}, answers: []response{
			{"200", "The source.", sourceAnswer{}, ""},
		}},
		{method: "GET", path: sources + "/{source}/offer", summary: "A secret that the provider offered and nobody has taken yet (Notion)", answers: []response{
			{"200", "The offer. It verifies nothing until it is brought in by rotate.", offerAnswer{}, ""},
		}},
	}
}

func eventOperations() []operation {
	const events = inTenant + "/events"
	filter := []parameter{
		{"state", "pending, delivering, delivered, dead or purged.", false},
		{"source", "A source's name.", false},
		{"type", "Such as com.github.push.", false},
		{"since", "Accepted at or after, RFC 3339.", false},
		{"until", "Accepted before, RFC 3339.", false},
		{"limit", "1 to 200; 50 by default.", false},
		{"cursor", "`next` of the page before.", false},
	}
	replayed := []response{{"202", "How many go out again.", replayAnswer{}, ""}}
	return []operation{
		{method: "GET", path: events, summary: "The event log, newest first", query: filter, answers: []response{{"200", "A page.", list{"events", ledger.Entry{}, true}, ""}}},
		{method: "GET", path: events + "/{event}", summary: "One event with its attempts and its body", answers: []response{{"200", "The event.", eventAnswer{}, ""}}},
		{method: "POST", path: events + "/{event}/replay", summary: "Sends one event again, under the same webhook-id", answers: replayed},
		{method: "POST", path: events + "/replay", summary: "Sends again what a filter selects", in: settledBody{}, need: []string{"state"}, answers: replayed},
		{method: "DELETE", path: events + "/{event}", summary: "Purges one event: what it says is deleted, and its key stays known for the source's retention", answers: []response{{"204", "Purged.", nil, ""}}},
		{method: "POST", path: events + "/purge", summary: "Purges what a filter selects", in: settledBody{}, need: []string{"state"}, answers: []response{{"202", "How many were purged.", ledger.PurgedEvents{}, ""}}},
		{method: "GET", path: inTenant + "/agent", summary: "Where events go", answers: []response{{"200", "The agent; its secrets by id.", tenant.Agent{}, ""}}},
		{method: "PUT", path: inTenant + "/agent", summary: "Says where events go", in: agentBody{}, need: []string{"url"}, answers: []response{{"200", "The agent; a secret only if one was made now.", tenant.Agent{}, ""}}},
		{method: "POST", path: inTenant + "/agent/rotate", summary: "Brings a new signing secret in; both sign for the overlap", in: rotateBody{}, optional: true, answers: []response{{"200", "The agent; a secret only if one was made now.", tenant.Agent{}, ""}}},
	}
}

func keyOperations() []operation {
	const keys = inTenant + "/keys"
	return []operation{
		{method: "GET", path: keys, summary: "The tenant's API keys", answers: []response{{"200", "All of them, without their values.", list{"keys", tenant.Key{}, false}, ""}}},
		{method: "POST", path: keys, summary: "Makes an API key", in: keyBody{}, optional: true, answers: []response{{"201", "The key; this is the only time it is shown.", tenant.Key{}, ""}}},
		{method: "DELETE", path: keys + "/{key}", summary: "Ends an API key at once", answers: []response{{"204", "Ended.", nil, ""}}},
	}
}

func connectionOperations() []operation {
	const connections = inTenant + "/connections"
	one := []response{{"200", "The connection; never a token.", connectionAnswer{}, ""}}
	return []operation{
		{method: "GET", path: connections, summary: "The tenant's OAuth connections", answers: []response{{"200", "All of them.", list{"connections", connectionAnswer{}, false}, ""}}},
		{method: "GET", path: connections + "/{connection}", summary: "One connection and its state", answers: one},
		{method: "PUT", path: connections + "/{connection}", summary: "Makes a connection, or changes its settings", in: connectionBody{}, need: []string{"client_id"}, answers: one},
		{method: "DELETE", path: connections + "/{connection}", summary: "Revokes the grant at the provider and forgets it", answers: []response{
			{"200", "Done; what the provider cannot revoke is named.", vault.Disconnected{}, ""}, {"202", "The provider is still to be told.", vault.Disconnected{}, ""},
		}},
		{method: "GET", path: connections + "/{connection}/authorize", summary: "Sends the browser at hand to the provider", answers: []response{{"302", "On to the provider.", nil, ""}}},
		{method: "POST", path: connections + "/{connection}/authorize", summary: "Makes a link for another browser, good once", answers: []response{
			{"201", "The link.", object{"type": "object", "required": []string{"url", "expires"}, "properties": object{"url": object{"type": "string", "format": "uri"}, "expires": object{"type": "string", "format": "date-time"}}}, ""},
		}},
		{method: "POST", path: connections + "/{connection}/token", summary: "A live access token", in: tokenBody{}, optional: true, answers: []response{{"200", "The token.", tokenAnswer{}, ""}}},
		{method: "GET", path: connections + "/{connection}/scopes", summary: "Scopes requested, granted and used", query: []parameter{{"days", "Unused for so many days; 90 by default.", false}}, answers: []response{{"200", "The report.", vault.Scopes{}, ""}}},
		{method: "DELETE", path: inTenant + "/vault", summary: "Shreds the tenant's tokens and the key they are under", answers: []response{{"200", "What went.", vault.Shredded{}, ""}}},
	}
}

func destinationOperations() []operation {
	const destinations = inTenant + "/destinations"
	one := []response{{"200", "The destination, its queue, rate and breaker.", destinationAnswer{}, ""}}
	return []operation{
		{method: "GET", path: destinations, summary: "The tenant's destinations", answers: []response{{"200", "All of them.", list{"destinations", destinationAnswer{}, false}, ""}}},
		{method: "GET", path: destinations + "/{destination}", summary: "One destination and how it is doing", answers: one},
		{method: "PUT", path: destinations + "/{destination}", summary: "Makes or changes a destination", in: destinationBody{}, need: []string{"base_url"}, answers: one},
		{method: "DELETE", path: destinations + "/{destination}", summary: "Removes a destination for which nothing waits", answers: []response{{"204", "Removed.", nil, ""}}},
		{method: "POST", path: destinations + "/{destination}/writes", summary: "Accepts one write, or a list of up to 1,000, all or none", in: writeBody{}, need: []string{"method", "path"}, many: true, answers: []response{
			{"202", "Durable; the ids in the order of the writes.", acceptedAnswer{}, ""},
		}},
		{method: "GET", path: destinations + "/{destination}/writes", summary: "The destination's writes, newest first", query: writeFilter(), answers: pageOfWrites()},
		{method: "POST", path: destinations + "/{destination}/reads", summary: "Reads at once, under the same token, pacer and breaker", in: readBody{}, need: []string{"path"}, answers: []response{
			{"200", "What the destination answered.", readAnswer{}, ""},
		}},
	}
}

func writeFilter() []parameter {
	return []parameter{
		{"destination", "A destination's name.", false},
		{"state", "pending, delivering, delivered, dead, parked, cancelled or purged.", false},
		{"partition_key", "Exactly this one.", false},
		{"since", "Accepted at or after, RFC 3339.", false},
		{"until", "Accepted before, RFC 3339.", false},
		{"limit", "1 to 200; 50 by default.", false},
		{"cursor", "`next` of the page before.", false},
	}
}

func pageOfWrites() []response {
	return []response{{"200", "A page.", list{"writes", lane.Entry{}, true}, ""}}
}

func writeOperations() []operation {
	const writes = inTenant + "/writes"
	done := []response{{"204", "Done.", nil, ""}}
	decided := func(did string) []response {
		return []response{{"202", "How many; `more`: the same call goes on with the rest.", object{
			"type": "object", "required": []string{did, "more"}, "properties": object{did: object{"type": "integer"}, "more": object{"type": "boolean"}},
		}, ""}}
	}
	return []operation{
		{method: "GET", path: writes, summary: "Writes of every destination, newest first", query: writeFilter(), answers: pageOfWrites()},
		{method: "GET", path: writes + "/{write}", summary: "One write with its attempts and the answer that settled it", answers: []response{{"200", "The write; secrets are cut out of it.", writeShown{}, ""}}},
		{method: "DELETE", path: writes + "/{write}", summary: "Purges a settled write", answers: done},
		{method: "POST", path: writes + "/{write}/replay", summary: "Sends a dead, parked or cancelled write again, in its old place", answers: done},
		{method: "POST", path: writes + "/{write}/cancel", summary: "Cancels a write that is not under way", answers: done},
		{method: "POST", path: writes + "/replay", summary: "Sends again what a filter selects", in: decideBody{}, need: []string{"state"}, answers: decided("replayed")},
		{method: "POST", path: writes + "/purge", summary: "Purges what a filter selects", in: decideBody{}, need: []string{"state"}, answers: decided("purged")},
	}
}

func pollOperations() []operation {
	const polls = inTenant + "/polls"
	one := []response{{"200", "Definition, cursor, next run, budget, health.", poll.Status{}, ""}}
	return []operation{
		{method: "GET", path: polls, summary: "The tenant's polls", answers: []response{{"200", "All of them.", list{"polls", pollEntry{}, false}, ""}}},
		{method: "GET", path: polls + "/{poll}", summary: "One poll and its health", answers: one},
		{method: "PUT", path: polls + "/{poll}", summary: "Makes or changes a poll", in: pollBody{}, need: []string{"destination"}, answers: one},
		{method: "DELETE", path: polls + "/{poll}", summary: "Removes a poll", answers: []response{
			{"204", "Removed.", nil, ""},
			{"202", "Removed; the schedule is still to be told.", object{"type": "object", "required": []string{"unlisted"}, "properties": object{"unlisted": object{"const": false}}}, ""},
		}},
		{method: "POST", path: polls + "/{poll}/run", summary: "Polls now, unless a pause was asked for", answers: []response{{"200", "What came of it.", poll.Ran{}, ""}}},
	}
}

func upstreamOperations() []operation {
	const upstreams = inTenant + "/upstreams"
	one := []response{{"200", "The upstream and its health.", upstreamAnswer{}, ""}}
	report := []response{{"200", "The report.", upstream.Report{}, ""}}
	return []operation{
		{method: "GET", path: upstreams, summary: "The tenant's upstream MCP servers", answers: []response{{"200", "All of them.", list{"upstreams", upstreamAnswer{}, false}, ""}}},
		{method: "GET", path: upstreams + "/{upstream}", summary: "One upstream", answers: one},
		{method: "PUT", path: upstreams + "/{upstream}", summary: "Connects an upstream and looks at it", in: upstreamBody{}, need: []string{"url"}, answers: one},
		{method: "DELETE", path: upstreams + "/{upstream}", summary: "Forgets an upstream and its pins", answers: []response{{"204", "Removed.", nil, ""}}},
		{method: "GET", path: upstreams + "/{upstream}/drift", summary: "What changed since it was approved, as a readable difference", answers: report},
		{method: "POST", path: upstreams + "/{upstream}/approve", summary: "Pins what a report shows (operator)", in: approveBody{}, need: []string{"report"}, answers: report},
		{method: "GET", path: inTenant + "/authorization", summary: "Whose access tokens open the agent's endpoint", answers: []response{{"200", "The authorization server.", tenant.Authorization{}, ""}}},
		{method: "PUT", path: inTenant + "/authorization", summary: "Says whose access tokens open the agent's endpoint", in: authorizationBody{}, need: []string{"issuer", "jwks_url"}, answers: []response{{"200", "The authorization server.", tenant.Authorization{}, ""}}},
		{method: "DELETE", path: inTenant + "/authorization", summary: "No access token opens it any more", answers: []response{{"204", "Removed.", nil, ""}}},
	}
}
