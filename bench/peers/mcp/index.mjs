// The same list of tools by the MCP TypeScript SDK, in a plain Worker. It
// checks no token and keeps no state: what is measured is the protocol.
import { McpServer, createMcpHandler, fromJsonSchema } from "@modelcontextprotocol/server";

const tools = 22; // as many as the product has

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: "bench", version: "1" });
  for (let i = 0; i < tools; i++) {
    server.registerTool(`tool_${i}`, {
      title: "A tool", description: "Do what a tool of this bench does, which is nothing much, and say that it was done.",
      inputSchema: fromJsonSchema({ type: "object", properties: { name: { type: "string" }, limit: { type: "integer" }, cursor: { type: "string" } } }),
      outputSchema: fromJsonSchema({ type: "object", properties: { sources: { type: "array", items: { type: "object" } } } }),
    }, async () => ({ content: [{ type: "text", text: '{"sources":[]}' }], structuredContent: { sources: [] } }));
  }
  return server;
});

export default { fetch: (request) => handler.fetch(request) };
