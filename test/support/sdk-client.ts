import { type Client, type ClientOptions, type ClientParts, createClient } from "../../client/src";
import type { TestServer } from "../../src/testing";

/** A client of the SDK for a user of a test server. */
export function connectSdk(
  server: Pick<TestServer, "url" | "tokens">,
  userId: string,
  { parts, ...options }: Partial<ClientOptions> & { parts?: ClientParts } = {},
): Client {
  const getToken = options.token === undefined ? () => server.tokens.mint({ userId, username: userId }) : undefined;
  return createClient({ url: server.url, transports: ["websocket"], ...(getToken && { getToken }), ...options }, parts);
}
