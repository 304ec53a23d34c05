/** Nodes listen here; a notification says no more than: look at the table. */
export const OUTBOX_CHANNEL = "roomful_outbox";

/**
 * Runs when a transaction that wrote into the outbox commits: gives its rows places behind everything that was
 * committed before, and wakes the nodes. With places given at the insert, a row of a transaction that took long
 * would go before what was committed while it ran.
 *
 * A program that writes into the outbox needs the right to insert and no other: this runs with the rights of the
 * table's owner, and for that with a search path of its own.
 */
export function createPlaceOutboxRow(schema: string): string {
  return `
CREATE FUNCTION place_outbox_row() RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = ${schema}, pg_temp
AS $function$
BEGIN
  UPDATE outbox SET position = DEFAULT WHERE position = NEW.position;
  PERFORM pg_notify('${OUTBOX_CHANNEL}', '');
  RETURN NULL;
END
$function$`;
}

/**
 * Appends rows of the outbox to their rooms and removes them, in one transaction, and answers what became of each, by
 * place. Rows of rooms that another call is draining at this moment are left out, and so are rows that are gone.
 *
 * What append_messages calls a conflict or rejects is set aside, with why (`failure`), and stays.
 *
 * No call waits for another one's room. The rows are read again when the rooms' locks are held, by a second
 * statement, whose snapshot sees what earlier holders have removed.
 */
export const DRAIN_OUTBOX = `
CREATE FUNCTION drain_outbox(p_positions bigint[])
RETURNS TABLE ("position" bigint, status text, seq bigint, created_at timestamptz, epoch text, failure text)
LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan
AS $function$
#variable_conflict use_column
DECLARE
  locked bigint[];
BEGIN
  SELECT array_agg(tried.key) FILTER (WHERE tried.is_locked) INTO locked
  FROM (
    SELECT wanted.key, pg_try_advisory_xact_lock(wanted.key) AS is_locked
    FROM (
      SELECT DISTINCT hashtextextended(outbox.namespace || ' ' || outbox.room, 7266385) AS key
      FROM outbox WHERE outbox.position = ANY (p_positions)
      OFFSET 0
    ) AS wanted
  ) AS tried;

  RETURN QUERY
  WITH taken AS MATERIALIZED (
    SELECT * FROM outbox
    WHERE outbox.position = ANY (p_positions) AND outbox.failed_at IS NULL
      AND hashtextextended(outbox.namespace || ' ' || outbox.room, 7266385) = ANY (locked)
    ORDER BY outbox.position
    FOR UPDATE
  ), given AS MATERIALIZED (
    SELECT array_agg(position ORDER BY position) AS positions,
      array_agg(namespace ORDER BY position) AS namespaces, array_agg(room ORDER BY position) AS rooms,
      array_agg(message_id ORDER BY position) AS ids, array_agg(user_id ORDER BY position) AS user_ids,
      array_agg(username ORDER BY position) AS usernames, array_agg(color ORDER BY position) AS colors,
      array_agg(type ORDER BY position) AS types, array_agg(content ORDER BY position) AS contents,
      array_agg(reply_to ORDER BY position) AS reply_tos, array_agg(to_jsonb(mentions) ORDER BY position) AS mentions,
      array_agg(metadata ORDER BY position) AS metadata, array_agg(created_at::timestamptz ORDER BY position) AS created_ats
    FROM taken
  ), appended AS MATERIALIZED (
    SELECT given.positions[result.ordinal] AS position, result.status, result.seq, result.created_at, result.epoch,
      CASE result.status
        WHEN 'conflict' THEN 'IDEMPOTENCY_CONFLICT'
        WHEN 'rejected' THEN 'STORAGE_REJECTED: replyTo is not stored in this room'
      END AS failure
    FROM given, append_messages(
      given.namespaces, given.rooms, given.ids, given.user_ids, given.usernames, given.colors,
      given.types, given.contents, given.reply_tos, given.mentions, given.metadata, given.created_ats
    ) WITH ORDINALITY AS result (status, seq, created_at, epoch, ordinal)
  ), removed AS (
    DELETE FROM outbox USING appended
    WHERE outbox.position = appended.position AND appended.failure IS NULL
  ), set_aside AS (
    UPDATE outbox SET failed_at = now(), failure = appended.failure FROM appended
    WHERE outbox.position = appended.position AND appended.failure IS NOT NULL
  )
  SELECT appended.position, appended.status, appended.seq, appended.created_at, appended.epoch, appended.failure
  FROM appended ORDER BY appended.position;
END
$function$`;
