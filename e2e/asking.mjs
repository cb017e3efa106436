// Upstream MCP servers whose one tool, book, asks a person before it answers.
import http from "node:http";
import { randomUUID } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ElicitResultSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { McpServer, createMcpHandler, fromJsonSchema, inputRequired } from "@modelcontextprotocol/server";

const tool = { name: "book", description: "Books a desk.", inputSchema: { type: "object", properties: { day: { type: "string" } } } };
export const form = {
  type: "object",
  properties: { name: { type: "string", default: "Ann" }, seats: { type: "integer", default: 2, maximum: 8 }, window: { type: "boolean" } },
  required: ["window"],
};
const ask = { message: "Which desk?", requestedSchema: form };
const said = (answer) => ({ content: [{ type: "text", text: JSON.stringify(answer) }] });

/**
 * Starts one: {url, heard, mark, stop()}. heard has what each question was
 * answered with; ask may be replaced. `way` is how it asks: in the protocol of
 * 2026 "rounds", in those with sessions "within" the call's stream or "aside",
 * in the server's own.
 */
export async function startAsking(way) {
  const upstream = { ask, heard: [], calls: 0, sessions: new Map() };
  const serve = way === "rounds" ? rounds(upstream) : sessions(upstream, way);
  const listener = http.createServer((request, response) => serve(request, response).catch(() => response.destroy()));
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return Object.assign(upstream, {
    url: `http://127.0.0.1:${listener.address().port}/mcp`,
    stop: () => new Promise((resolve) => {
      listener.close(resolve);
      listener.closeAllConnections();
    }),
  });
}

function rounds(upstream) {
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: "desk", version: "1" });
    server.registerTool(tool.name, { description: tool.description, inputSchema: fromJsonSchema(tool.inputSchema) }, async (_args, { mcpReq }) => {
      upstream.calls++;
      const answer = mcpReq.inputResponses?.desk;
      if (answer === undefined) return inputRequired({ inputRequests: { desk: { method: "elicitation/create", params: upstream.ask } }, requestState: `state ${upstream.calls}` });
      upstream.heard.push(answer);
      upstream.state = mcpReq.requestState();
      return said(answer);
    });
    return server;
  });
  return async (request, response) => {
    const body = request.method === "POST" ? await buffer(request) : undefined;
    const answer = await handler.fetch(new Request(`http://${request.headers.host}${request.url}`, { method: request.method, headers: request.headers, body }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    if (answer.body) await pipeline(Readable.fromWeb(answer.body), response);
    else response.end();
  };
}

function sessions(upstream, way) {
  const open = async () => {
    const server = new Server({ name: "desk", version: "1" }, { capabilities: { tools: {} } });
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [tool] }));
    server.setRequestHandler(CallToolRequestSchema, async (_request, extra) => {
      upstream.calls++;
      upstream.gone = new Promise((resolve) => extra.signal.addEventListener("abort", resolve));
      const request = { method: "elicitation/create", params: upstream.ask };
      const answer = await (way === "aside" ? server.request(request, ElicitResultSchema) : extra.sendRequest(request, ElicitResultSchema));
      upstream.heard.push(answer);
      return said(answer);
    });
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => upstream.sessions.set(id, transport) });
    transport.onclose = () => upstream.sessions.delete(transport.sessionId);
    await server.connect(transport);
    return transport;
  };
  return async (request, response) => {
    const id = request.headers["mcp-session-id"];
    const transport = id === undefined ? await open() : upstream.sessions.get(id);
    if (transport === undefined) return response.writeHead(404).end();
    await transport.handleRequest(request, response);
  };
}
