// Bodies shaped like the providers' own, in size and in form. Invented data.

const hex = (seed, n) => Array.from({ length: n }, (_, i) => ((seed * 31 + i * 7 + (i >> 2)) % 16).toString(16)).join("");

// The URL templates GitHub puts into every repository object.
const repositoryURLs = ("forks keys{/key_id} collaborators{/collaborator} teams hooks issues/events{/number} events assignees{/user} " +
  "branches{/branch} tags git/blobs{/sha} git/tags{/sha} git/refs{/sha} git/trees{/sha} statuses/{sha} languages stargazers " +
  "contributors subscribers subscription commits{/sha} git/commits{/sha} comments{/number} issues/comments{/number} " +
  "contents/{+path} compare/{base}...{head} merges {archive_format}{/ref} downloads issues{/number} pulls{/number} " +
  "milestones{/number} notifications{?since,all,participating} labels{/name} releases{/id} deployments").split(" ");

/** A GitHub push of about 7 KB. https://docs.github.com/webhooks/webhook-events-and-payloads#push */
export function githubPush(at) {
  const full = "octo-org/ledger-service";
  const api = `https://api.github.com/repos/${full}`;
  const user = { name: "Mona Lisa", email: "mona@users.noreply.github.example", username: "mona" };
  const repository = { id: 700123456, node_id: "R_kgDOKbc1wA", name: "ledger-service", full_name: full, private: true };
  for (const url of repositoryURLs) repository[`${url.replace(/[^a-z]+/g, "_")}_url`] = `${api}/${url}`;
  Object.assign(repository, {
    description: "Double-entry bookkeeping for the payments team – überall",
    default_branch: "main", language: "Go", open_issues_count: 12, pushed_at: Math.floor(at / 1000), visibility: "private",
    owner: { login: "octo-org", id: 9919, type: "Organization", site_admin: false, html_url: "https://github.com/octo-org" },
  });
  const commits = Array.from({ length: 4 }, (_, i) => ({
    id: hex(i + 3, 40), tree_id: hex(i + 11, 40), distinct: true,
    message: `ledger: post the fee as its own entry (${i + 1}/4)\n\nThe statement showed one line for two postings.\n\nFixes #${812 + i}.`,
    timestamp: new Date(at - (4 - i) * 60_000).toISOString(), url: `https://github.com/${full}/commit/${hex(i + 3, 40)}`,
    author: user, committer: user, added: [`postings/fee_${i}.go`], removed: [], modified: ["postings/entry.go", "postings/entry_test.go"],
  }));
  return json({
    ref: "refs/heads/main", before: hex(1, 40), after: commits.at(-1).id, created: false, deleted: false, forced: false, base_ref: null,
    compare: `https://github.com/${full}/compare/${hex(1, 12)}...${commits.at(-1).id.slice(0, 12)}`,
    pusher: { name: "mona", email: user.email }, sender: { login: "mona", id: 583231, type: "User" },
    repository, commits, head_commit: commits.at(-1),
  });
}

/** A Stripe `invoice.paid` snapshot event. https://docs.stripe.com/api/events/object */
export function stripeInvoicePaid(id, at) {
  const seconds = Math.floor(at / 1000);
  const line = (n) => ({
    id: `il_1Q${hex(n, 22)}`, object: "line_item", amount: 1900 * n, currency: "eur", description: `${n} × Team seat (at €19.00 / month)`,
    period: { start: seconds, end: seconds + 2_592_000 }, quantity: n, metadata: {},
  });
  return json({
    id, object: "event", api_version: "2026-09-30.basil", created: seconds, livemode: false, pending_webhooks: 1,
    request: { id: null, idempotency_key: null }, type: "invoice.paid",
    data: { object: {
      id: `in_1Q${hex(5, 22)}`, object: "invoice", account_country: "DE", amount_due: 11400, amount_paid: 11400, amount_remaining: 0,
      currency: "eur", customer: "cus_RkVt9QmH2sYw3b", customer_email: "accounts@example.com", status: "paid", number: "8F2C11AB-0042",
      lines: { object: "list", data: [line(1), line(2), line(3)], has_more: false, url: "/v1/invoices/in/lines" },
    } },
  });
}

/** A Slack message. https://docs.slack.dev/reference/events/message */
export function slackMessage(id, at) {
  const ts = `${Math.floor(at / 1000)}.${String(parseInt(id.slice(-6), 36) % 1_000_000).padStart(6, "0")}`;
  return json({
    token: "deprecated", team_id: "T061EG9R6", api_app_id: "A0FFV41KK", context_team_id: "T061EG9R6", type: "event_callback",
    event: {
      type: "message", channel: "C0XXXXXX1", user: "U061F7AUR", text: "Deploy is green :rocket: <@U0LAN0Z89> – weiter?", ts, event_ts: ts,
      channel_type: "channel", blocks: [{ type: "rich_text", block_id: "9wEqk", elements: [] }],
    },
    event_id: id, event_time: Math.floor(at / 1000), is_ext_shared_channel: false,
    authorizations: [{ enterprise_id: null, team_id: "T061EG9R6", user_id: "U0LAN0Z89", is_bot: true, is_enterprise_install: false }],
  });
}

/** Slack's handshake. https://docs.slack.dev/reference/events/url_verification */
export const slackHandshake = (challenge) => json({ token: "deprecated", challenge, type: "url_verification" });

/** A slash command, form-encoded. https://docs.slack.dev/interactivity/implementing-slash-commands */
export function slackCommand(trigger) {
  return Buffer.from(new URLSearchParams({
    token: "deprecated", team_id: "T061EG9R6", team_domain: "example", channel_id: "C0XXXXXX1", channel_name: "ops", user_id: "U061F7AUR",
    command: "/deploy", text: "ledger-service to prod & wait", api_app_id: "A0FFV41KK",
    response_url: "https://hooks.slack.com/commands/T061EG9R6/1/abc", trigger_id: trigger,
  }).toString());
}

/** A Shopify `orders/create`. https://shopify.dev/docs/api/webhooks */
export function shopifyOrder(at) {
  return json({
    id: 820982911946154508n.toString(), admin_graphql_api_id: "gid://shopify/Order/820982911946154508", created_at: new Date(at).toISOString(),
    currency: "EUR", current_total_price: "403.00", email: "jon@example.com", financial_status: "paid", name: "#9999", order_number: 1234,
    customer: { id: 115310627314723950, email: "john@example.com", first_name: "Jon", last_name: "Snowé" },
    line_items: [1, 2].map((n) => ({ id: 866550311766439020 + n, title: `Fjällräven pack no. ${n}`, quantity: n, price: "199.00", sku: `SKU2006-00${n}` })),
    shipping_address: { address1: "123 Shipping Street", city: "Shippington", zip: "40003", country_code: "DE" },
  });
}

/** What a Standard Webhooks sender sends. https://github.com/standard-webhooks/standard-webhooks */
export function standardEvent(at, pad = 0) {
  return json({
    type: "contact.created", timestamp: new Date(at).toISOString(),
    data: { id: "1f81eb52-5198-4599-803e-771906343485", type: "contact", attributes: { name: "Zoë", note: "x".repeat(pad) } },
  });
}

function json(value) {
  return Buffer.from(JSON.stringify(value));
}
