// The commands that our pages show, to be run as a reader would.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { answerOf, root } from "./harness.mjs";
import { conforms, isAPI } from "./openapi.mjs";

const run = promisify(execFile);

/** The sh blocks of a page, or of one section of it, in order. */
export async function commands(page, section = "") {
  const text = await readFile(path.join(root, page), "utf8");
  const body = section ? text.split(/^## /m).find((part) => part.startsWith(section)) : text;
  assert.ok(body, `${page} has no section ${section}`);
  const blocks = [...body.matchAll(/^ *```sh\n(.*?)^ *```/gms)].map((m) => m[1]);
  assert.ok(blocks.length > 0);
  return blocks;
}

/**
 * Runs a script with the pages' URLs put in place (url the product's, agent the
 * agent's), in the folder cwd, with more variables env, and a curl that is
 * there on every machine: what it prints. What its curls asked and were answered
 * is held against docs/openapi.json.
 */
export async function shell(script, { url, agent, cwd, env } = {}) {
  let here = script;
  for (const [shown, real] of [["http://127.0.0.1:8787", url], ["http://127.0.0.1:9000/events", agent]]) if (real) here = here.replaceAll(shown, real);
  if (url) assert.notEqual(here, script);
  const folder = await mkdtemp(path.join(tmpdir(), "hookweir-curl-"));
  const log = path.join(folder, "log");
  try {
    const { stdout } = await run("bash", ["-euc", here], { cwd, env: { ...readers(), ...env, CURL_LOG: log, PATH: `${path.join(root, "e2e/testdata/bin")}:${process.env.PATH}` } });
    const asked = await readFile(log, "utf8").catch(() => ""); // no curl, no log
    for (const line of asked.split("\n").filter(Boolean)) await holds(JSON.parse(line));
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function holds({ method, url, body, status, headers, text }) {
  if (isAPI(url)) conforms(method, url, await answerOf(new Response([204, 304].includes(status) ? null : text, { status, headers })), body);
}

/** A reader's environment: a make within `make test` would say so, and theirs is in none. */
export function readers() {
  const { MAKELEVEL: _, MAKEFLAGS: __, MFLAGS: ___, ...outer } = process.env;
  return outer;
}
