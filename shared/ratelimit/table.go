package ratelimit

import "time"

// Form is how a family of headers says its numbers.
type Form uint8

const (
	// Plain: a header each for limit, remaining and reset.
	Plain Form = iota + 1
	// UsedOfLimit: one header `32/40`, used of limit, perhaps behind `name=`.
	UsedOfLimit
	// Compound: one header `total=700;remaining=699;resets=12`.
	Compound
	// Structured: the RateLimit fields of the IETF draft.
	Structured
	// Fraction: one header with the used share, 0.8 for 80 %.
	Fraction
)

// Row is one family of headers.
type Row struct {
	Scope string // what the budget counts; several rows may share a name
	Form  Form
	// Header names in canonical form. Plain: Remaining is required; without
	// Limit the row's own Total holds.
	Limit, Remaining, Reset string
	Total                   int
	// Window is how long a budget lasts whose reset is not given; WindowMillis
	// names the header that says so.
	Window       time.Duration
	WindowMillis string
	// ScopeHeader narrows Scope: GitHub counts per resource.
	ScopeHeader string

	Providers string // who sends it
	Doc       string
	Checked   string // when the page was read; † the format is from memory
}

// Table is every family; read only.
//
// The order matters only where two families share a header: the first row
// that reads wins its scope.
var Table = [...]Row{
	{
		Scope: "requests", Form: Plain,
		Limit: "X-Ratelimit-Limit", Remaining: "X-Ratelimit-Remaining", Reset: "X-Ratelimit-Reset", ScopeHeader: "X-Ratelimit-Resource",
		Providers: "GitHub (Unix s), Discord (Unix s, fraction)†, Intercom (Unix s), Jira (ISO 8601), Exact Online (Unix ms)",
		Doc:       "https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api", Checked: "2026-11-23",
	},
	{
		Scope: "requests", Form: Plain,
		Limit: "X-Rate-Limit-Limit", Remaining: "X-Rate-Limit-Remaining", Reset: "X-Rate-Limit-Reset",
		Providers: "Okta (Unix s)",
		Doc:       "https://developer.okta.com/docs/reference/rl-best-practices/", Checked: "2026-11-23 †",
	},
	{
		Scope: "requests", Form: Plain,
		Limit: "X-Rate-Limit", Remaining: "X-Rate-Limit-Remaining", Reset: "Ratelimit-Reset", Window: time.Minute,
		Providers: "Zendesk (delta s)",
		Doc:       "https://developer.zendesk.com/api-reference/introduction/rate-limits/", Checked: "2026-11-23",
	},
	{
		Scope: "account", Form: Compound, Remaining: "Zendesk-Ratelimit-Tickets-Index",
		Providers: "Zendesk, one endpoint's budget (delta s)",
		Doc:       "https://developer.zendesk.com/api-reference/introduction/rate-limits/", Checked: "2026-11-23",
	},
	{
		Scope: "requests", Form: Plain,
		Limit: "X-Ratelimit-Requests-Limit", Remaining: "X-Ratelimit-Requests-Remaining", Reset: "X-Ratelimit-Requests-Reset",
		Providers: "Linear (Unix ms)",
		Doc:       "https://linear.app/developers/rate-limiting", Checked: "2026-11-23",
	},
	{
		Scope: "complexity", Form: Plain,
		Limit: "X-Ratelimit-Complexity-Limit", Remaining: "X-Ratelimit-Complexity-Remaining", Reset: "X-Ratelimit-Complexity-Reset",
		Providers: "Linear (Unix ms)",
		Doc:       "https://linear.app/developers/rate-limiting", Checked: "2026-11-23",
	},
	{
		Scope: "daily", Form: Plain,
		Limit: "X-Hubspot-Ratelimit-Daily", Remaining: "X-Hubspot-Ratelimit-Daily-Remaining", Window: 24 * time.Hour,
		Providers: "HubSpot (not for OAuth apps)",
		Doc:       "https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines", Checked: "2026-11-23",
	},
	{
		Scope: "interval", Form: Plain,
		Limit: "X-Hubspot-Ratelimit-Max", Remaining: "X-Hubspot-Ratelimit-Remaining", WindowMillis: "X-Hubspot-Ratelimit-Interval-Milliseconds", Window: 10 * time.Second,
		Providers: "HubSpot",
		Doc:       "https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines", Checked: "2026-11-23 †",
	},
	{
		Scope: "interval", Form: Plain,
		Limit: "X-Ratelimit-Max", Remaining: "X-Ratelimit-Remaining", WindowMillis: "X-Ratelimit-Interval-Milliseconds", Window: 10 * time.Second,
		Providers: "HighLevel",
		Doc:       "https://marketplace.gohighlevel.com/docs/oauth/RateLimits", Checked: "2026-11-23",
	},
	{
		Scope: "daily", Form: Plain,
		Limit: "X-Ratelimit-Limit-Daily", Remaining: "X-Ratelimit-Daily-Remaining", Window: 24 * time.Hour, Total: 200_000,
		Providers: "HighLevel",
		Doc:       "https://marketplace.gohighlevel.com/docs/oauth/RateLimits", Checked: "2026-11-23",
	},
	{
		Scope: "minute", Form: Plain, Remaining: "X-Minlimit-Remaining", Total: 60, Window: time.Minute,
		Providers: "Xero",
		Doc:       "https://developer.xero.com/documentation/guides/oauth2/limits/", Checked: "2026-11-23",
	},
	{
		Scope: "daily", Form: Plain, Remaining: "X-Daylimit-Remaining", Total: 5_000, Window: 24 * time.Hour,
		Providers: "Xero (the total depends on the plan)",
		Doc:       "https://developer.xero.com/documentation/guides/oauth2/limits/", Checked: "2026-11-23",
	},
	{
		Scope: "app minute", Form: Plain, Remaining: "X-Appminlimit-Remaining", Total: 10_000, Window: time.Minute,
		Providers: "Xero",
		Doc:       "https://developer.xero.com/documentation/guides/oauth2/limits/", Checked: "2026-11-23",
	},
	{
		Scope: "minute", Form: Plain,
		Limit: "X-Ratelimit-Minutely-Limit", Remaining: "X-Ratelimit-Minutely-Remaining", Reset: "X-Ratelimit-Minutely-Reset", Window: time.Minute,
		Providers: "Exact Online (Unix ms)",
		Doc:       "https://support.exactonline.com/community/s/knowledge-base", Checked: "2026-11-23",
	},
	{
		Scope: "shop", Form: UsedOfLimit, Remaining: "X-Shopify-Shop-Api-Call-Limit", Window: 20 * time.Second,
		Providers: "Shopify REST: a bucket of 40 that leaks 2 a second",
		Doc:       "https://shopify.dev/docs/api/usage/limits", Checked: "2026-11-23 †",
	},
	{
		Scope: "daily", Form: UsedOfLimit, Remaining: "Sforce-Limit-Info", Window: 24 * time.Hour,
		Providers: "Salesforce: `api-usage=18/5000`",
		Doc:       "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm", Checked: "2026-11-23",
	},
	{
		Scope: "requests", Form: Plain, Limit: "Ratelimit-Limit", Remaining: "Ratelimit-Remaining", Reset: "Ratelimit-Reset",
		Providers: "IETF drafts before 08, Zendesk, Twilio and many gateways (delta s)",
		Doc:       "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/07/", Checked: "2026-11-23",
	},
	{
		Scope: "policy", Form: Structured, Limit: "Ratelimit-Policy", Remaining: "Ratelimit",
		Providers: "IETF draft 11: `RateLimit: \"default\";r=50;t=30`",
		Doc:       "https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/", Checked: "2026-11-23",
	},
	{
		Scope: "share", Form: Fraction, Remaining: "X-Ms-Throttle-Limit-Percentage", Window: 30 * time.Second,
		Providers: "Microsoft Graph (0.8 to 1.8, sent when over 80 %)",
		Doc:       "https://learn.microsoft.com/en-us/graph/throttling", Checked: "2026-11-23",
	},
}
