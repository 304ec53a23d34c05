import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below what systems give to outgoing connections: one of those could take the port while its server is away, or meet itself there. */
const PORTS = { from: 10_000, to: 32_768 };
const ATTEMPTS = 20;

/** A port of the loopback that is free now, for a program that cannot be told to take any. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const port = randomInt(PORTS.from, PORTS.to);
    if (await isFree(port)) {
      return port;
    }
  }
  throw new Error(`no free port in ${ATTEMPTS} attempts`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
