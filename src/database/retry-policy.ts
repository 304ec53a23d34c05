/** Two calls met: 40P01 deadlock, 40001 serialization. The other one is through in a moment. */
const MEETING = new Set(["40P01", "40001"]);

/** The key of messages. A row with this key was inserted by another call after this one had looked for it. */
const KEY_CONSTRAINT = "messages_user_id_id_key";

/** Classes that blame a row: 22 data, 23 integrity, 54 limits. */
const POISON_CLASSES = new Set(["22", "23", "54"]);
/** Class 08 tells of a lost connection, but 08P01 of a message that Postgres cannot read: it will not get better. */
const PROTOCOL_VIOLATION = "08P01";

/** Node's own, before Postgres has said anything. */
const NETWORK_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ETIMEDOUT",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
]);

const LOCK_NOT_AVAILABLE = "55P03";

/** 08 connection, 53 resources, 57 operator; 55P03 a lock not had in time; 25006 a standby. */
const UNAVAILABLE_CODES = /^(08(?!P01)|53|57|55P03|25006)/;

/**
 * What to do with a batch that was not written. `repeat`: the whole call at once. `poison`: some row can never
 * be written: bisect. `retry`: everything else, later, as often as it takes, since nothing admitted may be dropped
 * and nobody knows whether it was committed; an unknown error too.
 */
export function classifyWriteError(error: unknown): "repeat" | "retry" | "poison" {
  const { code, constraint } = codeOf(error);
  if (MEETING.has(code) || (code === "23505" && constraint === KEY_CONSTRAINT)) {
    return "repeat";
  }
  if (code === PROTOCOL_VIOLATION || POISON_CLASSES.has(code.slice(0, 2))) {
    return code.length === 5 ? "poison" : "retry";
  }
  return "retry";
}

/** True when the error says that Postgres is out of reach or too slow, rather than that the query is wrong. */
export function isUnavailable(error: unknown): boolean {
  const { code } = codeOf(error);
  // pg's own time-outs and lost connections carry no code, and neither do bugs: those are no `Error` of pg's pool, but TypeErrors.
  const isPlainError = error instanceof Error && Object.getPrototypeOf(error) === Error.prototype;
  return NETWORK_CODES.has(code) || UNAVAILABLE_CODES.test(code) || (code === "" && isPlainError);
}

/** True when a lock was not had in time: somebody else holds what the statement needs. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error).code === LOCK_NOT_AVAILABLE;
}

function codeOf(error: unknown): { code: string; constraint: string | undefined } {
  if (typeof error !== "object" || error === null) {
    return { code: "", constraint: undefined };
  }
  // TypeORM wraps what the driver threw, and copies its members.
  const { code, constraint } = error as { code?: unknown; constraint?: unknown };
  return {
    code: typeof code === "string" ? code : "",
    constraint: typeof constraint === "string" ? constraint : undefined,
  };
}

/** 42501 no right to ask, 42883 and 0A000 no such function in this kind of Postgres, 55000 not in this state. */
const CANNOT_TELL = new Set(["42501", "42883", "0A000", "55000"]);

/** This Postgres, or the rights that we have in it, has no answer to what was asked of the server itself. */
export function cannotTell(error: unknown): boolean {
  return CANNOT_TELL.has(String((error as { code?: unknown } | null)?.code));
}
