import { type Client, type ClientOptions, type ClientParts, createClient, type Store } from "../../client/src";
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

/** Resolves with the first snapshot that fits, the one of now included. */
export async function until<Snapshot>(
  store: Store<Snapshot>,
  fits: (snapshot: Snapshot) => boolean,
  timeoutMs = 10_000,
): Promise<Snapshot> {
  let stop = (): void => {};
  let timeout: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Snapshot>((resolve, reject) => {
      const look = (): void => {
        const snapshot = store.getSnapshot();
        if (fits(snapshot)) {
          resolve(snapshot);
        }
      };
      stop = store.subscribe(look);
      timeout = setTimeout(
        () => reject(new Error(`no snapshot fits: ${JSON.stringify(store.getSnapshot())}`)),
        timeoutMs,
      );
      look();
    });
  } finally {
    stop();
    clearTimeout(timeout);
  }
}
