// Holds the running product against docs/openapi.json: the harness passes every
// request to the API and its answer through here, those of the pages' curls
// too, so a route, a status or a member that the document does not know fails
// the test that met it.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../docs/openapi.json");

/** The document. */
export const document = JSON.parse(readFileSync(file, "utf8"));

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
addFormats(ajv);
ajv.addSchema({ $id: "hookweir", components: closed(document.components) });

// closed refuses members the document does not name. For clients they are
// allowed, so that answers can grow; here they show that the document lags.
function closed(schema) {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const out = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, closed(v)]));
  if (out.properties && out.additionalProperties === undefined) out.additionalProperties = false;
  return out;
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const operations = Object.entries(document.paths).map(([template, item]) => ({
  template, item,
  // An event's key may be several segments.
  pattern: new RegExp(`^${template.split(/(\{\w+\})/).map((part) => (part === "{event}" ? ".+?" : /^\{/.test(part) ? "[^/]+" : literal(part))).join("")}$`),
  names: (template.match(/\{/g) ?? []).length,
})).sort((a, b) => a.names - b.names); // /events/replay before /events/{event}

const validators = new Map();
function validator(schema) {
  const key = JSON.stringify(schema);
  if (!validators.has(key)) validators.set(key, ajv.compile(JSON.parse(JSON.stringify(closed(schema)).replaceAll('"#/components/', '"hookweir#/components/'))));
  return validators.get(key);
}

/** Reports whether a URL's path is the API's; what MCP and webhooks answer, other specifications say. */
export const isAPI = (url) => /^\/(v1|oauth)\/|^\/healthz$/.test(new URL(url).pathname);

/** The names of the document's operations: "METHOD template". */
export const names = operations.flatMap(({ template, item }) => Object.keys(item).map((method) => `${method.toUpperCase()} ${template}`));

/**
 * Throws unless the document knows this answer, and the request body that was
 * taken for it: an object, JSON or undefined. A refusal (4xx, 5xx) must be a
 * problem with a known code, on any path. Returns the operation's name, "METHOD
 * template"; undefined for a refusal.
 */
export function conforms(method, url, { status, headers, json }, body) {
  const { pathname } = new URL(url);
  const what = `${method} ${pathname} ${status}`;
  const fail = (why) => { throw new Error(`docs/openapi.json: ${what}: ${why}`); };
  if (status >= 400) return check({ $ref: "#/components/schemas/Problem" }, "application/problem+json");
  const found = operations.find((o) => o.pattern.test(pathname) && o.item[method.toLowerCase()]);
  if (!found) fail("no such operation; add it to shared/admin/operations_test.go and run make catalogue");
  const { requestBody, responses } = found.item[method.toLowerCase()];
  const response = responses[status] ?? fail("no such answer");
  if (body !== undefined || requestBody?.required) took(requestBody ?? fail("takes no body, and took one"));
  if (response.content) {
    const [[media, { schema }]] = Object.entries(response.content);
    check(schema, media);
  } else if (json !== undefined) fail("a body that is not described");
  return `${method} ${found.template}`;

  function took({ content }) {
    const valid = validator(content["application/json"].schema);
    if (!valid(typeof body === "string" ? JSON.parse(body) : body)) fail(`the request was taken: ${ajv.errorsText(valid.errors)}`);
  }

  function check(schema, media) {
    if (headers.get("content-type")?.split(";")[0] !== media) fail(`content-type ${headers.get("content-type")}, not ${media}`);
    const valid = validator(schema);
    if (!valid(json)) fail(ajv.errorsText(valid.errors));
  }
}
