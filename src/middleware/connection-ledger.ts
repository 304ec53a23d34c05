import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { HandshakeCheck } from "./check-handshake";

export interface ConnectionLedgerOptions {
  config: Pick<RoomfulConfig["connections"], "maxNamespaces" | "maxPerUser">;
}

type Connection = RoomfulSocket["conn"];

const RETRY_MS = 5_000;

/** What was counted for one socket, to be taken back. */
interface Counted {
  socket: RoomfulSocket;
  userId: string | undefined;
}

/** Counts sockets by connection and user, from the beginning of their handshake to their end. */
export class ConnectionLedger {
  private readonly connections = new WeakMap<Connection, Counted[]>();
  private readonly perUser = new Map<string, number>();

  constructor(private readonly options: ConnectionLedgerOptions) {}

  /** True when a namespace is joined on the connection, or being joined. */
  isUsed(connection: Connection): boolean {
    return (this.connections.get(connection)?.length ?? 0) > 0;
  }

  /** Those that have joined a namespace on the connection. */
  joinedOn(connection: Connection): RoomfulSocket[] {
    return (this.connections.get(connection) ?? []).map(({ socket }) => socket).filter(({ connected }) => connected);
  }

  /** First check of all: one socket for each namespace of a connection. */
  readonly countConnection: HandshakeCheck = (socket) => {
    const { conn, nsp } = socket;
    const { config } = this.options;
    const joined = this.socketsOn(conn);
    if (joined.some((each) => each.socket.nsp.name === nsp.name)) {
      // Socket.IO would make a socket for each of a hundred CONNECT packets.
      conn.close();
      throw new RoomfulError("TOO_MANY_CONNECTIONS", { retryAfterMs: RETRY_MS });
    }
    this.refuseAbove(config.maxNamespaces, joined.length);
    joined.push({ socket, userId: undefined });
  };

  /** After authentication: as many sockets as a user may have, over all namespaces. */
  readonly countUser: HandshakeCheck = (socket) => {
    const { userId } = socket.data.claims;
    this.count(this.perUser, userId, this.options.config.maxPerUser);
    const counted = this.connections.get(socket.conn)?.find((each) => each.socket === socket);
    if (counted) {
      counted.userId = userId;
    }
  };

  /** Takes back what was counted for the socket. Again is harmless. */
  release(socket: RoomfulSocket): void {
    const joined = this.connections.get(socket.conn) ?? [];
    const index = joined.findIndex((each) => each.socket === socket);
    const [counted] = index < 0 ? [] : joined.splice(index, 1);
    this.uncount(this.perUser, counted?.userId);
  }

  /** Those that are counted on the connection. */
  private socketsOn(connection: Connection): Counted[] {
    let joined = this.connections.get(connection);
    if (!joined) {
      const counted: Counted[] = [];
      joined = counted;
      this.connections.set(connection, joined);
      // Also where neither a refusal nor a disconnect is ever heard of: the client went away in between.
      connection.on("close", () => {
        for (const { socket } of [...counted]) {
          this.release(socket);
        }
      });
    }
    return joined;
  }

  private count(counts: Map<string, number>, key: string, limit: number): void {
    const before = counts.get(key) ?? 0;
    this.refuseAbove(limit, before);
    counts.set(key, before + 1);
  }

  private uncount(counts: Map<string, number>, key: string | undefined): void {
    if (key === undefined) {
      return;
    }
    const left = (counts.get(key) ?? 1) - 1;
    if (left > 0) {
      counts.set(key, left);
    } else {
      counts.delete(key);
    }
  }

  private refuseAbove(limit: number, count: number): void {
    if (limit > 0 && count >= limit) {
      throw new RoomfulError("TOO_MANY_CONNECTIONS", { retryAfterMs: RETRY_MS, details: { limit } });
    }
  }
}
