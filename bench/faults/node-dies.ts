import { setTimeout as delay } from "node:timers/promises";
import { io } from "socket.io-client";

import { Cluster } from "./cluster";
import { CountingReader } from "./counting-reader";

const GIVE_UP_MS = 60_000;

/** A node with many members of a room is killed; a watcher on the other one counts who is there. */
export async function nodeDies(settings: Record<string, number>): Promise<object> {
  const { members = 0 } = settings;
  const cluster = await Cluster.start(2);
  const [dying, other] = cluster.nodes;
  const room = "hall";
  const watcher = io(other?.url ?? "", {
    auth: { token: cluster.tokenOf("watcher"), rooms: [room] },
    transports: ["websocket"],
  });
  const count = async (): Promise<number> => {
    const reply = await watcher.timeout(5_000).emitWithAck("presence", { room });
    return reply.ok ? reply.data.count : -1;
  };
  for (let index = 0; index < members; index += 1) {
    await CountingReader.join({ url: dying?.url ?? "", token: cluster.tokenOf(`member-${index}`), room });
  }
  const before = await count();
  await dying?.end("SIGKILL");
  const killedAtMs = performance.now();
  let rightAfterMs = 0;
  let now = before;
  while (rightAfterMs === 0 && performance.now() - killedAtMs < GIVE_UP_MS) {
    now = await count();
    rightAfterMs = now === 1 ? performance.now() - killedAtMs : 0;
    await delay(50);
  }
  watcher.disconnect();
  await cluster.stopAndReadTable();
  return { before, after: now, rightAfterSeconds: Math.round(rightAfterMs / 100) / 10 };
}
