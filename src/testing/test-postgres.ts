import { FaultProxy } from "./fault-proxy";

/** The Postgres of a test server, as its nodes reach it: others who use the same one notice nothing. */
export interface TestPostgres {
  /** Ends the nodes' connections, and refuses new ones. */
  down(): Promise<void>;
  /** It answers again, as fast as it can. */
  up(): Promise<void>;
  /** Connections stay, and nothing answers. */
  pause(): void;
  resume(): void;
  /** What is asked and what is answered takes so much longer each, until `up`. */
  slow(delayMs: number): void;
}

/** The way to the database at `url`; `proxiedUrl` leads through it. */
export async function startPostgresProxy(url: string): Promise<{
  proxiedUrl: string;
  postgres: TestPostgres;
  drop(): Promise<void>;
}> {
  const address = new URL(url);
  const { hostname, port, searchParams } = address;
  if (!hostname || searchParams.has("host")) {
    throw new Error("the address of a test server's database needs a host and a port in their usual place");
  }
  const target = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 5432) };
  const proxy = await FaultProxy.start({ target: () => target });
  address.hostname = proxy.address.host;
  address.port = String(proxy.address.port);
  return {
    proxiedUrl: address.href,
    postgres: {
      down: async () => proxy.cut(),
      up: async () => proxy.resume(),
      pause: () => proxy.hold(),
      resume: () => proxy.resume(),
      slow: (delayMs) => proxy.slow(delayMs),
    },
    drop: () => proxy.close(),
  };
}
