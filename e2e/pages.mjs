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
  for (const name of ["API", "AUTH", "JSON", "HOOKS"]) if (new RegExp(`\\$${name}\\b`).test(text)) assert.match(text, new RegExp(`^ *${name}=`, "m"), `${page} uses ${name} and does not say what it is`);
  return blocks;
}

/** How the tables of troubles are headed, from the second column on. */
const headings = ["because do", "what happens do"];

/**
 * The rows of a page's tables of troubles: [{section, see, untried}]. see is
 * the first cell. Untried are those marked ‡, which the page says lie outside
 * of what can be tried here.
 */
export async function troubles(page) {
  const text = await readFile(path.join(root, page), "utf8");
  const rows = [];
  for (const part of text.split(/^## /m)) {
    const section = part.split("\n", 1)[0];
    for (const [table] of part.matchAll(/^\|.*\|\n(?:\|.*\|\n?)+/gm)) {
      const [head, , ...body] = table.trim().split("\n").map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
      if (!headings.includes(head.slice(1).join(" "))) continue;
      for (const cells of body) {
        assert.equal(cells.length, head.length, `${page}: ${cells[0]}`);
        rows.push({ section, see: cells[0].replace(/ ‡$/, ""), untried: cells[0].endsWith("‡") });
      }
    }
    if (section === "What can go wrong") assert.ok(rows.some((row) => row.section === section), `${page} has no table of what can go wrong`);
  }
  if (rows.some((row) => row.untried)) assert.match(text, /^‡ /m, `${page} does not say what ‡ is`);
  return rows;
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
