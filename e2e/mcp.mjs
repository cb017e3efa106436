// MCP clients of both eras, as agents use them, and access tokens.
import { createSign, generateKeyPairSync } from "node:crypto";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as LegacyTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema, ToolListChangedNotificationSchema, ProgressNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

export const endpoint = (scene) => `${scene.url}/mcp/${scene.tenant}`;

/**
 * Connects a client. onElicit answers forms; onUpdated and onToolsChanged hear
 * notifications. `watch(uris)` subscribes in the way of the era.
 */
export const eras = {
  "2025-11-25 (sdk 1)": async (url, token, { onElicit, onUpdated, onToolsChanged } = {}) => {
    const client = new LegacyClient({ name: "e2e", version: "1" }, { capabilities: onElicit ? { elicitation: {} } : {} });
    if (onElicit) client.setRequestHandler(ElicitRequestSchema, onElicit);
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, (n) => onUpdated?.(n.params.uri));
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => onToolsChanged?.());
    const transport = new LegacyTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } });
    await client.connect(transport);
    client.watch = async (uris) => {
      for (const uri of uris) await client.subscribeResource({ uri });
      return () => {};
    };
    client.leave = async () => {
      await transport.terminateSession();
      await client.close();
    };
    client.sessionId = () => transport.sessionId;
    return client;
  },
  "2026-07-28 (client 2)": async (url, token, { onElicit, onUpdated, onToolsChanged } = {}) => {
    const client = new Client({ name: "e2e", version: "1" }, { capabilities: onElicit ? { elicitation: { form: {} } } : {}, versionNegotiation: { mode: { pin: "2026-07-28" } } });
    if (onElicit) client.setRequestHandler("elicitation/create", onElicit);
    client.setNotificationHandler("notifications/resources/updated", (n) => onUpdated?.(n.params.uri));
    client.setNotificationHandler("notifications/tools/list_changed", () => onToolsChanged?.());
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
    client.watch = async (uris) => {
      const subscription = await client.listen({ resourceSubscriptions: uris, toolsListChanged: true });
      return () => subscription.close();
    };
    client.leave = () => client.close();
    client.sessionId = () => undefined;
    return client;
  },
};

/** One message of the protocol of 2026 as bytes on the wire: {status, headers, text, json}. */
export async function post(url, token, method, params = {}, { headers = {}, body } = {}) {
  const message = body ?? JSON.stringify({
    jsonrpc: "2.0", id: 1, method,
    params: { ...params, _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}, "io.modelcontextprotocol/clientInfo": { name: "e2e", version: "1" }, ...params._meta } },
  });
  const name = params.name ?? params.uri;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json", accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...(name && { "mcp-name": name }),
      ...(token && { authorization: `Bearer ${token}` }), ...headers,
    },
    body: message,
  });
  const text = await response.text();
  const data = text.match(/^data: (.*)$/m)?.[1] ?? text;
  let json;
  try {
    json = JSON.parse(data);
  } catch {}
  return { status: response.status, headers: response.headers, text, json };
}

/** The data of a tool's result; an error if it is one. */
export function dataOf(result) {
  if (result.isError) throw new Error(result.content[0].text);
  return result.structuredContent;
}

/** An authorization server without a network: its key set, and tokens signed by it. */
export function authorizationServer(issuer = "https://auth.example.com") {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const jwks = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", use: "sig", alg: "ES256" }] };
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    issuer,
    jwksURL: `${issuer}/jwks.json`,
    answer: (request) => (request.url === `${issuer}/jwks.json` ? Response.json(jwks) : undefined),
    token(claims, key = privateKey) {
      const now = Math.floor(Date.now() / 1000);
      const signed = `${part({ alg: "ES256", kid: "k1", typ: "at+jwt" })}.${part({ iss: issuer, sub: "agent-7", iat: now, exp: now + 300, ...claims })}`;
      return `${signed}.${createSign("sha256").update(signed).sign({ key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
    },
  };
}
