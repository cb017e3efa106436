package crawl

import "time"

// Lookup returns the preset of a name.
func Lookup(name string) (*Recipe, bool) {
	for i := range presets {
		if presets[i].Name == name {
			return &presets[i], true
		}
	}
	return nil, false
}

// All returns the presets, in the order of their names.
func All() []Recipe { return append([]Recipe(nil), presets[:]...) }

func path(keys ...string) []string { return keys }

func oneID(keys ...string) []Parts { return []Parts{{{Path: keys}}} }

// googleFaults are the codes of Google's APIs that are no refusal but a limit
// (https://developers.google.com/workspace/gmail/api/guides/handle-errors).
func googleFaults() []Fault {
	return []Fault{{
		When: Condition{Path: path("error", "errors")}, Code: path("error", "errors", "0", "reason"),
		Throttled: []string{"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"}, Auth: []string{"authError"},
	}}
}

func graphQLFaults(throttled ...string) []Fault {
	return []Fault{{
		When: Condition{Path: path("errors")}, Code: path("errors", "0", "extensions", "code"),
		Throttled: throttled, Auth: []string{"AUTHENTICATION_ERROR", "ACCESS_DENIED"},
	}}
}

// presets is the table, by name; read only.
//
// Backs is true where the provider's API shows the very id that its webhook
// carries. Where it does not (a delivery's own id is in no list), webhook and
// poll cannot agree on a key: such a poll has a source of its own.
var presets = [...]Recipe{
	{
		Name: "airtable", Title: "Airtable webhook payloads", Checked: "2026-11-25",
		Docs:   "https://airtable.com/developers/web/api/list-webhook-payloads",
		Notes:  "Airtable keeps payloads for a week. Its webhook is a ping without content: give `source` to have the ping wake the poll.",
		Params: []Param{{Name: "base", Doc: "the base, app…"}, {Name: "webhook", Doc: "the webhook, ach…"}},
		First:  &Request{Path: "/v0/bases/{{base}}/webhooks/{{webhook}}/payloads?limit={{limit}}"},
		List:   Request{Path: "/v0/bases/{{base}}/webhooks/{{webhook}}/payloads?cursor={{cursor}}&limit={{limit}}"},
		More:   &Request{Path: "/v0/bases/{{base}}/webhooks/{{webhook}}/payloads?cursor={{page}}&limit={{limit}}"},
		Items:  path("payloads"), ID: []Parts{{{Param: "webhook"}, {Text: ":"}, {Path: path("baseTransactionNumber")}}},
		TypePrefix: "com.airtable.", Type: []Parts{{{Text: "payload"}}}, Time: [][]string{{"timestamp"}},
		Rule: RuleToken, Token: path("cursor"), Counts: true, Limit: 50,
		Paging: Paging{Kind: PagingToken, Path: path("cursor"), More: &Condition{path("mightHaveMore"), "true"}},
	},
	{
		Name: "feed", Title: "RSS, Atom or JSON Feed", Checked: "2026-11-25",
		Docs:   "https://www.rssboard.org/rss-specification",
		Notes:  "Entries reach the agent as JSON Feed items, whatever the feed's own format. An entry is one event by its id; a changed entry under the same id is none.",
		Params: []Param{{Name: "path", Doc: "the feed's path below the destination's URL", Path: true}},
		List:   Request{Path: "/{{path}}"},
		Format: FormatFeed, ID: oneID("id"), TypePrefix: "org.jsonfeed.", Type: []Parts{{{Text: "item"}}},
		Time: [][]string{{"date_published"}, {"date_modified"}}, Rule: RuleWindow, Newest: true, Conditional: true,
	},
	{
		Name: "github-deliveries", Title: "GitHub webhook deliveries", Checked: "2026-11-25", Provider: "github", Backs: true,
		Docs: "https://docs.github.com/en/rest/repos/webhooks#list-deliveries-for-a-repository-webhook",
		Notes: "Finds the deliveries that did not arrive, and fetches each of them, or with `redeliver` asks GitHub to send it again. " +
			"GitHub keeps deliveries for three days.",
		Params: []Param{
			{Name: "hook", Doc: "the webhook below /repos, /orgs or /app: `repos/acme/site/hooks/1`, `orgs/acme/hooks/1`, `app/hook`", Path: true},
		},
		List:      Request{Path: "/{{hook}}/deliveries?per_page={{limit}}", Headers: githubHeaders()},
		Detail:    &Request{Path: "/{{hook}}/deliveries/{{key}}", Headers: githubHeaders()},
		Redeliver: &Request{Method: "POST", Path: "/{{hook}}/deliveries/{{key}}/attempts", Headers: githubHeaders()},
		ID:        oneID("guid"), Key: path("id"), Body: path("request", "payload"),
		TypePrefix: "com.github.", Type: []Parts{{{Path: path("event")}}}, Time: [][]string{{"delivered_at"}},
		Rule: RuleID, Newest: true, Position: path("id"), Paging: Paging{Kind: PagingHeader}, Limit: 100,
		Conditional: true, Free: true,
	},
	{
		Name: "github-events", Title: "GitHub events", Checked: "2026-11-25",
		Docs:   "https://docs.github.com/en/rest/activity/events",
		Notes:  "At most 300 events of the last 30 days, from half a minute to six hours late. Ids and bodies are not those of webhooks.",
		Params: []Param{{Name: "of", Doc: "whose events: `repos/acme/site`, `orgs/acme`, `users/octocat`", Path: true}},
		List:   Request{Path: "/{{of}}/events?per_page={{limit}}", Headers: githubHeaders()},
		ID:     oneID("id"), TypePrefix: "com.github.events.", Type: []Parts{{{Path: path("type")}}}, Time: [][]string{{"created_at"}},
		Rule: RuleWindow, Newest: true, Paging: Paging{Kind: PagingHeader}, Limit: 100,
		Conditional: true, Free: true, MinInterval: "X-Poll-Interval",
	},
	{
		Name: "gmail", Title: "Gmail history", Checked: "2026-11-25",
		Docs:   "https://developers.google.com/workspace/gmail/api/guides/sync",
		Notes:  "History records, not messages. Gmail keeps them for a week as a rule, and in rare cases for hours only; when they are gone the gap is reported.",
		Params: []Param{{Name: "user", Doc: "the mailbox", Default: "me"}},
		First:  &Request{Path: "/gmail/v1/users/{{user}}/profile"}, FirstToken: path("historyId"),
		List:  Request{Path: "/gmail/v1/users/{{user}}/history?startHistoryId={{cursor}}&maxResults={{limit}}"},
		More:  &Request{Path: "/gmail/v1/users/{{user}}/history?startHistoryId={{cursor}}&maxResults={{limit}}&pageToken={{page}}"},
		Items: path("history"), Absent: true, ID: oneID("id"), TypePrefix: "com.google.gmail.", Type: []Parts{{{Text: "history"}}},
		Rule: RuleToken, Token: path("historyId"), Counts: true, Limit: 500,
		Paging: Paging{Kind: PagingToken, Path: path("nextPageToken")}, Expired: []int{404}, Faults: googleFaults(),
	},
	{
		Name: "google-calendar", Title: "Google Calendar events", Checked: "2026-11-25",
		Docs:   "https://developers.google.com/workspace/calendar/api/guides/sync",
		Notes:  "The first crawl reads the whole calendar to get a sync token, and tells what has changed since the poll's beginning. A ping from a watch channel wakes the poll if `source` names its source.",
		Params: []Param{{Name: "calendar", Doc: "the calendar", Default: "primary"}},
		First:  &Request{Path: "/calendar/v3/calendars/{{calendar}}/events?maxResults={{limit}}&showDeleted=true"},
		List:   Request{Path: "/calendar/v3/calendars/{{calendar}}/events?maxResults={{limit}}&syncToken={{cursor}}"},
		More:   &Request{Path: "/calendar/v3/calendars/{{calendar}}/events?maxResults={{limit}}&syncToken={{cursor}}&pageToken={{page}}"},
		Items:  path("items"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("updated")}}, {{Path: path("id")}, {Text: ":"}, {Hash: true}}},
		TypePrefix: "com.google.calendar.event.", Type: []Parts{{{Path: path("status")}}}, Time: [][]string{{"updated"}},
		Rule: RuleToken, Token: path("nextSyncToken"), Limit: 250,
		Paging: Paging{Kind: PagingToken, Path: path("nextPageToken")}, Expired: []int{410}, Faults: googleFaults(),
	},
	{
		Name: "google-drive", Title: "Google Drive changes", Checked: "2026-11-25",
		Docs:  "https://developers.google.com/workspace/drive/api/guides/manage-changes",
		Notes: "Begins with the changes from now on: Drive gives no token for the past. Its tokens do not expire.",
		First: &Request{Path: "/drive/v3/changes/startPageToken?supportsAllDrives=true"}, FirstToken: path("startPageToken"),
		List:  Request{Path: "/drive/v3/changes?pageToken={{cursor}}&pageSize={{limit}}&supportsAllDrives=true&includeItemsFromAllDrives=true"},
		More:  &Request{Path: "/drive/v3/changes?pageToken={{page}}&pageSize={{limit}}&supportsAllDrives=true&includeItemsFromAllDrives=true"},
		Items: path("changes"), ID: []Parts{
			{{Path: path("fileId")}, {Text: ":"}, {Path: path("time")}}, {{Path: path("driveId")}, {Text: ":"}, {Path: path("time")}},
		},
		TypePrefix: "com.google.drive.change.", Type: []Parts{{{Path: path("changeType")}}}, Time: [][]string{{"time"}},
		Rule: RuleToken, Token: path("newStartPageToken"), Limit: 1000,
		Paging: Paging{Kind: PagingToken, Path: path("nextPageToken")}, Expired: []int{410}, Faults: googleFaults(),
	},
	{
		Name: "hubspot", Title: "HubSpot CRM search", Checked: "2026-11-25",
		Docs:   "https://developers.hubspot.com/docs/api-reference/search/guide",
		Notes:  "For contacts `property` is lastmodifieddate. A change is in the search some seconds after it was made; the overlap covers it. Keys are not those of HubSpot's webhooks, which name changes of one property.",
		Params: []Param{{Name: "object", Doc: "contacts, companies, deals, tickets, …"}, {Name: "property", Doc: "the property with the time of the last change", Default: "hs_lastmodifieddate"}},
		List: Request{
			Method: "POST", Path: "/crm/v3/objects/{{object}}/search",
			Body: `{"limit":{{limit}},"filterGroups":[{"filters":[{"propertyName":"{{property}}","operator":"GTE","value":"{{since_unix_ms}}"}]}],"sorts":[{"propertyName":"{{property}}","direction":"ASCENDING"}],"properties":["{{property}}"]}`,
		},
		Items: path("results"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("updatedAt")}}},
		TypePrefix: "com.hubspot.crm.", Type: []Parts{{{Param: "object"}}}, Time: [][]string{{"updatedAt"}},
		Rule: RuleTime, Overlap: Duration(2 * time.Minute), Limit: 200, Paging: Paging{Kind: PagingKeyset},
	},
	{
		Name: "jira", Title: "Jira issues by JQL", Checked: "2026-11-25",
		Docs:   "https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/#api-rest-api-3-search-jql-get",
		Notes:  "JQL knows minutes and the asker's time zone, so the start is given as minutes ago. The search is eventually consistent; the overlap covers it.",
		Params: []Param{{Name: "jql", Doc: "which issues, without ORDER BY: `project = OPS`"}, {Name: "fields", Doc: "the fields to fetch", Default: "*navigable"}},
		List:   Request{Path: "/rest/api/3/search/jql?jql=({{jql}})%20AND%20updated%20%3E%3D%20-{{since_minutes}}m%20ORDER%20BY%20updated%20ASC&fields={{fields}}&maxResults={{limit}}"},
		More:   &Request{Path: "/rest/api/3/search/jql?jql=({{jql}})%20AND%20updated%20%3E%3D%20-{{since_minutes}}m%20ORDER%20BY%20updated%20ASC&fields={{fields}}&maxResults={{limit}}&nextPageToken={{page}}"},
		Items:  path("issues"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("fields", "updated")}}},
		TypePrefix: "com.atlassian.jira.", Type: []Parts{{{Text: "issue_updated"}}}, Time: [][]string{{"fields", "updated"}},
		Rule: RuleTime, Overlap: Duration(5 * time.Minute), Limit: 100,
		Paging: Paging{Kind: PagingToken, Path: path("nextPageToken")},
	},
	{
		Name: "json-feed", Title: "JSON Feed", Checked: "2026-11-25",
		Docs:   "https://www.jsonfeed.org/version/1.1/",
		Notes:  "As the preset feed, for feeds that are JSON; the entries' bytes are passed on unchanged.",
		Params: []Param{{Name: "path", Doc: "the feed's path below the destination's URL", Path: true}},
		List:   Request{Path: "/{{path}}"},
		Items:  path("items"), ID: oneID("id"), TypePrefix: "org.jsonfeed.", Type: []Parts{{{Text: "item"}}},
		Time: [][]string{{"date_published"}, {"date_modified"}}, Rule: RuleWindow, Newest: true, Conditional: true,
		Paging: Paging{Kind: PagingLink, Path: path("next_url")},
	},
	{
		Name: "linear", Title: "Linear issues", Checked: "2026-11-25",
		Docs:   "https://linear.app/developers/pagination",
		Notes:  "Keys are not those of Linear's webhooks, whose ids are the deliveries'. Linear counts the complexity of queries; ask for no more fields than needed.",
		Params: []Param{{Name: "fields", Doc: "what to fetch beside id and updatedAt", Default: "identifier title url priority createdAt state { name type } assignee { id name }"}},
		List:   Request{Method: "POST", Path: "/graphql", Body: linearQuery(``)},
		More:   &Request{Method: "POST", Path: "/graphql", Body: linearQuery(`,"after":"{{page}}"`)},
		Items:  path("data", "issues", "nodes"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("updatedAt")}}},
		TypePrefix: "app.linear.", Type: []Parts{{{Text: "issue.updated"}}}, Time: [][]string{{"updatedAt"}},
		Rule: RuleTime, Newest: true, Overlap: Duration(2 * time.Minute), Limit: 50,
		Paging: Paging{Kind: PagingToken, Path: path("data", "issues", "pageInfo", "endCursor"), More: &Condition{path("data", "issues", "pageInfo", "hasNextPage"), "true"}},
		Faults: graphQLFaults("RATELIMITED"),
	},
	{
		Name: "microsoft-graph", Title: "Microsoft Graph delta", Checked: "2026-11-25",
		Docs:   "https://learn.microsoft.com/en-us/graph/delta-query-overview",
		Notes:  "The first round lists what there is, and tells what has changed since the poll's beginning where items have a time. A change notification wakes the poll if `source` names its source.",
		Params: []Param{{Name: "resource", Doc: "what to follow: `me/mailFolders/inbox/messages`, `users`, `me/drive/root`", Path: true}},
		First:  &Request{Path: "/v1.0/{{resource}}/delta"},
		List:   Request{Path: "/v1.0/{{resource}}/delta"},
		Items:  path("value"), ID: []Parts{
			{{Path: path("id")}, {Text: ":"}, {Path: path("changeKey")}}, {{Path: path("id")}, {Text: ":"}, {Path: path("lastModifiedDateTime")}}, {{Path: path("id")}, {Text: ":"}, {Hash: true}},
		},
		TypePrefix: "com.microsoft.graph.", Type: []Parts{{{Text: "removed."}, {Path: path("@removed", "reason")}}, {{Text: "changed"}}},
		Time: [][]string{{"lastModifiedDateTime"}, {"receivedDateTime"}},
		Rule: RuleLink, Token: path("@odata.deltaLink"), Paging: Paging{Kind: PagingLink, Path: path("@odata.nextLink")},
		Expired: []int{410}, Faults: []Fault{{
			When: Condition{Path: path("error")}, Code: path("error", "code"),
			Expired: []string{"syncStateNotFound", "SyncStateNotFound", "resyncRequired", "syncStateInvalid"}, Throttled: []string{"TooManyRequests"}, Auth: []string{"InvalidAuthenticationToken"},
		}},
	},
	{
		Name: "notion", Title: "Notion search", Checked: "2026-11-25",
		Docs:   "https://developers.notion.com/reference/post-search",
		Notes:  "Notion says that its search need not be complete, and times are to the minute: take a webhook where you can. Keys are not those of Notion's webhooks.",
		Params: []Param{{Name: "version", Doc: "the Notion-Version header", Default: "2022-06-28"}},
		List: Request{
			Method: "POST", Path: "/v1/search", Headers: map[string]string{"Notion-Version": "{{version}}"},
			Body: `{"page_size":{{limit}},"sort":{"direction":"descending","timestamp":"last_edited_time"}}`,
		},
		More: &Request{
			Method: "POST", Path: "/v1/search", Headers: map[string]string{"Notion-Version": "{{version}}"},
			Body: `{"page_size":{{limit}},"start_cursor":"{{page}}","sort":{"direction":"descending","timestamp":"last_edited_time"}}`,
		},
		Items: path("results"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("last_edited_time")}}},
		TypePrefix: "com.notion.", Type: []Parts{{{Path: path("object")}, {Text: ".edited"}}}, Time: [][]string{{"last_edited_time"}}, Grain: Duration(time.Minute),
		Rule: RuleTime, Newest: true, Overlap: Duration(10 * time.Minute), Limit: 100,
		Paging: Paging{Kind: PagingToken, Path: path("next_cursor"), More: &Condition{path("has_more"), "true"}},
	},
	{
		Name: "salesforce", Title: "Salesforce by SystemModstamp", Checked: "2026-11-25",
		Docs:  "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_query.htm",
		Notes: "SystemModstamp also moves for changes by Salesforce's own processes, which LastModifiedDate does not show. Long transactions commit late; the overlap covers five minutes.",
		Params: []Param{
			{Name: "object", Doc: "Account, Opportunity, My_Thing__c, …"},
			{Name: "fields", Doc: "fields beside Id and SystemModstamp, by commas", Default: "CreatedDate"},
			{Name: "version", Doc: "the API's version", Default: "v62.0"},
		},
		List:  Request{Path: "/services/data/{{version}}/queryAll?q=SELECT%20Id,SystemModstamp,{{fields}}%20FROM%20{{object}}%20WHERE%20SystemModstamp%20%3E%3D%20{{since}}%20ORDER%20BY%20SystemModstamp%20ASC,Id%20ASC"},
		Items: path("records"), ID: []Parts{{{Path: path("Id")}, {Text: ":"}, {Path: path("SystemModstamp")}}},
		TypePrefix: "com.salesforce.", Type: []Parts{{{Param: "object"}}}, Time: [][]string{{"SystemModstamp"}},
		Rule: RuleTime, Overlap: Duration(5 * time.Minute),
		Paging: Paging{Kind: PagingLink, Path: path("nextRecordsUrl"), More: &Condition{path("done"), "false"}},
		Faults: []Fault{{When: Condition{Path: path("0", "errorCode")}, Code: path("0", "errorCode"), Throttled: []string{"REQUEST_LIMIT_EXCEEDED"}, Auth: []string{"INVALID_SESSION_ID"}}},
	},
	{
		Name: "shopify", Title: "Shopify orders", Checked: "2026-11-25",
		Docs:   "https://shopify.dev/docs/api/admin-graphql/latest/queries/orders",
		Notes:  "Keys are not those of Shopify's webhooks, whose ids are the deliveries'. The search index lags a little; the overlap covers it. Versions come every quarter and are served for a year.",
		Params: []Param{{Name: "version", Doc: "the API's version", Default: "2026-10"}, {Name: "fields", Doc: "what to fetch beside id and updatedAt", Default: "name createdAt displayFinancialStatus displayFulfillmentStatus"}},
		List:   Request{Method: "POST", Path: "/admin/api/{{version}}/graphql.json", Body: shopifyQuery(``)},
		More:   &Request{Method: "POST", Path: "/admin/api/{{version}}/graphql.json", Body: shopifyQuery(`,"after":"{{page}}"`)},
		Items:  path("data", "orders", "nodes"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("updatedAt")}}},
		TypePrefix: "com.shopify.", Type: []Parts{{{Text: "orders.updated"}}}, Time: [][]string{{"updatedAt"}},
		Rule: RuleTime, Overlap: Duration(5 * time.Minute), Limit: 100,
		Paging: Paging{Kind: PagingToken, Path: path("data", "orders", "pageInfo", "endCursor"), More: &Condition{path("data", "orders", "pageInfo", "hasNextPage"), "true"}},
		Faults: graphQLFaults("THROTTLED"),
	},
	{
		Name: "slack", Title: "Slack channel history", Checked: "2026-11-25", Provider: "slack", Backs: true,
		Docs: "https://docs.slack.dev/reference/methods/conversations.history",
		Notes: "The body is the message as the history has it, not the Events API's envelope. Apps that are distributed commercially outside Slack's marketplace may ask once a minute, for 15 messages: set `limit` to 15. " +
			"Replies in threads are not in the history.",
		Params: []Param{{Name: "channel", Doc: "the channel, C…"}},
		List:   Request{Path: "/api/conversations.history?channel={{channel}}&oldest={{since_unix_fraction}}&inclusive=true&limit={{limit}}"},
		More:   &Request{Path: "/api/conversations.history?channel={{channel}}&oldest={{since_unix_fraction}}&inclusive=true&limit={{limit}}&cursor={{page}}"},
		Items:  path("messages"), ID: []Parts{{{Param: "channel"}, {Text: ":"}, {Path: path("ts")}}},
		TypePrefix: "com.slack.", Type: []Parts{{{Path: path("type")}}}, Time: [][]string{{"ts"}}, TimeFormat: TimeUnixFraction,
		Rule: RuleTime, Newest: true, Overlap: Duration(time.Minute), Limit: 200,
		Paging: Paging{Kind: PagingToken, Path: path("response_metadata", "next_cursor"), More: &Condition{path("has_more"), "true"}},
		Faults: []Fault{{
			When: Condition{path("ok"), "false"}, Code: path("error"), Throttled: []string{"ratelimited", "rate_limited"},
			Auth: []string{"invalid_auth", "not_authed", "token_expired", "token_revoked", "account_inactive"},
		}},
	},
	{
		Name: "stripe", Title: "Stripe events", Checked: "2026-11-25", Provider: "stripe", Backs: true,
		Docs:  "https://docs.stripe.com/api/events/list",
		Notes: "Stripe keeps events for 30 days. An event's created is in whole seconds and events of one second come in any order, which the overlap covers.",
		List:  Request{Path: "/v1/events?limit={{limit}}&created[gte]={{since_unix}}"},
		More:  &Request{Path: "/v1/events?limit={{limit}}&created[gte]={{since_unix}}&starting_after={{page}}"},
		Items: path("data"), ID: oneID("id"), TypePrefix: "com.stripe.", Type: []Parts{{{Path: path("type")}}},
		Time: [][]string{{"created"}}, TimeFormat: TimeUnix,
		Rule: RuleTime, Newest: true, Overlap: Duration(2 * time.Minute), Limit: 100,
		Paging: Paging{Kind: PagingLast, Path: path("id"), More: &Condition{path("has_more"), "true"}},
	},
	{
		Name: "zendesk", Title: "Zendesk incremental export", Checked: "2026-11-25",
		Docs:  "https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/",
		Notes: "Leaves out the last minute, by design. Ten requests a minute, for all that export. Keys are not those of Zendesk's webhooks.",
		First: &Request{Path: "/api/v2/incremental/tickets/cursor.json?start_time={{since_unix}}&per_page={{limit}}"},
		List:  Request{Path: "/api/v2/incremental/tickets/cursor.json?cursor={{cursor}}&per_page={{limit}}"},
		More:  &Request{Path: "/api/v2/incremental/tickets/cursor.json?cursor={{page}}&per_page={{limit}}"},
		Items: path("tickets"), ID: []Parts{{{Path: path("id")}, {Text: ":"}, {Path: path("updated_at")}}},
		TypePrefix: "com.zendesk.", Type: []Parts{{{Text: "ticket"}}}, Time: [][]string{{"updated_at"}},
		Rule: RuleToken, Token: path("after_cursor"), Limit: 1000,
		Paging: Paging{Kind: PagingToken, Path: path("after_cursor"), More: &Condition{path("end_of_stream"), "false"}},
	},
}

func githubHeaders() map[string]string {
	return map[string]string{"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
}

func linearQuery(after string) string {
	return `{"query":"query($first:Int,$after:String,$since:DateTimeOrDuration){issues(first:$first,after:$after,orderBy:updatedAt,includeArchived:true,filter:{updatedAt:{gte:$since}}){nodes{id updatedAt {{fields}}} pageInfo{hasNextPage endCursor}}}","variables":{"first":{{limit}},"since":"{{since}}"` + after + `}}`
}

func shopifyQuery(after string) string {
	return `{"query":"query($first:Int,$after:String,$query:String){orders(first:$first,after:$after,sortKey:UPDATED_AT,query:$query){nodes{id updatedAt {{fields}}} pageInfo{hasNextPage endCursor}}}","variables":{"first":{{limit}},"query":"updated_at:>='{{since}}'"` + after + `}}`
}
