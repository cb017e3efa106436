// The example agents of docs/agent.md, as somebody would run them.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import path from "node:path";
import { root, until } from "./harness.mjs";

/** Their folder. */
export const examples = path.join(root, "examples/agent");

/** The file of an inbox that an event is kept in. */
export const fileOf = (id) => `${createHash("sha256").update(id).digest("hex")}.json`;

/** Runs one, with its settings (PORT, if it is to have a certain one): {url, stop()}. */
export async function serve(command, args, env) {
  const child = spawn(command, args, { env: { ...process.env, PORT: "0", ...env }, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += data));
  const url = await until("the agent's address", () => {
    if (child.exitCode !== null) throw new Error(`the agent ended: ${output}`);
    return /listening on (http:\S+)/.exec(output)?.[1];
  });
  return { url, async stop() { child.kill(); await ended; } };
}

/** The one in TypeScript. */
export const serveTypeScript = (env) => serve(process.execPath, [path.join(examples, "typescript/agent.ts")], env);
