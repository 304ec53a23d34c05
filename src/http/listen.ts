import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";

/** What the configuration says of the port. */
interface Place {
  mode: string;
  http: { port: number; host?: string | undefined };
}

/** Opens the configured port: on all addresses in production, else on this machine's own. */
export async function listen(http: FastifyInstance, { mode, http: { port, host } }: Place): Promise<void> {
  try {
    await http.listen({ port, host: host ?? (mode === "production" ? "0.0.0.0" : "127.0.0.1") });
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
