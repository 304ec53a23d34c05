import { RedisServer } from "../../src/testing/redis-server";

/** A primary with a replica, and three Sentinels that watch over them. */
export interface SentinelGroup {
  url: string;
  servers: readonly RedisServer[];
  /** Where the Sentinels say that the primary is. */
  primary(): Promise<RedisServer | undefined>;
  /** Makes the replica the primary, as an operator does. The old one lives and becomes a replica. */
  failOver(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSentinelGroup(): Promise<SentinelGroup> {
  const servers = [await RedisServer.start(), await RedisServer.start()];
  const [first, second] = servers as [RedisServer, RedisServer];
  await second.ask("REPLICAOF", first.address.host, String(first.address.port));
  await untilSo(async () => String(await second.ask("INFO", "replication")).includes("master_link_status:up"));
  const conf = [
    `sentinel monitor main ${first.address.host} ${first.address.port} 2`,
    "sentinel down-after-milliseconds main 1000",
    "sentinel failover-timeout main 3000",
  ];
  const sentinels: RedisServer[] = [];
  for (let count = 0; count < 3; count += 1) {
    sentinels.push(await RedisServer.start({ conf, isSentinel: true }));
  }
  for (const sentinel of sentinels) {
    await untilSo(async () =>
      String(await sentinel.ask("INFO", "sentinel")).includes(
        "status=ok,address=127.0.0.1:".concat(String(first.address.port), ",slaves=1,sentinels=3"),
      ),
    );
  }
  return {
    url: `redis-sentinel://${sentinels.map(({ address }) => `${address.host}:${address.port}`).join(",")}/main`,
    servers,
    async primary() {
      const answer = await sentinels[0]?.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main");
      return servers.find(({ address }) => Array.isArray(answer) && String(address.port) === String(answer[1]));
    },
    async failOver() {
      await sentinels[0]?.ask("SENTINEL", "FAILOVER", "main");
    },
    async stop() {
      await Promise.all([...sentinels, ...servers].map((each) => each.stop()));
    },
  };
}

async function untilSo(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
