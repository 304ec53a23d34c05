/**
 * Keys, all under a prefix (KEYS[1], so that a client's own `keyPrefix` reaches them all):
 *
 * - `nodes`: set of the nodes that have people or a lease;
 * - `lease:<node>`: there while the node renews it;
 * - `places:<node>`: set of where the node has people, each as `placeOf` writes it, for a day after it was renewed;
 * - `people:<namespace> <room>`: sorted set of the people, all with score 0, so in the order of their bytes;
 * - `users:<namespace> <room>`: hash of person -> user as JSON;
 * - `holders:<namespace> <room>`: hash of person -> the nodes on which the person is, separated by spaces;
 * - `rooms:<namespace>`: sorted set of the rooms with somebody in them, in the order of their bytes;
 * - `gone:<node>`: set of the places that were told as gone when the node was swept, for a day: it may live;
 * - `back:<node>`: set of those of them where it has people again, until it has told so;
 * - `rebuilds`: sorted set of `<namespace> <room>` by the time until which nodes write their people there again;
 * - `redis`: hash of what is known of Redis itself (`run`, `heard`); `quiet`: there while nobody is swept.
 *
 * Each of them may be gone, cut or written over at any time: Redis evicts, and people delete. What a node says of its own
 * people holds whatever was known (`put` may be repeated), and a room whose keys contradict each other is dropped and
 * rebuilt from what the nodes hold.
 *
 * A person is a user id as `toPerson` writes it. Keys are computed in the scripts: over a cluster the prefix must hold a hash tag.
 */
