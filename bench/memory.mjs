// The linear memory of both modules under load, a part of `make bench`: the
// worker's over 200,000 requests (accepted, forged, unknown), the consumers'
// over instances that are replaced.
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { root } from "../e2e/harness.mjs";
import { arrived, setUp } from "../e2e/scene.mjs";
import { load, secret } from "./peers.mjs";

const run = promisify(execFile);
const worker = path.join(root, "build", "bench", "worker-memory.wasm");

/** Rows for build/bench.json: bytes early on, bytes at the end. */
export async function memory(requests = 200_000) {
  await run("go", ["build", "-trimpath", "-ldflags=-s -w", "-tags", "hookweirbench,hookweirtest", "-o", worker, "./worker"], { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" } });
  return [await workerMemory(requests), await consumersMemory()];
}

const row = (name, ours, first) => ({ case: name, peer: "itself, early on", metric: "linear_memory_bytes", ours, theirs: first, ratio: Number((ours / first).toPrecision(4)) });

async function workerMemory(requests) {
  const scene = await setUp({ wasm: { worker } });
  try {
    const address = new URL(scene.url).host;
    const taken = async () => Number(await (await fetch(`${scene.url}/webhooks/x/y`, { method: "POST", headers: { "x-hookweir-memory": "1" }, body: "" })).text());
    const kinds = [
      { path: `/webhooks/${scene.tenant}/github`, size: 1024, want: 202, secret },
      { path: `/webhooks/${scene.tenant}/github`, size: 20 << 10, want: 401, secret: "somebody else's" },
      { path: "/webhooks/nobody/github", size: 1024, want: 404, secret },
    ];
    let done = 0, first;
    for (let i = 0; done < requests; i++) {
      const { path: route, size, want, secret: key } = kinds[i % kinds.length];
      const { stdout } = await run(load, ["-addr", address, "-path", route, "-size", size, "-clients", 32, "-for", "4s", "-want", want, "-secret", key, "-run", `memory-${i}`].map(String));
      const line = JSON.parse(stdout);
      if (line.errors) throw new Error(`memory: ${line.errors} of ${line.requests} failed: ${line.first_error}`);
      done += line.requests;
      if (i === kinds.length - 1) first = await taken(); // every kind has been seen once
    }
    const last = await taken();
    console.log(`worker: ${first} bytes after the first rounds, ${last} after ${done} requests`);
    return row("memory-worker", last, first);
  } finally {
    await scene.stop();
  }
}

async function consumersMemory(events = 2_000, recycle = 400) {
  const scene = await setUp({ testBuild: true, vars: { consumers: { HOOKWEIR_RECYCLE: String(recycle) } } });
  try {
    const keys = [];
    while (keys.length < events) {
      const sent = await Promise.all(Array.from({ length: 50 }, () => scene.deliver("github push")));
      keys.push(...sent.map(({ answer }) => answer.json.id));
    }
    for (const key of keys) await arrived(scene, key, 120_000);
    const twice = keys.filter((key) => scene.agent.by(key).length !== 1);
    if (twice.length) throw new Error(`memory: ${twice.length} events did not arrive once`);
    const ends = scene.product.logs.map((line) => line.message).filter((m) => m.includes("backend.instance_recycled")).map((m) => JSON.parse(m).memory);
    console.log(`consumers: ${events} events once each over ${ends.length + 1} instances of ${recycle} events, which ended with ${ends.join(", ")} bytes`);
    return row("memory-consumers", Math.max(...ends), ends[0]);
  } finally {
    await scene.stop();
  }
}
