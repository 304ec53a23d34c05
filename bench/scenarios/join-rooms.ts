import type { ServerProcess } from "../candidates/server-process";
import type { Testbed } from "../testbed";

export interface JoinOptions {
  /** Clients are dealt out to them in turn. */
  rooms: number;
  clients: number;
  /** How many of the clients send; the first ones, hence the same number in each room. */
  senders: number;
  /** How many of the clients have each message read, for latency and order; the last ones. */
  sampled: number;
  /** Connections being made at the same time. @default 32 */
  concurrency?: number;
  /** What the clients are called, and their latencies. @default "user" */
  name?: string;
}

/** What joins cause is over when nobody hears anything for so long: presence is told every 250 ms. */
const QUIET_MS = 350;

/** Connects clients and puts each into its room. Answers the seconds that it took, without the rest that follows. */
export async function joinRooms(testbed: Testbed, server: ServerProcess, options: JoinOptions): Promise<number> {
  const { rooms, clients, senders, sampled, concurrency = 32, name = "user" } = options;
  const { host, port } = server;
  const plans = Array.from({ length: clients }, (_, index) => ({
    name: `${name}-${index}`,
    token: testbed.tokenOf(`${name}-${index}`),
    room: `room-${index % rooms}`,
    sends: index < senders,
    ...(index >= clients - sampled && { sampledAs: name }),
  }));
  const seconds = await testbed.load.open({ host, port, clients: plans, concurrency });
  await testbed.load.quiet(QUIET_MS);
  await testbed.load.reset();
  return seconds;
}
