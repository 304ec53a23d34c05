import type { RedisCommands } from "./redis-connection";

/** A node that has not called for this long is not on the roll. */
const CALL_LASTS_MS = 3_000;

/**
 * KEYS: the roll; ARGV: node, whether it is to be on the roll, how long a call lasts -> the nodes on the roll.
 * Its write is the question whether Redis takes any.
 */
const CALL = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == '1' then
  redis.call('ZADD', KEYS[1], nowMs, ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs - ARGV[3])
redis.call('PEXPIRE', KEYS[1], 10 * ARGV[3])
return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** Which nodes live and can be heard, as they say in Redis itself: each calls about every second. */
export class NodeRoll {
  constructor(private readonly options: { key: string; nodeId: string }) {}

  /** Answers who is on the roll. Rejects where Redis takes no writes. */
  async call(commands: Pick<RedisCommands, "eval">, canBeHeard: boolean): Promise<readonly string[]> {
    const { key, nodeId } = this.options;
    const answer: unknown = await commands.eval(CALL, {
      keys: [key],
      arguments: [nodeId, canBeHeard ? "1" : "0", String(CALL_LASTS_MS)],
    });
    return Array.isArray(answer) ? answer.map(String) : [];
  }
}