export const PRESENCE_LUA = `
local prefix, node, leaseMs = KEYS[1], ARGV[1], tonumber(ARGV[2])

local function nowMs()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Whether the key can be read; one of another kind was written by somebody else, and goes.
local function isFit(key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found == kind or found == 'none' then
    return true
  end
  redis.call('DEL', key)
  return false
end

-- A key for sets, made fit.
local function setOf(name)
  isFit(prefix .. name, 'set')
  return prefix .. name
end

local function keysOf(namespace, room)
  local name = namespace .. ' ' .. room
  return {
    name = name, room = room, namespace = namespace, rooms = prefix .. 'rooms:' .. namespace,
    people = prefix .. 'people:' .. name, users = prefix .. 'users:' .. name, holders = prefix .. 'holders:' .. name
  }
end

-- Whether the room's own keys can be read; all that could not are gone afterwards.
local function areFit(at)
  local people, users, holders = isFit(at.people, 'zset'), isFit(at.users, 'hash'), isFit(at.holders, 'hash')
  isFit(at.rooms, 'zset')
  return people and users and holders
end

-- The list of rooms follows from the rooms.
local function listRoom(at)
  if redis.call('EXISTS', at.people) == 1 then
    redis.call('ZADD', at.rooms, 0, at.room)
  else
    redis.call('ZREM', at.rooms, at.room)
  end
end

-- Nodes write their people in the room again: not all that it holds is known.
local function isRebuilt(at)
  local untilMs = tonumber(redis.call('ZSCORE', prefix .. 'rebuilds', at.name) or 0)
  local now = nowMs()
  return now < untilMs and untilMs <= now + leaseMs
end

local function rebuild(at)
  redis.call('DEL', at.people, at.users, at.holders)
  listRoom(at)
  redis.call('ZADD', prefix .. 'rebuilds', nowMs() + leaseMs, at.name)
end

-- A set of the nodes on which the person is, as the room says.
local function holdersOf(at, person)
  local holders = {}
  for holder in string.gmatch(redis.call('HGET', at.holders, person) or '', '%S+') do
    holders[holder] = true
  end
  return holders
end

local function writeHolders(at, person, holders)
  local names = {}
  for holder in pairs(holders) do
    names[#names + 1] = holder
  end
  if #names == 0 then
    redis.call('HDEL', at.holders, person)
  else
    redis.call('HSET', at.holders, person, table.concat(names, ' '))
  end
end

-- On how many nodes but one the person is, by what the room says or the node; and whether both say the same of known nodes.
local function othersOf(at, person, place, besides, nodes)
  local holders, isSame, count = holdersOf(at, person), true, 0
  local unseen = {}
  for holder in pairs(holders) do
    unseen[holder] = holder ~= besides or nil
  end
  for _, other in ipairs(nodes) do
    if other ~= besides then
      local hasPlace = redis.call('SISMEMBER', prefix .. 'places:' .. other, place) == 1
      isSame = isSame and hasPlace == (unseen[other] == true)
      count = count + ((hasPlace or unseen[other]) and 1 or 0)
      unseen[other] = nil
    end
  end
  for _ in pairs(unseen) do
    isSame = false
    count = count + 1
  end
  return count, isSame, holders
end

local function remove(at, person)
  redis.call('HDEL', at.users, person)
  redis.call('HDEL', at.holders, person)
  return redis.call('ZREM', at.people, person) == 1
end

local function partsOf(place)
  local room, person, namespace = string.match(place, '^(%S+) (%x+) (.+)$')
  if room then
    return keysOf(namespace, room), person
  end
end

-- Makes fit what is looked at of a room. One whose own keys could not be read is rebuilt.
local function makeFit(at)
  isFit(prefix .. 'rebuilds', 'zset')
  setOf('gone:' .. node)
  setOf('back:' .. node)
  for _, other in ipairs(redis.call('SMEMBERS', setOf('nodes'))) do
    setOf('places:' .. other)
  end
  if not areFit(at) then
    rebuild(at)
  end
end

local function putAt(at, person, place, user, nodes)
  local places, gone, back = prefix .. 'places:' .. node, prefix .. 'gone:' .. node, prefix .. 'back:' .. node
  local others, isSame, holders = othersOf(at, person, place, node, nodes)
  local isDoubtful = isRebuilt(at)
  if not isDoubtful then
    local isHeld = holders[node] == true
    local wasThere = others > 0 or isHeld
    local isListed = redis.call('ZSCORE', at.people, person) ~= false
    local isNamed = redis.call('HEXISTS', at.users, person) == 1
    local isForgotten = redis.call('SISMEMBER', places, place) == 1 and not isHeld
    if not isSame or isForgotten or isListed ~= wasThere or isNamed ~= wasThere then
      rebuild(at)
      isDoubtful, holders = true, {}
    end
  end
  if user ~= '' then
    redis.call('SADD', places, place)
    holders[node] = true
    writeHolders(at, person, holders)
    redis.call('HSET', at.users, person, user)
    redis.call('ZADD', at.people, 0, person)
    if redis.call('SREM', gone, place) == 1 and others == 0 then
      redis.call('SADD', back, place)
    end
  else
    redis.call('SREM', places, place)
    redis.call('SREM', gone, place)
    redis.call('SREM', back, place)
    holders[node] = nil
    writeHolders(at, person, holders)
    if others == 0 then
      remove(at, person)
    end
  end
  listRoom(at)
  return others, isDoubtful and 1 or 0
end

-- Writes whether the node has the person there (user '': not). Answers on how many others the person is, and whether that is doubtful.
local function put(place, user, nodes)
  local at, person = partsOf(place)
  local isDone, others, isDoubtful = pcall(putAt, at, person, place, user, nodes)
  if isDone then
    return others, isDoubtful
  end
  -- A key of another kind: it is looked for only then.
  makeFit(at)
  return putAt(at, person, place, user, nodes)
end

-- The place is out of the node's set already. Answers the room and the user who is gone from it.
local function vacate(place, from, nodes)
  local at, person = partsOf(place)
  if not at then
    return nil
  end
  makeFit(at)
  local others, _, holders = othersOf(at, person, place, from, nodes)
  if others > 0 then
    holders[from] = nil
    writeHolders(at, person, holders)
    return nil
  end
  local user = redis.call('HGET', at.users, person)
  local wasListed = remove(at, person)
  listRoom(at)
  return wasListed and user and at or nil, user
end

-- Redis was restarted, emptied or stopped since a node last renewed: leases say nothing until all had time to renew.
local function isQuiet()
  local now = nowMs()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  isFit(prefix .. 'redis', 'hash')
  local known = redis.call('HMGET', prefix .. 'redis', 'run', 'heard')
  local heardMs = tonumber(known[2] or nil)
  -- Without an end it would be quiet for good.
  if known[1] ~= run or not heardMs or now - heardMs > leaseMs / 2 or redis.call('PTTL', prefix .. 'quiet') == -1 then
    redis.call('SET', prefix .. 'quiet', '1', 'PX', leaseMs)
  end
  redis.call('HSET', prefix .. 'redis', 'run', run, 'heard', string.format('%.0f', now))
  return redis.call('EXISTS', prefix .. 'quiet') == 1
end

-- A node that speaks is alive: one that was swept must not be swept again before it renews. Answers whether it was unknown.
local function greet()
  redis.call('SET', prefix .. 'lease:' .. node, '1', 'PX', leaseMs, 'NX')
  return redis.call('SADD', setOf('nodes'), node)
end

-- Whether nobody knows of one of the room's people, whoever it is: it would stay for ever.
local function isHaunted(at, count)
  local index = nowMs() % count
  local person = redis.call('ZRANGE', at.people, index, index)[1]
  local nodes = redis.call('SMEMBERS', prefix .. 'nodes')
  local others, isSame = othersOf(at, person, at.room .. ' ' .. person .. ' ' .. at.namespace, '', nodes)
  return others == 0 or not isSame
end
`;
