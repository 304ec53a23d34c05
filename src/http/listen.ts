import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";

/** What the configuration says of the port. */
interface Place {
  mode: string;
  http: { port: number; host?: string | undefined };
}

/** All addresses of both families, and of IPv4 alone. */
const ALL = "::";
const ALL_OF_IPV4 = "0.0.0.0";
/** A machine without IPv6 says one of these when it is asked for it. */
const WITHOUT_IPV6 = ["EAFNOSUPPORT", "EADDRNOTAVAIL"];

/** Opens the configured port: on all addresses in production, else on this machine's own. */
export async function listen(
  http: Pick<FastifyInstance, "listen">,
  { mode, http: { port, host } }: Place,
): Promise<void> {
  try {
    const isForAll = host === undefined && mode === "production";
    await http.listen({ port, host: host ?? (isForAll ? ALL : "127.0.0.1") }).catch((error: { code?: unknown }) => {
      if (!isForAll || !WITHOUT_IPV6.includes(String(error.code))) {
        throw error;
      }
      return http.listen({ port, host: ALL_OF_IPV4 });
    });
  } catch (cause) {
    const isTaken = (cause as { code?: unknown }).code === "EADDRINUSE";
    throw isTaken ? new Error(`Port ${port} is in use by another program. Set PORT to another one.`) : cause;
  }
}

/** Where the open port is reached from this machine. */
export function urlOf(http: FastifyInstance, { mode }: Pick<Place, "mode">): string {
  const address = http.server.address() as AddressInfo | null;
  if (!address) {
    throw new Error("the port is not open");
  }
  const host =
    mode === "production" ? "localhost" : address.address.includes(":") ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}
