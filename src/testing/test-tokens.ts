import { signToken, type TokenRequest } from "../middleware/sign-token";
import { queryRows } from "./test-database";

/** The tokens of a test server's users. */
export interface TestTokens {
  /** A token for anybody, for an hour unless it says otherwise. */
  mint(request: TokenRequest): Promise<string>;
  /**
   * The tokens that the user has expire now, on all nodes: sockets get `closing` with TOKEN_EXPIRED and are cut, and the
   * same token is refused from now on. It counts again what is minted afterwards. Nobody else's time moves.
   */
  expire(userId: string): Promise<void>;
  /**
   * Withdraws the tokens that the user has, as `roomful revoke` does. When it resolves, the user's sockets on all nodes
   * have been told with REVOKED, and cut. It counts again what is minted afterwards.
   */
  revoke(userId: string): Promise<void>;
}

export interface TestTokensOptions {
  secret: string;
  /** What every token says. */
  common: Partial<TokenRequest>;
  now(): number;
  /** Where withdrawn tokens are written down. */
  database: string;
  /** Makes nodes end what is no longer allowed. */
  expireTokens(userId: string, issuedBefore: Date): void;
  refreshAccess(): Promise<void>;
}

const SECOND_MS = 1_000;

/** The tokens of a test server's users, and those that one of its nodes makes by its own clock: no node takes a token of its future. */
export interface NodeTestTokens extends TestTokens {
  mint(request: TokenRequest, nowMs?: number): Promise<string>;
}

export function createTestTokens(options: TestTokensOptions): NodeTestTokens {
  const { secret, common, now, database, expireTokens, refreshAccess } = options;
  const endedBeforeMs = new Map<string, number>();

  /** Tokens know seconds only: what ends counts to the end of the running one, and what is minted then, from the next. */
  function end(userId: string): Date {
    const beforeMs = (Math.floor(now() / SECOND_MS) + 1) * SECOND_MS;
    endedBeforeMs.set(userId, beforeMs);
    return new Date(beforeMs);
  }

  return {
    async mint(request, nowMs = now()) {
      const issuedAtMs = Math.max(nowMs, endedBeforeMs.get(request.userId) ?? 0);
      return signToken(secret, { ...common, ...request }, { now: () => issuedAtMs });
    },
    async expire(userId) {
      expireTokens(userId, end(userId));
    },
    async revoke(userId) {
      const revocation = `INSERT INTO revocations (user_id, issued_before) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET issued_before = excluded.issued_before`;
      await queryRows(database, revocation, [userId, end(userId)]);
      await refreshAccess();
    },
  };
}
