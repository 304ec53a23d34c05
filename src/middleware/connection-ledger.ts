import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { Clock } from "../lifecycle/clock";
import type { HandshakeCheck } from "./check-handshake";
import { TokenBucket } from "./token-bucket";

export interface ConnectionLedgerOptions {
  config: RoomfulConfig["connections"];
  addressOf(handshake: RoomfulSocket["handshake"]): string;
  clock: Clock;
}

type Connection = RoomfulSocket["conn"];

const RETRY_MS = 5_000;

/** Counts sockets by connection, address and user, from the beginning of their handshake to their end. */
export class ConnectionLedger {
  private readonly namespaces = new WeakMap<Connection, Set<string>>();
  private readonly perUser = new Map<string, number>();
  private readonly perAddress = new Map<string, number>();
  private readonly handshakes = new Map<string, TokenBucket>();
  private readonly counted = new WeakMap<RoomfulSocket, (() => void)[]>();

  constructor(private readonly options: ConnectionLedgerOptions) {}

  /** True when a namespace is joined on the connection, or being joined. */
  isUsed(connection: Connection): boolean {
    return (this.namespaces.get(connection)?.size ?? 0) > 0;
  }

  /** First check of all: one socket for each namespace of a connection, and as many as an address may have. */
  readonly countConnection: HandshakeCheck = (socket) => {
    const { conn, nsp, handshake } = socket;
    const { config, addressOf } = this.options;
    const joined = this.namespaces.get(conn) ?? new Set<string>();
    this.namespaces.set(conn, joined);
    if (joined.has(nsp.name)) {
      // Socket.IO would make a socket for each of a hundred CONNECT packets.
      conn.close();
      throw new RoomfulError("TOO_MANY_CONNECTIONS", { retryAfterMs: RETRY_MS });
    }
    // Also where neither a refusal nor a disconnect is ever heard of: the client went away in between.
    const releaseAtEnd = (): void => this.release(socket);
    conn.once("close", releaseAtEnd);
    this.undoLater(socket, () => conn.off("close", releaseAtEnd));
    this.refuseAbove(config.maxNamespaces, joined.size);
    joined.add(nsp.name);
    this.undoLater(socket, () => joined.delete(nsp.name));

    const address = addressOf(handshake);
    this.limitHandshakes(address);
    this.count(socket, this.perAddress, address, config.maxPerAddress);
  };

  /** After authentication: as many sockets as a user may have, over all namespaces. */
  readonly countUser: HandshakeCheck = (socket) => {
    this.count(socket, this.perUser, socket.data.claims.userId, this.options.config.maxPerUser);
  };

  /** Takes back what was counted for the socket. Again is harmless. */
  release(socket: RoomfulSocket): void {
    for (const undo of this.counted.get(socket) ?? []) {
      undo();
    }
    this.counted.delete(socket);
  }

  private count(socket: RoomfulSocket, counts: Map<string, number>, key: string, limit: number): void {
    const before = counts.get(key) ?? 0;
    this.refuseAbove(limit, before);
    counts.set(key, before + 1);
    this.undoLater(socket, () => {
      const left = (counts.get(key) ?? 1) - 1;
      if (left > 0) {
        counts.set(key, left);
      } else {
        counts.delete(key);
      }
    });
  }

  private refuseAbove(limit: number, count: number): void {
    if (limit > 0 && count >= limit) {
      throw new RoomfulError("TOO_MANY_CONNECTIONS", { retryAfterMs: RETRY_MS, details: { limit } });
    }
  }

  private limitHandshakes(address: string): void {
    const { config, clock } = this.options;
    const perSecond = config.maxHandshakesPerAddressPerSecond;
    if (perSecond === 0) {
      return;
    }
    const nowMs = clock.monotonicMs();
    for (const [known, bucket] of this.handshakes) {
      if (bucket.isFull(nowMs)) {
        this.handshakes.delete(known);
      } else {
        break;
      }
    }
    const bucket = this.handshakes.get(address) ?? new TokenBucket(perSecond, perSecond, nowMs);
    // To the end: those at the front were not used for longest, and are full again first.
    this.handshakes.delete(address);
    this.handshakes.set(address, bucket);
    const waitMs = bucket.take(nowMs);
    if (waitMs !== undefined) {
      throw new RoomfulError("RATE_LIMITED", { retryAfterMs: waitMs });
    }
  }

  private undoLater(socket: RoomfulSocket, undo: () => void): void {
    const undos = this.counted.get(socket);
    if (undos) {
      undos.push(undo);
    } else {
      this.counted.set(socket, [undo]);
    }
  }
}
