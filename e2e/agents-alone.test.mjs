// The agent endpoints that docs/agent.md shows, without Hookweir: what they do
// with bad settings, with what comes twice at once and again after a restart,
// with what is too large, and while they cannot keep anything.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { buildGo, fileOf, serve, servePython, serveTypeScript, signed } from "./examples.mjs";

const key = randomBytes(32);
const secret = `whsec_${key.toString("base64")}`;
const maxBody = 36 * 1024 * 1024; // as the examples have it
const now = () => Math.floor(Date.now() / 1000);

let dir, binary;
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "hookweir-agents-"));
  binary = await buildGo(dir);
});
after(() => rm(dir, { recursive: true, force: true }));

const languages = { go: (env) => serve(binary, [], env), typescript: serveTypeScript, python: servePython };

/** One with an inbox of its own; `again` starts it anew over the same. */
async function open(language, inbox = path.join(dir, randomBytes(4).toString("hex"))) {
  const agent = await languages[language]({ WEBHOOK_SECRET: secret, INBOX: inbox });
  return {
    list: () => readdir(inbox), hide: () => rename(inbox, `${inbox}-away`), show: () => rename(`${inbox}-away`, inbox),
    again: async () => {
      await agent.stop();
      return open(language, inbox);
    },
    ...agent,
    /** Sends an event: the status. */
    async post(id, body = "{}", headers = {}) {
      const answer = await fetch(agent.url, { method: "POST", body, headers: { ...signed(key, id, now(), body), ...headers } });
      await answer.arrayBuffer();
      return answer.status;
    },
  };
}

for (const language of Object.keys(languages)) {
  describe(language, { timeout: 120_000 }, () => {
    // Standard Webhooks: a secret has 24 to 64 bytes. One that is empty would
    // let anybody sign.
    for (const [why, env] of Object.entries({
      "no secret": { WEBHOOK_SECRET: "" },
      "a prefix alone": { WEBHOOK_SECRET: "whsec_" },
      "eight bytes": { WEBHOOK_SECRET: "whsec_AAAAAAAAAAA=" },
      "no base64": { WEBHOOK_SECRET: `whsec_${"!".repeat(44)}` },
      "no inbox": { INBOX: "" },
    })) {
      test(`does not start with ${why}`, async () => {
        const started = languages[language]({ WEBHOOK_SECRET: secret, INBOX: path.join(dir, "never"), ...env });
        await assert.rejects(started.then((agent) => agent.stop()), /WEBHOOK_SECRET|INBOX/);
      });
    }

    test("keeps what comes twenty times at once, and again after a restart, once", async () => {
      let agent = await open(language);
      try {
        assert.deepEqual(await Promise.all(Array.from({ length: 20 }, () => agent.post("acme/x/1"))), Array(20).fill(204));
        assert.deepEqual(await agent.list(), [fileOf("acme/x/1")]);
        agent = await agent.again();
        assert.equal(await agent.post("acme/x/1"), 204);
        assert.equal(await agent.post("acme/x/2"), 204);
        assert.deepEqual((await agent.list()).sort(), [fileOf("acme/x/1"), fileOf("acme/x/2")].sort());
      } finally {
        await agent.stop();
      }
    });

    test("takes one signature of several, and no other version's", async () => {
      const agent = await open(language);
      try {
        const good = signed(key, "x", now(), "{}")["webhook-signature"];
        for (const [value, status] of [
          [`v1,${"A".repeat(43)}= ${good}`, 204], [`v1a,AAAA ${good} v2,AAAA`, 204], [good.replace("v1,", "v1a,"), 401],
          [good.replace("v1,", ""), 401], ["v1", 401], ["v1,", 401], [" ", 401], [good.replaceAll(/[a-z]/g, "\u00e9"), 401],
        ]) assert.equal(await agent.post("x", "{}", { "webhook-signature": value }), status, value);
        for (const at of ["", "now", "-1", String(now() - 301), String(now() + 310)]) assert.equal(await agent.post("x", "{}", { "webhook-timestamp": at }), 401, at);
        assert.deepEqual(await agent.list(), [fileOf("x")]);
      } finally {
        await agent.stop();
      }
    });

    test("answers 503 while it cannot keep anything, and keeps it later", async () => {
      const agent = await open(language);
      try {
        await agent.hide();
        assert.equal(await agent.post("x"), 503);
        await agent.show();
        assert.equal(await agent.post("x"), 204);
        assert.deepEqual(await agent.list(), [fileOf("x")]);
      } finally {
        await agent.stop();
      }
    });

    test("answers 413 to what is too large", async () => {
      const agent = await open(language);
      try {
        if (language === "python") {
          for (const [environ, status] of [
            [{ CONTENT_LENGTH: String(maxBody + 1) }, 413], [{ CONTENT_LENGTH: "-1" }, 400], [{ CONTENT_LENGTH: "ten" }, 400], [{ CONTENT_LENGTH: null }, 411],
          ]) assert.equal(agent.ask(environ, "{}"), status, environ.CONTENT_LENGTH);
          // A server that undoes the chunks itself, as gunicorn does.
          const environ = Object.fromEntries(Object.entries(signed(key, "x", now(), "{}")).map(([name, value]) => [`HTTP_${name.toUpperCase().replaceAll("-", "_")}`, value]));
          const undone = { CONTENT_LENGTH: null, "wsgi.input_terminated": true };
          assert.equal(agent.ask({ ...environ, ...undone }, "{}"), 204);
          assert.equal(agent.ask(undone, Buffer.alloc(maxBody + 1)), 413);
          assert.deepEqual(await agent.list(), [fileOf("x")]);
        } else {
          const chunk = Buffer.alloc(maxBody + 1);
          assert.match(await raw(agent.url, [`content-length: ${maxBody + 1}`]), /^HTTP\/1\.1 413 /);
          assert.match(await raw(agent.url, ["transfer-encoding: chunked"], `${chunk.length.toString(16)}\r\n`, chunk, "\r\n"), /^HTTP\/1\.1 413 /);
          assert.deepEqual(await agent.list(), []);
        }
        assert.equal(await agent.post("y"), 204);
      } finally {
        await agent.stop();
      }
    });
  });
}

/** Sends a request byte by byte as given, and no more: the beginning of the answer. */
function raw(url, headers, ...body) {
  return new Promise((resolve, reject) => {
    const { hostname, port, pathname } = new URL(url);
    const socket = net.connect(port, hostname, () => {
      socket.write([`POST ${pathname} HTTP/1.1`, `host: ${hostname}`, "webhook-id: x", ...headers, "", ""].join("\r\n"));
      for (const part of body) socket.write(part);
    });
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString("latin1"));
    }).on("error", reject).on("close", () => reject(new Error("no answer")));
  });
}
