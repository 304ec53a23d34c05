import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { Clock } from "../lifecycle/clock";
import { networkOf } from "./client-address";
import { TokenBucket } from "./token-bucket";

export interface AddressLedgerOptions {
  config: Pick<RoomfulConfig["connections"], "maxPerAddress" | "maxHandshakesPerAddressPerSecond">;
  addressOf(source: { address: string; headers: IncomingMessage["headers"] }): string;
  clock: Pick<Clock, "monotonicMs">;
}

/** What a request that may become a connection was counted for. */
interface Counted {
  address: string;
  /** Those that came on the same socket and end with it. */
  onSocket: Set<Counted>;
  /** It has become one, which is longer than its request, in polling. */
  isConnection: boolean;
  isOver: boolean;
}

const RETRY_MS = 5_000;

/**
 * Counts connections by address from their first request on, whether they ever join a namespace or not: one that does not
 * costs a descriptor and memory, too.
 */
export class AddressLedger {
  private readonly connections = new Map<string, number>();
  private readonly handshakes = new Map<string, TokenBucket>();
  private readonly byRequest = new WeakMap<IncomingMessage, Counted>();
  private readonly bySocket = new WeakMap<Socket, Set<Counted>>();

  constructor(private readonly options: AddressLedgerOptions) {}

  /** Throws RATE_LIMITED or TOO_MANY_CONNECTIONS; what it counts is taken back when the request becomes no connection. */
  admit(request: IncomingMessage): void {
    const { config, addressOf } = this.options;
    const { maxPerAddress, maxHandshakesPerAddressPerSecond: perSecond } = config;
    if (maxPerAddress === 0 && perSecond === 0) {
      return;
    }
    const { socket, headers } = request;
    const address = networkOf(addressOf({ address: socket.remoteAddress ?? "", headers }));
    if (perSecond > 0) {
      this.takeHandshake(address, perSecond);
    }
    if (maxPerAddress === 0) {
      return;
    }
    const count = this.connections.get(address) ?? 0;
    if (count >= maxPerAddress) {
      throw new RoomfulError("TOO_MANY_CONNECTIONS", { retryAfterMs: RETRY_MS, details: { limit: maxPerAddress } });
    }
    this.connections.set(address, count + 1);
    const onSocket = this.countedOn(socket);
    const counted: Counted = { address, onSocket, isConnection: false, isOver: false };
    this.byRequest.set(request, counted);
    onSocket.add(counted);
  }

  /** The request has become a connection: it counts until that closes. */
  keep(connection: Pick<RoomfulSocket["conn"], "request" | "on">): void {
    const counted = this.byRequest.get(connection.request);
    if (counted) {
      counted.isConnection = true;
      // A proxy's socket may live for days, and carry a million handshakes.
      counted.onSocket.delete(counted);
      connection.on("close", () => this.release(counted));
    }
  }

  /** The request was refused after all. */
  refused(request: IncomingMessage): void {
    const counted = this.byRequest.get(request);
    if (counted && !counted.isConnection) {
      this.release(counted);
    }
  }

  /** What came on the socket and became no connection ends with it, at the latest. */
  private countedOn(socket: Socket): Set<Counted> {
    const known = this.bySocket.get(socket);
    if (known) {
      return known;
    }
    const all = new Set<Counted>();
    this.bySocket.set(socket, all);
    socket.once("close", () => {
      for (const counted of all) {
        this.release(counted);
      }
    });
    return all;
  }

  private release(counted: Counted): void {
    if (counted.isOver) {
      return;
    }
    counted.isOver = true;
    counted.onSocket.delete(counted);
    const left = (this.connections.get(counted.address) ?? 1) - 1;
    if (left > 0) {
      this.connections.set(counted.address, left);
    } else {
      this.connections.delete(counted.address);
    }
  }

  private takeHandshake(address: string, perSecond: number): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [known, bucket] of this.handshakes) {
      if (!bucket.isFull(nowMs)) {
        break;
      }
      this.handshakes.delete(known);
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
}
