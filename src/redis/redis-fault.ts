/** What Redis says when it cannot be used as it is: the first word of its error, and what that means. */
const REFUSALS: Readonly<Record<string, string>> = {
  READONLY: "this one is a replica and takes no writes",
  MASTERDOWN: "this one is a replica that has lost its primary",
  LOADING: "it still reads its data",
  CLUSTERDOWN: "the cluster lacks a shard",
  NOAUTH: "it wants a password, and REDIS_URL has none",
  WRONGPASS: "user name or password in REDIS_URL is wrong, or the user is disabled",
  NOPERM: "the user lacks a right; docs/redis.md lists what a node needs",
};

/** It takes no writes for now, and carries messages all the same: another connection would change nothing. */
const WRITE_REFUSALS: Readonly<Record<string, string>> = {
  OOM: "its memory is full",
  MISCONF: "it cannot write to its disk",
  NOREPLICAS: "it has too few replicas to take writes",
};

const TLS_CODE = /^(?:EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Whether the connection is of no use any more, though it lives: the server behind it refuses what a node has to do. */
export function needsNewConnection(error: unknown): boolean {
  return codesOf(error).some((code) => Object.hasOwn(REFUSALS, code));
}

/** Whether Redis refuses writes, and nothing else. */
export function refusesWrites(error: unknown): boolean {
  return codesOf(error).some((code) => Object.hasOwn(WRITE_REFUSALS, code));
}

/** In words, for the log and `/readyz`. It holds nothing of the address, which may hold a password. */
export function describeRedisFault(error: unknown): string {
  for (const code of codesOf(error)) {
    const meaning = [REFUSALS, WRITE_REFUSALS].find((table) => Object.hasOwn(table, code))?.[code];
    if (meaning !== undefined) {
      return `Redis refuses: ${code} (${meaning})`;
    }
    if (TLS_CODE.test(code)) {
      return `Redis: TLS failed: ${code} (rediss:// speaks TLS, redis:// does not; is the certificate trusted?)`;
    }
  }
  return error instanceof RedisTrouble ? error.message : "Redis does not answer";
}

/** Found out by the node itself. */
export class RedisTrouble extends Error {
  override readonly name = "RedisTrouble";
}

/** The codes of an error and of what it was made of. Redis has its own as the first word, Node as a member. */
function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) {
    return [];
  }
  const { code } = error as { code?: unknown };
  const parts: unknown[] = [error.cause, ...(error instanceof AggregateError ? error.errors : [])];
  return [
    // In a script's error the code may stand behind the word for errors in general.
    ...(/^(?:ERR )?([A-Z]{3,})\b/.exec(error.message)?.slice(1) ?? []),
    ...(typeof code === "string" ? [code] : []),
    ...parts.filter((part) => part !== undefined && part !== error).flatMap(codesOf),
  ];
}
