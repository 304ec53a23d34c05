import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket, TokenClaims } from "../contract/socket-data";
import type { Clock, Timer } from "../lifecycle/clock";

export interface TokenExpiryOptions {
  config: Pick<RoomfulConfig["jwt"], "leewayMs" | "expiryNoticeMs">;
  clock: Clock;
  onExpired(socket: RoomfulSocket, error: RoomfulError): void;
}

/** Ends sockets whose token has expired, after telling them in time. Nothing else looks at `exp` after the handshake. */
export class TokenExpiry {
  private readonly timers = new Map<RoomfulSocket, Timer>();
  private readonly expiredBeforeMs = new Map<string, number>();

  constructor(private readonly options: TokenExpiryOptions) {}

  watch(socket: RoomfulSocket): void {
    this.arm(socket);
    socket.on("disconnect", () => this.disarm(socket));
  }

  /** The socket has a new token. It may have gone while that was verified. */
  renewed(socket: RoomfulSocket): void {
    if (this.timers.has(socket)) {
      this.disarm(socket);
      this.arm(socket);
    }
  }

  /** For tests: tokens of the user that were issued before that moment have expired, whatever they say. */
  expireUser(userId: string, issuedBefore: Date): void {
    this.expiredBeforeMs.set(userId, issuedBefore.getTime());
    for (const socket of [...this.timers.keys()]) {
      if (this.hasExpired(socket.data.claims)) {
        this.expire(socket);
      }
    }
  }

  /** Throws TOKEN_EXPIRED for what `expireUser` has ended. */
  check(claims: Pick<TokenClaims, "userId" | "issuedAt">): void {
    if (this.hasExpired(claims)) {
      throw new RoomfulError("TOKEN_EXPIRED");
    }
  }

  stop(): void {
    for (const socket of [...this.timers.keys()]) {
      this.disarm(socket);
    }
  }

  private hasExpired({ userId, issuedAt = 0 }: Pick<TokenClaims, "userId" | "issuedAt">): boolean {
    return issuedAt < (this.expiredBeforeMs.get(userId) ?? 0);
  }

  private arm(socket: RoomfulSocket): void {
    const { clock, config } = this.options;
    const noticeMs = socket.data.claims.expiresAt - clock.now() - config.expiryNoticeMs;
    // One timer after the other: there is one for each socket.
    this.timers.set(
      socket,
      clock.setTimer(() => this.notify(socket), noticeMs),
    );
  }

  private disarm(socket: RoomfulSocket): void {
    this.timers.get(socket)?.clear();
    this.timers.delete(socket);
  }

  private notify(socket: RoomfulSocket): void {
    const { clock, config } = this.options;
    const { expiresAt } = socket.data.claims;
    const remainingMs = expiresAt - clock.now() + config.leewayMs;
    this.timers.set(
      socket,
      clock.setTimer(() => this.expire(socket), remainingMs),
    );
    socket.emit("token_expiring", { expiresAt: new Date(expiresAt).toISOString() });
  }

  private expire(socket: RoomfulSocket): void {
    const error = new RoomfulError("TOKEN_EXPIRED");
    this.options.onExpired(socket, error);
    socket.emit("closing", error.toReply());
    // This namespace's socket only: the connection's other ones may have tokens that live longer.
    // The client does not come back by itself with the old token.
    socket.disconnect();
  }
}
