import { createHash } from "node:crypto";
import type { RedisClientType } from "redis";

import { PRESENCE_LUA } from "./redis-presence-lua";

/** What presence needs of a Redis client. */
export type RedisScriptClient = Pick<RedisClientType, "eval" | "evalSha" | "scriptLoad">;

/** One for each operation, each atomic. All begin with: node, lease ms. */
const BODIES = {
  /** place, user -> other nodes that the person is on, whether that is doubtful, whether the node was unknown. */
  put: `
    local wasUnknown = greet()
    local others, isDoubtful = put(ARGV[3], ARGV[4], redis.call('SMEMBERS', prefix .. 'nodes'))
    return { others, isDoubtful, wasUnknown }`,

  /** namespace, room, people the node has there, limit, person after whom (absent: from the first) -> whether it is doubtful, whether the node is unknown, count, users. */
  list: `
    local at = keysOf(ARGV[3], ARGV[4])
    local isUnknown = 1 - redis.call('SISMEMBER', setOf('nodes'), node)
    local function read()
      local count = redis.call('ZCARD', at.people)
      local users = {}
      if tonumber(ARGV[6]) > 0 then
        local from = ARGV[7] and '(' .. ARGV[7] or '-'
        local people = redis.call('ZRANGEBYLEX', at.people, from, '+', 'LIMIT', 0, ARGV[6])
        users = #people > 0 and redis.call('HMGET', at.users, unpack(people)) or {}
      end
      local isSound = count >= tonumber(ARGV[5]) and count == redis.call('HLEN', at.users)
        and count == redis.call('HLEN', at.holders) and (count == 0 or not isHaunted(at, count))
      local answer = { isRebuilt(at) and 1 or 0, isUnknown, count }
      for index = 1, #users do
        isSound = isSound and users[index]
        answer[index + 3] = users[index]
      end
      listRoom(at)
      return isSound, answer
    end
    local isDone, isSound, answer = pcall(read)
    if not isDone then
      makeFit(at)
      isSound, answer = read()
    end
    if answer[1] == 0 and not isSound and isUnknown == 0 then
      rebuild(at)
      return { 1, 0, 0 }
    end
    return answer`,

  /** namespace, room: what is said of it cannot be read. */
  rebuild: `
    local at = keysOf(ARGV[3], ARGV[4])
    makeFit(at)
    if not isRebuilt(at) then
      rebuild(at)
    end
    return 1`,

  /** namespace, rooms the node has, limit, room after which (absent: from the first) -> whether some are missing, room, count, room, count, ... */
  rooms: `
    local key = prefix .. 'rooms:' .. ARGV[3]
    local isCut = not isFit(key, 'zset') or redis.call('ZCARD', key) < tonumber(ARGV[4])
    local answer = { isCut and 1 or 0 }
    local from = ARGV[6] and '(' .. ARGV[6] or '-'
    local names = redis.call('ZRANGEBYLEX', key, from, '+', 'LIMIT', 0, ARGV[5])
    local looked = nowMs() % math.max(1, #names) + 1
    for index, room in ipairs(names) do
      local people = prefix .. 'people:' .. ARGV[3] .. ' ' .. room
      local count = isFit(people, 'zset') and redis.call('ZCARD', people) or 0
      -- One of them, whichever, is looked at closely: the others have their turn.
      if count == 0 or index == looked then
        local at = keysOf(ARGV[3], room)
        makeFit(at)
        if not isRebuilt(at) and (count == 0 or isHaunted(at, count)) then
          rebuild(at)
        end
        listRoom(at)
      end
      answer[#answer + 1] = room
      answer[#answer + 1] = count
    end
    return answer`,

  /** ms: its people stay that long, and are swept if they have not come back on another node. */
  depart: `
    return redis.call('PEXPIRE', prefix .. 'lease:' .. node, ARGV[3])`,

  /** namespace, rooms the node has there, namespace, rooms, ... -> whether something is lost, places it has, rooms that are rebuilt. */
  renew: `
    isQuiet()
    redis.call('SET', prefix .. 'lease:' .. node, '1', 'PX', leaseMs)
    local isLost = redis.call('SADD', setOf('nodes'), node)
    for index = 3, #ARGV, 2 do
      local key = prefix .. 'rooms:' .. ARGV[index]
      if not isFit(key, 'zset') or redis.call('ZCARD', key) < tonumber(ARGV[index + 1]) then
        isLost = 1
      end
    end
    local places = setOf('places:' .. node)
    redis.call('PEXPIRE', places, 86400000)
    local answer = { isLost, redis.call('SCARD', places) }
    isFit(prefix .. 'rebuilds', 'zset')
    redis.call('ZREMRANGEBYSCORE', prefix .. 'rebuilds', '-inf', nowMs())
    for _, name in ipairs(redis.call('ZRANGE', prefix .. 'rebuilds', 0, -1)) do
      answer[#answer + 1] = name
    end
    return answer`,

  /** -> its places. */
  own: `
    return redis.call('SMEMBERS', setOf('places:' .. node))`,

  /** place, user, place, user, ... */
  mend: `
    greet()
    local nodes = redis.call('SMEMBERS', prefix .. 'nodes')
    for index = 3, #ARGV, 2 do
      if partsOf(ARGV[index]) then
        put(ARGV[index], ARGV[index + 1], nodes)
      else
        redis.call('SREM', prefix .. 'places:' .. node, ARGV[index])
      end
    end
    return 1`,

  /** most, places that it has told as back -> other places that are to be told. */
  back: `
    local key = setOf('back:' .. node)
    for index = 4, #ARGV do
      redis.call('SREM', key, ARGV[index])
    end
    -- What it has written again was moved by now; the rest has left, or is on another node.
    redis.call('DEL', prefix .. 'gone:' .. node)
    return redis.call('SRANDMEMBER', key, ARGV[3])`,

  /** places at most, ms that what was told is remembered -> whether there is more; namespace, room, user of each who is gone. */
  sweep: `
    if isQuiet() then
      return { 0 }
    end
    local nodes = redis.call('SMEMBERS', setOf('nodes'))
    for _, other in ipairs(nodes) do
      local lease = prefix .. 'lease:' .. other
      local left = other == node and 1 or redis.call('PTTL', lease)
      if left == -1 then
        -- Without an end its node would live for good.
        redis.call('PEXPIRE', lease, leaseMs)
      elseif left == -2 then
        local answer = { 1 }
        local places, gone = setOf('places:' .. other), setOf('gone:' .. other)
        for _, place in ipairs(redis.call('SPOP', places, ARGV[3])) do
          local at, user = vacate(place, other, nodes)
          if at then
            redis.call('SADD', gone, place)
            answer[#answer + 1] = at.namespace
            answer[#answer + 1] = at.room
            answer[#answer + 1] = user
          end
        end
        redis.call('PEXPIRE', gone, ARGV[4])
        if redis.call('EXISTS', places) == 0 then
          redis.call('SREM', prefix .. 'nodes', other)
          redis.call('PEXPIRE', prefix .. 'back:' .. other, ARGV[4])
        end
        return answer
      end
    end
    return { 0 }`,

  /** places at most -> whether there is more. The lease goes last: until then nobody sweeps the rest. */
  retire: `
    local places = setOf('places:' .. node)
    local nodes = redis.call('SMEMBERS', setOf('nodes'))
    for _, place in ipairs(redis.call('SPOP', places, ARGV[3])) do
      vacate(place, node, nodes)
    end
    if redis.call('EXISTS', places) == 1 then
      return 1
    end
    redis.call('DEL', prefix .. 'lease:' .. node, prefix .. 'gone:' .. node, prefix .. 'back:' .. node)
    redis.call('SREM', prefix .. 'nodes', node)
    return 0`,
} as const;

