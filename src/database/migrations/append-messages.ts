/**
 * Appends a batch and answers one row for each of its messages, in order: `stored`; `duplicate` (the
 * key is in the table, or earlier in the batch, with the same content: answered with that number);
 * `conflict` (the same key with other content or another room); `rejected` (`reply_to` names
 * what was not stored before; it takes no number).
 *
 * One call is one transaction. All locks are taken in one global order, so that calls of any number of
 * nodes never wait for each other in a circle: new rooms by namespace and name, then all rooms in that
 * order by a second statement (whose snapshot sees the counters that earlier holders of the locks left), then
 * rows by user and id. A key that another call inserts at this moment into another room ends in 23505, and two
 * calls may still meet in 40P01: the caller runs the whole call again.
 *
 * The rows of a batch are compared with each other by windows, never by a join: without statistics of a batch, the planner
 * expects one row and pairs each with each (17 of 21 ms for 200 rows).
 *
 * force_custom_plan: a generic plan that was made while the tables were small scans them when they
 * have grown (4,000 rows a second instead of 78,000).
 */
export const APPEND_MESSAGES = `
CREATE OR REPLACE FUNCTION append_messages(
  p_namespaces text[], p_rooms text[], p_ids uuid[], p_user_ids text[], p_usernames text[], p_colors text[],
  p_types text[], p_contents text[], p_reply_tos bigint[], p_mentions jsonb[], p_metadata jsonb[], p_created_ats timestamptz[]
) RETURNS TABLE (status text, seq bigint, created_at timestamptz, epoch text)
LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan
AS $function$
#variable_conflict use_column
BEGIN
  INSERT INTO rooms (namespace, name, epoch)
  SELECT given.namespace, given.name, replace(gen_random_uuid()::text, '-', '')
  FROM (SELECT DISTINCT namespace, name FROM unnest(p_namespaces, p_rooms) AS input (namespace, name)) AS given
  WHERE NOT EXISTS (SELECT FROM rooms WHERE rooms.namespace = given.namespace AND rooms.name = given.name)
  ORDER BY given.namespace COLLATE "C", given.name COLLATE "C"
  ON CONFLICT (namespace, name) DO NOTHING;

  PERFORM FROM rooms
  WHERE (rooms.namespace, rooms.name) IN (SELECT * FROM unnest(p_namespaces, p_rooms))
  ORDER BY rooms.namespace COLLATE "C", rooms.name COLLATE "C"
  FOR NO KEY UPDATE;

  RETURN QUERY
  WITH input AS MATERIALIZED (
    SELECT given.*, rooms.id AS room_id, rooms.last_seq, rooms.epoch,
      CASE WHEN given.raw_mentions IS NOT NULL
        THEN ARRAY(SELECT jsonb_array_elements_text(given.raw_mentions)) END AS mentions,
      row_number() OVER (PARTITION BY given.user_id, given.id ORDER BY given.ordinal) AS occurrence
    FROM unnest(
      p_namespaces, p_rooms, p_ids, p_user_ids, p_usernames, p_colors,
      p_types, p_contents, p_reply_tos, p_mentions, p_metadata, p_created_ats
    ) WITH ORDINALITY AS given (
      namespace, name, id, user_id, username, color,
      type, content, reply_to, raw_mentions, metadata, created_at, ordinal
    )
    JOIN rooms ON rooms.namespace = given.namespace AND rooms.name = given.name
  ), compared AS (
    SELECT input.*, existing.seq AS existing_seq, existing.room_id AS existing_room_id,
      existing.created_at AS existing_created_at,
      existing.room_id = input.room_id AND existing.type = input.type AND existing.content = input.content
        AND existing.reply_to IS NOT DISTINCT FROM input.reply_to
        AND existing.mentions IS NOT DISTINCT FROM input.mentions
        AND existing.metadata IS NOT DISTINCT FROM input.metadata AS is_as_existing,
      input.occurrence = 1 AND existing.id IS NULL
        AND (input.reply_to IS NULL OR input.reply_to BETWEEN 1 AND input.last_seq) AS is_new
    FROM input
    LEFT JOIN messages AS existing ON existing.user_id = input.user_id AND existing.id = input.id
  ), numbered AS MATERIALIZED (
    SELECT compared.*, CASE WHEN is_new
      THEN last_seq + count(*) FILTER (WHERE is_new) OVER (PARTITION BY room_id ORDER BY ordinal) END AS new_seq
    FROM compared
  ), inserted AS (
    INSERT INTO messages (
      room_id, seq, id, user_id, username, color, type, content, reply_to, mentions, metadata, created_at
    )
    SELECT room_id, new_seq, id, user_id, username, color, type, content, reply_to, mentions, metadata, created_at
    FROM numbered
    WHERE is_new
    ORDER BY user_id COLLATE "C", id
  ), counted AS (
    UPDATE rooms SET last_seq = newest.seq
    FROM (SELECT room_id, max(new_seq) AS seq FROM numbered WHERE is_new GROUP BY room_id) AS newest
    WHERE rooms.id = newest.room_id
  ), answered AS (
    SELECT numbered.*,
      first_value(is_new) OVER occurrences AS is_first_new,
      coalesce(existing_seq, first_value(new_seq) OVER occurrences, 0) AS known_seq,
      coalesce(existing_room_id, first_value(room_id) OVER occurrences) AS known_room_id,
      coalesce(existing_created_at, first_value(created_at) OVER occurrences) AS known_created_at,
      first_value(room_id) OVER occurrences = room_id AND first_value(type) OVER occurrences = type
        AND first_value(content) OVER occurrences = content
        AND first_value(reply_to) OVER occurrences IS NOT DISTINCT FROM reply_to
        AND first_value(mentions) OVER occurrences IS NOT DISTINCT FROM mentions
        AND first_value(metadata) OVER occurrences IS NOT DISTINCT FROM metadata AS is_as_first
    FROM numbered
    WINDOW occurrences AS (PARTITION BY user_id, id ORDER BY ordinal)
  )
  SELECT
    CASE
      WHEN is_new THEN 'stored'
      WHEN existing_seq IS NULL AND NOT is_first_new THEN 'rejected'
      WHEN CASE WHEN existing_seq IS NULL THEN is_as_first ELSE is_as_existing END THEN 'duplicate'
      ELSE 'conflict'
    END,
    known_seq, known_created_at,
    CASE WHEN known_room_id = room_id THEN epoch ELSE (SELECT rooms.epoch FROM rooms WHERE rooms.id = known_room_id) END
  FROM answered
  ORDER BY ordinal;
END
$function$`;
