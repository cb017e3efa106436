// An upstream MCP server that changes between calls: its tools are what the
// test says they are at the moment.
import http from "node:http";
import { spawn } from "node:child_process";
import net from "node:net";
import { json as body } from "node:stream/consumers";
import path from "node:path";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CallToolRequestSchema, CompleteRequestSchema, GetPromptRequestSchema, ListPromptsRequestSchema, ListResourceTemplatesRequestSchema,
  ListResourcesRequestSchema, ListToolsRequestSchema, ReadResourceRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { root, until } from "./harness.mjs";

/**
 * Starts one. `tools` is the list it gives, `pageSize` how many a page has;
 * `resources`, `templates` and `prompts` are lists as well, if given;
 * `calls` what reached it, `requests` each request's method, headers, message
 * and whether the client left before its answer;
 * `call(name, args, extra)` answers; `silent` never answers, `raw` answers every POST.
 */
export async function startUpstream(tools, { pageSize = 100, ...more } = {}) {
  const upstream = { tools, ...more, calls: [], requests: [], silent: false, call: (name) => ({ content: [{ type: "text", text: `${name} ran` }] }) };
  const serve = async (request, response, seen) => {
    if (request.method === "POST") seen.message = await body(request).catch(() => undefined);
    const server = new Server({ name: "mutable", version: "1" }, { capabilities: { tools: { listChanged: true }, ...(upstream.resources && { resources: {} }), ...(upstream.prompts && { prompts: {}, completions: {} }) } });
    if (upstream.resources) {
      server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: upstream.resources }));
      server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: upstream.templates ?? [] }));
      server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => {
        upstream.calls.push(params);
        return { contents: [{ uri: params.uri, text: `${params.uri} is read` }] };
      });
    }
    if (upstream.prompts) {
      server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: upstream.prompts }));
      server.setRequestHandler(GetPromptRequestSchema, ({ params }) => {
        upstream.calls.push(params);
        return { messages: [{ role: "user", content: { type: "text", text: `${params.name} of ${params.arguments?.topic}` } }] };
      });
      server.setRequestHandler(CompleteRequestSchema, ({ params }) => ({ completion: { values: [`${params.argument.value}…`] } }));
    }
    server.setRequestHandler(ListToolsRequestSchema, ({ params }) => {
      const from = Number(params?.cursor ?? 0);
      const to = from + pageSize;
      return { tools: upstream.tools.slice(from, to), ...(to < upstream.tools.length && { nextCursor: String(to) }) };
    });
    server.setRequestHandler(CallToolRequestSchema, ({ params }, extra) => {
      upstream.calls.push(params);
      return upstream.call(params.name, params.arguments, extra);
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    await server.connect(transport);
    response.on("close", () => server.close());
    await transport.handleRequest(request, response, seen.message);
  };
  const listener = http.createServer((request, response) => {
    const seen = { method: request.method, headers: request.headers, givenUp: false };
    response.on("close", () => { seen.givenUp = !response.writableFinished; });
    upstream.requests.push(seen);
    if (!upstream.silent) serve(request, response, seen).catch(() => response.destroy());
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${listener.address().port}/mcp`,
    stop: () => new Promise((resolve) => {
      listener.close(resolve);
      listener.closeAllConnections();
    }),
  });
}

/** Starts npm's server-everything: {url, stop()}. */
export async function startEverything() {
  const port = await new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const child = spawn(process.execPath, [path.join(root, "node_modules/@modelcontextprotocol/server-everything/dist/index.js"), "streamableHttp"], {
    env: { ...process.env, PORT: String(port) }, stdio: "ignore",
  });
  await until("server-everything", () => fetch(`http://127.0.0.1:${port}/mcp`).then(() => true, () => undefined));
  return { url: `http://127.0.0.1:${port}/mcp`, stop: () => new Promise((resolve) => child.once("exit", resolve) && child.kill()) };
}
