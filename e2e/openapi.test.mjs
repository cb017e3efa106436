// docs/openapi.json itself: valid OpenAPI 3.1, and a check that can fail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { conforms, document } from "./openapi.mjs";

test("the document is OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  assert.ok(valid, JSON.stringify(errors));
  assert.equal(validator.version, "3.1");
  const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((o) => o.operationId));
  assert.equal(ids.length, new Set(ids).size, "operation ids are unique");
});

test("what it does not say is noticed", () => {
  const answer = (status, json, type = "application/json") => ({ status, json, headers: new Headers({ "content-type": type }) });
  const keys = "http://x/v1/tenants/acme/keys";
  const key = { id: "a", label: "", created: "2026-11-25T00:00:00Z" };
  const problem = { type: "https://hookweir.dev/problems/not_found", title: "There is nothing here", status: 404, code: "not_found" };
  conforms("GET", keys, answer(200, { keys: [key] }));
  conforms("POST", keys, answer(201, { ...key, key: "hw_acme_…" }));
  conforms("GET", keys, answer(404, problem, "application/problem+json"));
  conforms("DELETE", `${keys}/a`, { status: 204, headers: new Headers() });
  conforms("POST", "http://x/v1/tenants/acme/events/acme/github/x/replay", answer(202, { replayed: 1 }));
  for (const [why, method, url, a] of [
    ["a route", "GET", "http://x/v1/tenants/acme/nothing", answer(200, {})],
    ["a method", "PATCH", keys, answer(200, {})],
    ["a status", "GET", keys, answer(203, { keys: [key] })],
    ["a member", "GET", keys, answer(200, { keys: [{ ...key, secret: "x" }] })],
    ["a missing member", "GET", keys, answer(200, { keys: [{ id: "a" }] })],
    ["a type", "GET", keys, answer(200, { keys: {} })],
    ["a time", "GET", keys, answer(200, { keys: [{ ...key, created: "today" }] })],
    ["a body where there is none", "DELETE", `${keys}/a`, answer(204, {})],
    ["an unknown code", "GET", keys, answer(404, { ...problem, code: "gone" }, "application/problem+json")],
    ["a refusal that is no problem", "GET", keys, answer(500, "oops", "text/plain")],
  ]) assert.throws(() => conforms(method, url, a), /docs\/openapi\.json/, why);
  const source = "http://x/v1/tenants/acme/keys", made = answer(201, { ...key, key: "hw_acme_…" });
  conforms("POST", source, made, { label: "x" });
  conforms("POST", source, made, '{"label":"x"}');
  for (const [why, method, url, a, body] of [
    ["a member of a request", "POST", source, made, { name: "x" }],
    ["a type in a request", "POST", source, made, { label: 1 }],
    ["a request that has to have a body", "POST", "http://x/v1/tenants/acme/events/replay", answer(202, { replayed: 1 })],
    ["a body that is not asked for", "GET", keys, answer(200, { keys: [key] }), {}],
  ]) assert.throws(() => conforms(method, url, a, body), /docs\/openapi\.json/, why);
});
