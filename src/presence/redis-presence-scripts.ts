import { createHash } from "node:crypto";
import type { RedisClientType } from "redis";

/** What presence needs of a Redis client. */
export type RedisScriptClient = Pick<RedisClientType, "eval" | "evalSha" | "scriptLoad">;

/**
 * Keys, all under a prefix (KEYS[1], so that a client's own `keyPrefix` reaches them all):
 *
 * - `people:<namespace> <room>`: sorted set of the people, all with score 0, so in the order of their bytes;
 * - `users:<namespace> <room>`: hash of person -> user as JSON;
 * - `counts:<namespace> <room>`: hash of person -> sockets over all nodes;
 * - `rooms:<namespace>`: sorted set of the rooms with somebody in them, in the order of their bytes;
 * - `nodes`: set of the nodes that have sockets or a lease;
 * - `lease:<node>`: there while the node renews it;
 * - `sockets:<node>`: set of the node's own sockets, each as `socketFieldOf` writes it;
 * - `redis`: hash of what is known of Redis itself (`run`, `heard`); `quiet`: there while nobody is swept.
 *
 * A person is a user id as `toPerson` writes it. Keys are computed in the scripts: not for Redis Cluster.
 */
const PREAMBLE = `
local prefix = KEYS[1]

local function placesOf(field)
  local room, person, namespace = string.match(field, '^(%S*) (%S*) %S* (.*)$')
  local at = namespace .. ' ' .. room
  return {
    room = room, person = person, namespace = namespace,
    people = prefix .. 'people:' .. at, users = prefix .. 'users:' .. at,
    counts = prefix .. 'counts:' .. at, rooms = prefix .. 'rooms:' .. namespace
  }
end

-- Answers the sockets that the person then has.
local function enter(node, field, user)
  local at = placesOf(field)
  if redis.call('SADD', prefix .. 'sockets:' .. node, field) == 0 then
    return tonumber(redis.call('HGET', at.counts, at.person)) or 0
  end
  local total = redis.call('HINCRBY', at.counts, at.person, 1)
  if total == 1 then
    redis.call('ZADD', at.people, 0, at.person)
    redis.call('HSET', at.users, at.person, user)
    redis.call('ZADD', at.rooms, 0, at.room)
  end
  return total
end

-- The socket is out of its node's set already. Answers the sockets that are left, the places, and the user who is gone.
local function vacate(field)
  local at = placesOf(field)
  local total = redis.call('HINCRBY', at.counts, at.person, -1)
  if total > 0 then
    return total, at
  end
  local user = redis.call('HGET', at.users, at.person)
  redis.call('HDEL', at.counts, at.person)
  redis.call('HDEL', at.users, at.person)
  redis.call('ZREM', at.people, at.person)
  if redis.call('EXISTS', at.people) == 0 then
    redis.call('ZREM', at.rooms, at.room)
  end
  return 0, at, user
end

-- Redis was restarted, emptied or stopped since a node last renewed: leases say nothing until all had time to renew.
local function isQuiet(leaseMs)
  local time = redis.call('TIME')
  local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  local known = redis.call('HMGET', prefix .. 'redis', 'run', 'heard')
  if known[1] ~= run or not known[2] or nowMs - tonumber(known[2]) > leaseMs / 2 then
    redis.call('SET', prefix .. 'quiet', '1', 'PX', leaseMs)
  end
  redis.call('HSET', prefix .. 'redis', 'run', run, 'heard', string.format('%.0f', nowMs))
  return redis.call('EXISTS', prefix .. 'quiet') == 1
end
`;

