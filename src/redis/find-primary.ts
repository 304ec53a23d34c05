import { createClient } from "redis";

import type { HostAndPort, RedisAddress } from "../config/redis-address";
import { clientOptions } from "./client-options";
import { RedisTrouble } from "./redis-fault";

type SentinelAddress = Extract<RedisAddress, { kind: "sentinel" }>;

/**
 * Asks one Sentinel after the other where the primary is, and believes the first that knows. It may be wrong for a
 * moment: whoever connects has to see whether writes are taken there, and else to ask again.
 */
export async function findPrimary(address: SentinelAddress, isCancelled: () => boolean): Promise<HostAndPort> {
  const { sentinels, name } = address;
  const failures: unknown[] = [];
  for (const sentinel of sentinels) {
    if (isCancelled()) {
      break;
    }
    try {
      const found = await ask(sentinel, address);
      if (found) {
        return found;
      }
      failures.push(new RedisTrouble(`Redis: a Sentinel does not know ${name}`));
    } catch (error) {
      failures.push(error);
    }
  }
  const cause = new AggregateError(failures);
  const isUnknown = failures.some((failure) => failure instanceof RedisTrouble);
  throw new RedisTrouble(isUnknown ? `Redis: no Sentinel knows ${name}` : "Redis: no Sentinel answers", { cause });
}

async function ask(
  { host, port }: HostAndPort,
  { name, isSecure, sentinelCredentials }: SentinelAddress,
): Promise<HostAndPort | undefined> {
  const options = clientOptions();
  const client = createClient({
    ...options,
    ...sentinelCredentials,
    socket: { ...options.socket, host, port, ...(isSecure && { tls: true as const }) },
  });
  client.on("error", () => {
    // What is asked of it rejects too.
  });
  try {
    await client.connect();
    const answer: unknown = await client.sendCommand(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name]);
    return Array.isArray(answer) ? { host: String(answer[0]), port: Number(answer[1]) } : undefined;
  } finally {
    client.destroy();
  }
}
