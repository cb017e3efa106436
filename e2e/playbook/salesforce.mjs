// Salesforce, as far as the playbook needs it: OAuth that names the instance,
// upserts by external id, a limit that is met in bursts, and bad minutes of
// 503. It checks that the steps of each record arrive in order.
//
//	https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/dome_upsert.htm
//	https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
import { randomBytes } from "node:crypto";
import { Grants } from "./grants.mjs";
import { bearer, Limit, startSite } from "./site.mjs";

const instance = "acme.my.salesforce.com";
const upsert = /^\/services\/data\/v62\.0\/sobjects\/Case\/External_Id__c\/([\w.:-]+)$/;

/** What the org may be asked, which an operator tells Hookweir too. */
export const budget = { requests: 20, per: 1_000, burst: 5 };

/**
 * Starts Salesforce. `ill` => (request) => true answers 503 and does nothing;
 * `now` is its clock, tokens excepted.
 *
 * The result, over a site: {grants, limit, records, took(), disorder, ill,
 * instanceURL}. `records` are the steps of each record in the order in which
 * they were taken, one that came again too, though an upsert that changes
 * nothing; took() is the same as a list of {record, step}; `disorder` counts
 * the steps that were neither the next one nor the last again.
 */
export async function startSalesforce({ life = 2 * 3600_000, now } = {}) {
  const client = { id: "3MVG9", secret: randomBytes(16).toString("hex") };
  const grants = new Grants({ client, rotate: false, pkce: true, life, prefixes: { access: "00D!", refresh: "5Aep861" } });
  const limit = new Limit(budget.requests + budget.burst, budget.per);
  const org = { grants, limit, client, records: new Map(), disorder: 0, unavailable: 0, ill: () => false, instanceURL: `https://${instance}` };
  org.took = () => [...org.records].flatMap(([record, steps]) => steps.map((step) => ({ record, step })));

  const login = {
    "GET /services/oauth2/authorize": ({ query }) => ({ status: 302, headers: { location: grants.authorize(query) }, body: "" }),
    "POST /services/oauth2/token": (request) => {
      const { error, grant, access, refresh } = grants.token(request);
      if (error) return { status: 400, body: { error }, note: error };
      return {
        status: 200,
        body: { access_token: access, ...(refresh && { refresh_token: refresh }), instance_url: org.instanceURL, token_type: "Bearer", issued_at: String(Date.now()), scope: grant.scopes.join(" ") },
      };
    },
    "POST /services/oauth2/revoke": ({ form }) => ({ status: grants.revoke(form.get("token")) ? 200 : 400, body: "" }),
  };

  function write(request, id) {
    if (limit.take(request.at) > 0) return refuse(403, "REQUEST_LIMIT_EXCEEDED");
    if (grants.scopes(bearer(request)) === undefined) return refuse(401, "INVALID_SESSION_ID");
    if (org.ill(request)) {
      org.unavailable++;
      return refuse(503, "SERVER_UNAVAILABLE", { "retry-after": "1" });
    }
    const { Step__c: step } = JSON.parse(request.body);
    const steps = org.records.get(id) ?? [];
    org.records.set(id, steps);
    if (![steps.at(-1), (steps.at(-1) ?? 0) + 1].includes(step)) org.disorder++;
    steps.push(step);
    return { status: steps.length === 1 ? 201 : 200, headers: { "sforce-limit-info": `api-usage=${site.log.length}/100000` }, body: { id: `500${id}`, success: true, errors: [], created: steps.length === 1 } };
  }

  const site = await startSite("salesforce", ["login.salesforce.com", instance], async (request) => {
    if (request.host !== instance) return login[`${request.method} ${request.path}`]?.(request) ?? refuse(404, "NOT_FOUND");
    const id = request.method === "PATCH" && upsert.exec(request.path)?.[1];
    return id ? write(request, id) : refuse(404, "NOT_FOUND");
  }, now);
  return Object.assign(org, site);
}

const refuse = (status, errorCode, headers) => ({ status, headers, body: [{ errorCode, message: errorCode.toLowerCase() }], note: errorCode });
