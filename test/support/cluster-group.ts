import { createServer } from "node:net";

import { RedisServer } from "../../src/testing/redis-server";

const SLOTS = 16_384;

/** Three shards, and a replica of the one that has a key. */
export interface ClusterGroup {
  url: string;
  masters: readonly RedisServer[];
  replica: RedisServer;
  /** Which master has the slot of a key or channel. */
  masterOf(key: string): Promise<RedisServer>;
  /** Gives the slot of a channel to another master than the one that has it. */
  moveSlotOf(channel: string): Promise<void>;
  stop(): Promise<void>;
}

interface Member {
  server: RedisServer;
  busPort: number;
  id: string;
}

export async function startClusterGroup(replicatedKey: string): Promise<ClusterGroup> {
  const members: Member[] = [];
  for (let count = 0; count < 4; count += 1) {
    const busPort = await freePort();
    const conf = ["cluster-enabled yes", "cluster-node-timeout 2000", `cluster-port ${busPort}`];
    const server = await RedisServer.start({ conf });
    members.push({ server, busPort, id: String(await server.ask("CLUSTER", "MYID")) });
  }
  const servers = members.map(({ server }) => server);
  const masters = members.slice(0, 3);
  const [first, , , spare] = members as [Member, Member, Member, Member];
  const share = Math.ceil(SLOTS / masters.length);
  for (const [index, { server }] of masters.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await server.ask("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
    await server.ask("CLUSTER", "ADDSLOTSRANGE", String(index * share), String(last));
  }
  for (const { server, busPort } of members.slice(1)) {
    await first.server.ask("CLUSTER", "MEET", "127.0.0.1", String(server.address.port), String(busPort));
  }
  for (const { server } of members) {
    await untilSo(async () => (await infoOf(server)).includes("cluster_known_nodes:4"));
    await untilSo(async () => (await infoOf(server)).includes("cluster_state:ok"));
  }
  const slotOf = async (key: string): Promise<number> => Number(await first.server.ask("CLUSTER", "KEYSLOT", key));
  const homeOf = async (key: string): Promise<Member> => masters[Math.floor((await slotOf(key)) / share)] as Member;
  await spare.server.ask("CLUSTER", "REPLICATE", (await homeOf(replicatedKey)).id);
  await untilSo(async () => String(await spare.server.ask("INFO", "replication")).includes("master_link_status:up"));
  return {
    url: `redis-cluster://${servers.map(({ address }) => `${address.host}:${address.port}`).join(",")}`,
    masters: masters.map(({ server }) => server),
    replica: spare.server,
    masterOf: async (key) => (await homeOf(key)).server,
    async moveSlotOf(channel) {
      const from = await homeOf(channel);
      const to = masters.find((each) => each !== from) as Member;
      const slot = String(await slotOf(channel));
      // Importing first: then it owns the slot by a newer epoch, and nobody's older word takes it away again.
      await to.server.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", from.id);
      await from.server.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", to.id);
      for (const { server } of [to, from, ...masters.filter((each) => each !== to && each !== from)]) {
        await server.ask("CLUSTER", "SETSLOT", slot, "NODE", to.id);
      }
    },
    async stop() {
      await Promise.all(servers.map((each) => each.stop()));
    },
  };
}

async function infoOf(server: RedisServer): Promise<string> {
  return String(await server.ask("CLUSTER", "INFO"));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