/** One for each operation, each atomic. */
const BODIES = {
  /** node, lease ms, socket, user -> sockets the person has, whether the node was unknown. */
  add: `
    local node, leaseMs, field, user = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
    -- A node that adds is alive: one that was swept must not be swept again before it renews.
    redis.call('SET', prefix .. 'lease:' .. node, '1', 'PX', leaseMs, 'NX')
    local wasUnknown = redis.call('SADD', prefix .. 'nodes', node)
    return { enter(node, field, user), wasUnknown }`,

  /** node, socket -> sockets the person has left, whether the socket was there. */
  remove: `
    if redis.call('SREM', prefix .. 'sockets:' .. ARGV[1], ARGV[2]) == 0 then
      return { 0, 0 }
    end
    return { (vacate(ARGV[2])), 1 }`,

  /** namespace, room, limit, person after whom (absent: from the first) -> count, users. */
  list: `
    local at = ARGV[1] .. ' ' .. ARGV[2]
    local answer = { redis.call('ZCARD', prefix .. 'people:' .. at) }
    local from = ARGV[4] and '(' .. ARGV[4] or '-'
    local people = redis.call('ZRANGEBYLEX', prefix .. 'people:' .. at, from, '+', 'LIMIT', 0, ARGV[3])
    for _, person in ipairs(people) do
      answer[#answer + 1] = redis.call('HGET', prefix .. 'users:' .. at, person)
    end
    return answer`,

  /** namespace, limit, room after which (absent: from the first) -> room, count, room, count, ... */
  rooms: `
    local from = ARGV[3] and '(' .. ARGV[3] or '-'
    local rooms = redis.call('ZRANGEBYLEX', prefix .. 'rooms:' .. ARGV[1], from, '+', 'LIMIT', 0, ARGV[2])
    local answer = {}
    for _, room in ipairs(rooms) do
      answer[#answer + 1] = room
      answer[#answer + 1] = redis.call('ZCARD', prefix .. 'people:' .. ARGV[1] .. ' ' .. room)
    end
    return answer`,

  /** node, ms: its people stay that long, and are swept if they have not come back on another node. */
  depart: `
    return redis.call('PEXPIRE', prefix .. 'lease:' .. ARGV[1], ARGV[2])`,

  /** node, lease ms -> whether the node was unknown, sockets it has. */
  renew: `
    isQuiet(tonumber(ARGV[2]))
    redis.call('SET', prefix .. 'lease:' .. ARGV[1], '1', 'PX', ARGV[2])
    return { redis.call('SADD', prefix .. 'nodes', ARGV[1]), redis.call('SCARD', prefix .. 'sockets:' .. ARGV[1]) }`,

  /** node -> its sockets. */
  own: `
    return redis.call('SMEMBERS', prefix .. 'sockets:' .. ARGV[1])`,

  /** node, number of sockets to remove, those, then socket, user, socket, user, ... to add. */
  mend: `
    local node, removed = ARGV[1], tonumber(ARGV[2])
    for index = 3, 2 + removed do
      if redis.call('SREM', prefix .. 'sockets:' .. node, ARGV[index]) == 1 then
        vacate(ARGV[index])
      end
    end
    for index = 3 + removed, #ARGV, 2 do
      enter(node, ARGV[index], ARGV[index + 1])
    end
    return 1`,

  /** node that sweeps, lease ms, sockets at most -> whether there is more; namespace, room, user of each who is gone. */
  sweep: `
    if isQuiet(tonumber(ARGV[2])) then
      return { 0 }
    end
    for _, node in ipairs(redis.call('SMEMBERS', prefix .. 'nodes')) do
      if node ~= ARGV[1] and redis.call('EXISTS', prefix .. 'lease:' .. node) == 0 then
        local answer = { 1 }
        for _, field in ipairs(redis.call('SPOP', prefix .. 'sockets:' .. node, ARGV[3])) do
          local _, at, user = vacate(field)
          if user then
            answer[#answer + 1] = at.namespace
            answer[#answer + 1] = at.room
            answer[#answer + 1] = user
          end
        end
        if redis.call('EXISTS', prefix .. 'sockets:' .. node) == 0 then
          redis.call('SREM', prefix .. 'nodes', node)
        end
        return answer
      end
    end
    return { 0 }`,

  /** node, sockets at most -> whether there is more. The lease goes last: until then nobody sweeps the rest. */
  retire: `
    for _, field in ipairs(redis.call('SPOP', prefix .. 'sockets:' .. ARGV[1], ARGV[2])) do
      vacate(field)
    end
    if redis.call('EXISTS', prefix .. 'sockets:' .. ARGV[1]) == 1 then
      return 1
    end
    redis.call('DEL', prefix .. 'lease:' .. ARGV[1])
    redis.call('SREM', prefix .. 'nodes', ARGV[1])
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
    await Promise.all(Object.values(BODIES).map((body) => this.client.scriptLoad(PREAMBLE + body)));
  }

  async run(name: PresenceScript, args: readonly (string | number)[]): Promise<unknown> {
    const text = PREAMBLE + BODIES[name];
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

/** Namespace last: it alone may hold a space. */
export function socketFieldOf(namespace: string, room: string, userId: string, socketId: string): string {
  return `${room} ${toPerson(userId)} ${socketId} ${namespace}`;
}
