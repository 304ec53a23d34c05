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
 * force_custom_plan: a generic plan that was made while the tables were small scans them when they
 * have grown (4,000 rows a second instead of 78,000).
 */
export const APPEND_MESSAGES = `
CREATE FUNCTION append_messages(
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
  ), existing AS MATERIALIZED (
    SELECT messages.*, rooms.epoch
    FROM (SELECT user_id, id FROM input WHERE occurrence = 1) AS keys
    JOIN messages ON messages.user_id = keys.user_id AND messages.id = keys.id
    JOIN rooms ON rooms.id = messages.room_id
  ), numbered AS MATERIALIZED (
    SELECT input.*, input.last_seq + row_number() OVER (PARTITION BY input.room_id ORDER BY input.ordinal) AS seq
    FROM input
    WHERE input.occurrence = 1
      AND (input.reply_to IS NULL OR input.reply_to BETWEEN 1 AND input.last_seq)
      AND NOT EXISTS (SELECT FROM existing WHERE existing.user_id = input.user_id AND existing.id = input.id)
  ), inserted AS (
    INSERT INTO messages (
      room_id, seq, id, user_id, username, color, type, content, reply_to, mentions, metadata, created_at
    )
    SELECT room_id, seq, id, user_id, username, color, type, content, reply_to, mentions, metadata, created_at
    FROM numbered
    ORDER BY user_id COLLATE "C", id
  ), counted AS (
    UPDATE rooms SET last_seq = newest.seq
    FROM (SELECT room_id, max(seq) AS seq FROM numbered GROUP BY room_id) AS newest
    WHERE rooms.id = newest.room_id
  ), known AS (
    SELECT user_id, id, room_id, seq, type, content, reply_to, mentions, metadata, created_at, epoch, 0 AS ordinal FROM existing
    UNION ALL
    SELECT user_id, id, room_id, seq, type, content, reply_to, mentions, metadata, created_at, epoch, ordinal FROM numbered
  )
  SELECT
    CASE
      WHEN known.id IS NULL THEN 'rejected'
      WHEN known.ordinal = input.ordinal THEN 'stored'
      WHEN known.room_id = input.room_id AND known.type = input.type AND known.content = input.content
        AND known.reply_to IS NOT DISTINCT FROM input.reply_to
        AND known.mentions IS NOT DISTINCT FROM input.mentions
        AND known.metadata IS NOT DISTINCT FROM input.metadata THEN 'duplicate'
      ELSE 'conflict'
    END,
    coalesce(known.seq, 0), coalesce(known.created_at, input.created_at), coalesce(known.epoch, input.epoch)
  FROM input
  LEFT JOIN known ON known.user_id = input.user_id AND known.id = input.id
  ORDER BY input.ordinal;
END
$function$`;
