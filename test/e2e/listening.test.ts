import { once } from "node:events";
import { createServer } from "node:net";
import { io } from "socket.io-client";

import { createConfig, createRoomful } from "../../src";
import { startTestServer } from "../../src/testing";

/** Loopback addresses that this machine has: in some containers there is no IPv6. */
async function loopbacks(): Promise<string[]> {
  const probe = createServer().listen(0, "::1");
  const hasV6 = await Promise.race([once(probe, "listening").then(() => true), once(probe, "error").then(() => false)]);
  probe.close();
  return ["127.0.0.1", ...(hasV6 ? ["[::1]"] : [])];
}

it("is reached over both families in production", async () => {
  const server = await startTestServer();
  const secret = "s".repeat(32);
  const roomful = createRoomful(
    createConfig({
      ...{ mode: "production", http: { port: 0 }, jwt: { secret: [secret] }, log: { level: "silent" } },
      database: { url: server.database, allowUnsafeDurability: true },
    }),
  );
  await roomful.start();
  const { port } = new URL(roomful.url);
  const token = roomful.signToken?.({ userId: "alice" });
  try {
    for (const host of await loopbacks()) {
      expect((await fetch(`http://${host}:${port}/readyz`)).status).toBe(200);

      const socket = io(`http://${host}:${port}`, { auth: { token }, transports: ["websocket"], forceNew: true });
      await new Promise((resolve, reject) => socket.once("welcome", resolve).once("connect_error", reject));
      socket.close();
    }
  } finally {
    await roomful.stop();
    await server.close();
  }
});
