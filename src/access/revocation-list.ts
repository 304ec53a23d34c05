import { RoomfulError } from "../contract/roomful-error";
import type { TokenClaims } from "../contract/socket-data";
import type { RevocationRepository } from "../repositories/revocation-repository";

/**
 * Which tokens no longer count, as Postgres said when it was last asked. All of them are kept, so that a
 * handshake needs no query and is judged while Postgres is away.
 */
export class RevocationList {
  private issuedBeforeMs = new Map<string, number>();

  constructor(private readonly revocations: Pick<RevocationRepository, "list">) {}

  async refresh(): Promise<void> {
    const records = await this.revocations.list();
    this.issuedBeforeMs = new Map(records.map(({ userId, issuedBefore }) => [userId, issuedBefore.getTime()]));
  }

  /** A token that does not say when it was issued counts as old. */
  isRevoked({ userId, issuedAt = 0 }: Pick<TokenClaims, "userId" | "issuedAt">): boolean {
    return issuedAt < (this.issuedBeforeMs.get(userId) ?? 0);
  }

  /** Throws REVOKED. */
  check(claims: Pick<TokenClaims, "userId" | "issuedAt">): void {
    if (this.isRevoked(claims)) {
      throw new RoomfulError("REVOKED");
    }
  }
}