export type PresenceScript = keyof typeof BODIES;

/** Runs the scripts by their digest; one that Redis does not know (any more) is sent whole. */
export class PresenceScripts {
  private readonly digests = new Map<string, string>();

  constructor(
    private readonly client: RedisScriptClient,
    private readonly prefix: string,
  ) {}

  /** Makes all of them known, so that none has to be sent twice and is overtaken by the next. */
  async load(): Promise<void> {
    await Promise.all(Object.values(BODIES).map((body) => this.client.scriptLoad(PRESENCE_LUA + body)));
  }

  async run(name: PresenceScript, args: readonly (string | number)[]): Promise<unknown> {
    const text = PRESENCE_LUA + BODIES[name];
    const digest = this.digests.get(name) ?? createHash("sha1").update(text).digest("hex");
    this.digests.set(name, digest);
    const options = { keys: [this.prefix], arguments: args.map(String) };
    try {
      return await this.client.evalSha(digest, options);
    } catch (error) {
      // The first word of a Redis error is its code; the client gives it no member of its own.
      if (error instanceof Error && error.message.startsWith("NOSCRIPT ")) {
        return this.client.eval(text, options);
      }
      throw error;
    }
  }
}

/** Hexadecimal UTF-16, the high byte first: its bytes sort as the code units of the id do, which UTF-8 does not. */
export function toPerson(userId: string): string {
  return Buffer.from(userId, "utf16le").swap16().toString("hex");
}

/** A person in a room. */
export function placeOf(namespace: string, room: string, userId: string): string {
  return `${room} ${toPerson(userId)} ${namespace}`;
}
