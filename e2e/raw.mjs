// HTTP/1.1 by hand, for requests no client library would send.
import net from "node:net";

/** How long a raw request may go unanswered, in ms: past it is a hang. */
const deadline = 20_000;

/**
 * Writes the parts (strings are latin-1, so any byte can be said) to a fresh
 * connection, no faster than it takes them, and resolves to
 * {status, headers, body}, or {closed: true} if the server hung up without an
 * answer. Stops writing as soon as an answer comes. Rejects on a hang.
 */
export function raw(url, parts) {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = net.connect(Number(port), hostname);
    socket.setNoDelay(true);
    let received = Buffer.alloc(0);
    let answered = false;
    const closed = new Promise((done) => socket.once("close", done));
    const finish = (result) => {
      if (answered) return;
      answered = true;
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(() => {
      answered = true;
      socket.destroy();
      reject(new Error(`no answer within ${deadline} ms; so far ${JSON.stringify(received.toString("latin1").slice(0, 200))}`));
    }, deadline);
    socket.on("data", (data) => {
      received = Buffer.concat([received, data]);
      const response = parse(received);
      if (response) finish(response);
    });
    socket.on("end", () => finish(parse(received, true) ?? { closed: true }));
    socket.on("error", () => finish(parse(received, true) ?? { closed: true }));
    socket.on("connect", async () => {
      for await (const part of parts) {
        if (answered || socket.destroyed) return;
        if (!socket.write(part, "latin1")) await Promise.race([new Promise((done) => socket.once("drain", done)), closed]);
      }
    });
  });
}

function parse(bytes, ended = false) {
  const split = bytes.indexOf("\r\n\r\n");
  if (split < 0) return undefined;
  const [line, ...lines] = bytes.subarray(0, split).toString("latin1").split("\r\n");
  const headers = new Map(lines.map((l) => [l.slice(0, l.indexOf(":")).toLowerCase(), l.slice(l.indexOf(":") + 1).trim()]));
  const body = bytes.subarray(split + 4);
  const length = headers.get("content-length");
  const chunked = headers.get("transfer-encoding") === "chunked";
  const complete = ended || (length !== undefined ? body.length >= Number(length) : chunked ? body.includes("0\r\n\r\n") : true);
  return complete ? { status: Number(line.split(" ")[1]), headers, body: body.toString() } : undefined;
}

/** The head of a request as text; headers is a list of pairs, sent as given. */
export function head(url, method, path, headers) {
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** A body in chunks of so many bytes each, as chunked transfer coding. */
export function* chunks(body, size) {
  for (let at = 0; at < body.length; at += size) {
    const part = body.subarray(at, at + size);
    yield `${part.length.toString(16)}\r\n${part.toString("latin1")}\r\n`;
  }
  yield "0\r\n\r\n";
}
