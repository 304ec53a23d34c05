/**
 * For the FROM of a statement that may wait for a row: the wait ends after 2 s, also where no setting of the session comes
 * through a pooler. It is read before the first row is locked, and holds for the statement's transaction.
 */
export const BOUNDED_WAIT = "(SELECT set_config('lock_timeout', '2s', true)) AS bounded_wait";
