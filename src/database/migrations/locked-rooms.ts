/**
 * Takes the rows of those rooms that nobody else holds, makes those that are missing, and answers which it has. It waits for
 * nobody, but a moment for a transaction that is just making the same room.
 *
 * New rooms first and in one order, as `append_messages` does, and then the others without waiting: no circle.
 */
export const TAKE_FREE_ROOMS = `
CREATE FUNCTION take_free_rooms(p_namespaces text[], p_rooms text[])
RETURNS TABLE (namespace text, name text)
LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan
SET lock_timeout = '20ms'
AS $function$
#variable_conflict use_column
DECLARE
  missing record;
BEGIN
  FOR missing IN
    SELECT given.namespace, given.name
    FROM (SELECT DISTINCT namespace, name FROM unnest(p_namespaces, p_rooms) AS input (namespace, name)) AS given
    WHERE NOT EXISTS (SELECT FROM rooms WHERE rooms.namespace = given.namespace AND rooms.name = given.name)
    ORDER BY given.namespace COLLATE "C", given.name COLLATE "C"
  LOOP
    BEGIN
      INSERT INTO rooms (namespace, name, epoch)
      VALUES (missing.namespace, missing.name, replace(gen_random_uuid()::text, '-', ''))
      ON CONFLICT (namespace, name) DO NOTHING;
    EXCEPTION WHEN lock_not_available THEN
      NULL; -- Somebody's open transaction has made it: it is not to be had.
    END;
  END LOOP;

  RETURN QUERY
  SELECT rooms.namespace, rooms.name FROM rooms
  WHERE (rooms.namespace, rooms.name) IN (SELECT * FROM unnest(p_namespaces, p_rooms))
  ORDER BY rooms.namespace COLLATE "C", rooms.name COLLATE "C"
  FOR NO KEY UPDATE SKIP LOCKED;
END
$function$`;

/**
 * As `append_messages`, but for messages of rooms whose rows somebody else holds: these are answered `locked`, and nothing of
 * them is stored. A name of its own: a node of an earlier version would take an answer that it does not know for "stored".
 */
export const APPEND_TO_FREE_ROOMS = `
CREATE FUNCTION append_to_free_rooms(
  p_namespaces text[], p_rooms text[], p_ids uuid[], p_user_ids text[], p_usernames text[], p_colors text[],
  p_types text[], p_contents text[], p_reply_tos bigint[], p_mentions jsonb[], p_metadata jsonb[], p_created_ats timestamptz[]
) RETURNS TABLE (status text, seq bigint, created_at timestamptz, epoch text)
LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan
AS $function$
#variable_conflict use_column
DECLARE
  free bigint[];
BEGIN
  SELECT coalesce(array_agg(given.ordinal ORDER BY given.ordinal), '{}') INTO free
  FROM take_free_rooms(p_namespaces, p_rooms) AS taken
  JOIN unnest(p_namespaces, p_rooms) WITH ORDINALITY AS given (namespace, name, ordinal)
    ON given.namespace = taken.namespace AND given.name = taken.name;

  RETURN QUERY
  SELECT coalesce(appended.status, 'locked'), coalesce(appended.seq, 0), appended.created_at, appended.epoch
  FROM generate_subscripts(p_ids, 1) AS given (ordinal)
  LEFT JOIN (
    SELECT free[result.place] AS ordinal, result.*
    FROM append_messages(
      ARRAY(SELECT p_namespaces[at] FROM unnest(free) AS at), ARRAY(SELECT p_rooms[at] FROM unnest(free) AS at),
      ARRAY(SELECT p_ids[at] FROM unnest(free) AS at), ARRAY(SELECT p_user_ids[at] FROM unnest(free) AS at),
      ARRAY(SELECT p_usernames[at] FROM unnest(free) AS at), ARRAY(SELECT p_colors[at] FROM unnest(free) AS at),
      ARRAY(SELECT p_types[at] FROM unnest(free) AS at), ARRAY(SELECT p_contents[at] FROM unnest(free) AS at),
      ARRAY(SELECT p_reply_tos[at] FROM unnest(free) AS at), ARRAY(SELECT p_mentions[at] FROM unnest(free) AS at),
      ARRAY(SELECT p_metadata[at] FROM unnest(free) AS at), ARRAY(SELECT p_created_ats[at] FROM unnest(free) AS at)
    ) WITH ORDINALITY AS result (status, seq, created_at, epoch, place)
  ) AS appended ON appended.ordinal = given.ordinal
  ORDER BY given.ordinal;
END
$function$`;

/**
 * As `drain_outbox`, but for rows that somebody else holds, rows behind these in their room, and rows of rooms that somebody
 * else holds: these are answered `locked`, and stay where they are.
 */
export const DRAIN_TO_FREE_ROOMS = `
CREATE FUNCTION drain_to_free_rooms(p_positions bigint[])
RETURNS TABLE ("position" bigint, status text, seq bigint, created_at timestamptz, epoch text, failure text)
LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan
AS $function$
#variable_conflict use_column
DECLARE
  held bigint[];
  ready bigint[];
  free bigint[];
BEGIN
  SELECT coalesce(array_agg(taken.position), '{}') INTO held
  FROM (
    SELECT outbox.position FROM outbox
    WHERE outbox.position = ANY (p_positions) AND outbox.failed_at IS NULL
    ORDER BY outbox.position
    FOR UPDATE SKIP LOCKED
  ) AS taken;

  -- In the order of a room, nothing passes a row that is not to be had.
  SELECT array_agg(waiting.position) INTO ready
  FROM (
    SELECT outbox.position, bool_and(outbox.position = ANY (held))
      OVER (PARTITION BY outbox.namespace, outbox.room ORDER BY outbox.position) AS is_ready
    FROM outbox
    WHERE outbox.position = ANY (p_positions) AND outbox.failed_at IS NULL
  ) AS waiting
  WHERE waiting.is_ready;

  SELECT array_agg(outbox.position) INTO free
  FROM (
    SELECT array_agg(outbox.namespace) AS namespaces, array_agg(outbox.room) AS rooms
    FROM outbox WHERE outbox.position = ANY (ready)
  ) AS wanted, take_free_rooms(wanted.namespaces, wanted.rooms) AS taken
  JOIN outbox ON outbox.namespace = taken.namespace AND outbox.room = taken.name
  WHERE outbox.position = ANY (ready);

  RETURN QUERY SELECT * FROM drain_outbox(coalesce(free, '{}'));
  RETURN QUERY
  SELECT outbox.position, 'locked'::text, 0::bigint, outbox.created_at::timestamptz, ''::text, NULL::text
  FROM outbox
  WHERE outbox.position = ANY (p_positions) AND outbox.failed_at IS NULL
    AND outbox.position <> ALL (coalesce(free, '{}'))
  ORDER BY outbox.position;
END
$function$`;
