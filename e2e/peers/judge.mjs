// One library's verdict on the corpus of its provider.
import assert from "node:assert/strict";
import { mock } from "node:test";
import { has, hashOf, read } from "./corpus.mjs";

/** Cases a library must refuse, if the corpus has them refused. */
const everyForgery = ["tampered-body", "tampered-signature", "wrong-secret"];

/** The cases of a provider that its library must refuse. Those that are accepted, its proof does not cover. */
export const forged = (provider, names = everyForgery) => names.filter((n) => has(provider, n) && !read(provider, n).ok);

/** The hashes of the accept case and of others. */
export const hashesOf = (provider, others) => Object.fromEntries(["accept", ...others].map((n) => [n, hashOf(provider, n)]));

/** Fails unless check takes the accept case and refuses the forgeries. */
export async function judge(provider, check, names) {
  assert.equal(await verdict(read(provider, "accept"), check), true, `${provider}/accept`);
  const refused = forged(provider, names);
  assert.ok(refused.length > 0, `${provider}: nothing to refuse`);
  for (const name of refused) assert.equal(await verdict(read(provider, name), check), false, `${provider}/${name}`);
}

// Errors of the harness, not of a delivery.
const ours = (error) => /^(ERR_)?(MODULE_NOT_FOUND|PACKAGE_PATH_NOT_EXPORTED)$/.test(error?.code) || error instanceof ReferenceError;

async function verdict(d, check) {
  mock.timers.enable({ apis: ["Date"], now: d.at });
  try {
    return Boolean(await check(d));
  } catch (error) {
    if (ours(error)) throw error;
    return false;
  } finally {
    mock.timers.reset();
  }
}
