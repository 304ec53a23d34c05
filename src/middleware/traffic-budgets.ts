import type { RoomfulConfig } from "../config/config";
import { RoomfulError } from "../contract/roomful-error";
import type { RoomfulSocket } from "../contract/socket-data";
import type { Clock, Timer } from "../lifecycle/clock";
import type { PacketCheck } from "./check-packets";
import { type IncomingPacket, stripBytes } from "./strip-bytes";
import { TokenBucket } from "./token-bucket";

type Rates = Pick<
  RoomfulConfig["rateLimits"],
  | "enabled"
  | "packetPerSecond"
  | "packetBurst"
  | "receivedBytesPerSecond"
  | "receivedBytesBurst"
  | "cpuMsPerSecond"
  | "cpuMsBurst"
  | "refusalsPerMinute"
>;

export type TrafficLimit = "packets" | "bytes" | "cpuMs" | "connects" | "refusals";

export type TrafficConnection = RoomfulSocket["conn"];

export interface TrafficBudgetsOptions {
  rates: Rates;
  clock: Clock;
  /** It sent more than it may, or too much that was refused. It is to be ended in this turn of the event loop. */
  onExceeded(connection: TrafficConnection, limit: TrafficLimit): void;
}

/** What somebody may send. */
type Allowance = Record<Exclude<TrafficLimit, "connects">, TokenBucket | undefined>;

interface UserTraffic {
  allowance: Allowance;
  connections: number;
}

interface Traffic {
  /** Its own, until it is known whose it is; then the user's, over all connections: a second one brings no second allowance. */
  allowance: Allowance;
  connects: TokenBucket;
  userId: string | undefined;
  /** When the work on a packet began; undefined: there is none. */
  beganAtMs: number | undefined;
  isOver: boolean;
}

/** Each makes a socket, and a name that is not listed makes a namespace: more than four are for clients that come and go. */
const CONNECT_BURST = 20;
const CONNECTS_PER_SECOND = 1;
/** Socket.IO's CONNECT, as it goes over the wire. */
const CONNECT = "0";
/** A client sends one when it goes over to a websocket. */
const MAX_PROBES = 10;
const MINUTE_S = 60;
/** A packet of the largest size takes less: in the rest the process stood still, which is not the client's doing. */
const MAX_PACKET_MS = 100;
const SWEEP_INTERVAL_MS = 10_000;

/**
 * What a connection and a user may send, whatever it is: packets, bytes, the time to decode and check them, and how much of it
 * may be refused. It stands at Engine.IO's `packet`, before Socket.IO decodes anything; the rates of single events come after.
 *
 * The limits are far above what clients need that keep to the rates, wait when they are told to, and send again.
 */
export class TrafficBudgets {
  private readonly traffics = new WeakMap<TrafficConnection, Traffic>();
  private readonly probes = new WeakMap<TrafficConnection, number>();
  private readonly users = new Map<string, UserTraffic>();
  private readonly isOn: boolean;
  private readonly sweeper: Timer | undefined;

  constructor(private readonly options: TrafficBudgetsOptions) {
    const { rates, clock } = options;
    this.isOn = rates.enabled === "on";
    this.sweeper = this.isOn ? clock.setRepeating(() => this.sweep(), SWEEP_INTERVAL_MS) : undefined;
    const budgets = this;
    // One function each for all connections: a closure would hold memory as long as its connection.
    this.onPacket = function onPacket(packet) {
      const bytes = sizeOf(packet.data);
      stripBytes(packet);
      if (budgets.isOn) {
        budgets.receive(this, packet, bytes);
      }
    };
    this.onDecoded = function onDecoded() {
      budgets.charge(this);
    };
    this.onClose = function onClose() {
      budgets.release(this);
    };
    this.onProbe = function onProbe() {
      const probes = (budgets.probes.get(this) ?? 0) + 1;
      budgets.probes.set(this, probes);
      if (probes === MAX_PROBES + 1) {
        options.onExceeded(this, "packets");
      }
    };
  }

  private readonly onPacket: (this: TrafficConnection, packet: IncomingPacket) => void;
  private readonly onDecoded: (this: TrafficConnection) => void;
  private readonly onClose: (this: TrafficConnection) => void;
  private readonly onProbe: (this: TrafficConnection) => void;

  /** Counts what comes on a new connection. */
  watch(connection: TrafficConnection): void {
    connection.on("packet", this.onPacket);
    // What a transport says that is to take over is no packet of the connection; Engine.IO answers each probe.
    connection.on("upgrading", this.onProbe);
    if (this.isOn) {
      // Engine.IO raises it after Socket.IO has decoded the packet.
      connection.on("message", this.onDecoded);
      connection.on("close", this.onClose);
    }
  }

  /** It is known whose connection it is. Where it has several users, in namespaces, the first one counts. */
  identify(connection: TrafficConnection, userId: string): void {
    const traffic = this.traffics.get(connection);
    if (!traffic || traffic.userId !== undefined || traffic.isOver) {
      return;
    }
    let user = this.users.get(userId);
    if (!user) {
      user = { allowance: this.createAllowance(), connections: 0 };
      this.users.set(userId, user);
    }
    user.connections += 1;
    traffic.userId = userId;
    traffic.allowance = user.allowance;
  }

  /** First of the checks of a packet: what they cost is counted from here. */
  readonly beginCheck: PacketCheck = (_packet, socket) => {
    const traffic = this.traffics.get(socket.conn);
    if (traffic) {
      traffic.beganAtMs = this.options.clock.monotonicMs();
    }
  };

  /** Last of the checks of a packet. */
  readonly endCheck: PacketCheck = (_packet, socket) => this.charge(socket.conn);

  /**
   * A packet or a handshake was refused. What may succeed later is no strike, and neither is what a handler refuses: it depends
   * on what the client could not know.
   */
  refused(connection: TrafficConnection, error: unknown): void {
    const traffic = this.traffics.get(connection);
    if (traffic && error instanceof RoomfulError && !error.retryable) {
      this.charge(connection);
      this.take(connection, traffic, "refusals", 1, this.options.clock.monotonicMs());
    }
  }

  stop(): void {
    this.sweeper?.clear();
  }

  private receive(connection: TrafficConnection, { type, data }: IncomingPacket, bytes: number): void {
    const nowMs = this.options.clock.monotonicMs();
    let traffic = this.traffics.get(connection);
    if (!traffic) {
      const connects = new TokenBucket(CONNECTS_PER_SECOND, CONNECT_BURST, nowMs);
      traffic = { allowance: this.createAllowance(), connects, userId: undefined, beganAtMs: undefined, isOver: false };
      this.traffics.set(connection, traffic);
    }
    // Of others nothing is decoded, and the end of it not heard of.
    traffic.beganAtMs = type === "message" ? nowMs : undefined;
    this.take(connection, traffic, "packets", 1, nowMs);
    this.take(connection, traffic, "bytes", bytes, nowMs);
    const isConnect = type === "message" && typeof data === "string" && data.startsWith(CONNECT);
    if (isConnect && traffic.connects.take(nowMs) !== undefined) {
      this.exceed(connection, traffic, "connects");
    }
  }

  /** Counts the time since the work on a packet began. */
  private charge(connection: TrafficConnection): void {
    const traffic = this.traffics.get(connection);
    if (traffic?.beganAtMs !== undefined) {
      const nowMs = this.options.clock.monotonicMs();
      this.take(connection, traffic, "cpuMs", Math.min(nowMs - traffic.beganAtMs, MAX_PACKET_MS), nowMs);
      traffic.beganAtMs = undefined;
    }
  }

  private take(
    connection: TrafficConnection,
    traffic: Traffic,
    limit: keyof Allowance,
    count: number,
    nowMs: number,
  ): void {
    if (traffic.allowance[limit]?.take(nowMs, count) !== undefined) {
      this.exceed(connection, traffic, limit);
    }
  }

  private exceed(connection: TrafficConnection, traffic: Traffic, limit: TrafficLimit): void {
    if (!traffic.isOver) {
      traffic.isOver = true;
      this.options.onExceeded(connection, limit);
    }
  }

  private release(connection: TrafficConnection): void {
    const { userId } = this.traffics.get(connection) ?? {};
    const user = userId === undefined ? undefined : this.users.get(userId);
    this.traffics.delete(connection);
    if (user) {
      // Kept until it is full again: coming back brings no new allowance.
      user.connections -= 1;
    }
  }

  private sweep(): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [userId, { allowance, connections }] of this.users) {
      if (connections === 0 && Object.values(allowance).every((bucket) => bucket?.isFull(nowMs) ?? true)) {
        this.users.delete(userId);
      }
    }
  }

  private createAllowance(): Allowance {
    const { rates, clock } = this.options;
    const nowMs = clock.monotonicMs();
    const bucket = (perSecond: number, burst: number): TokenBucket | undefined =>
      perSecond === 0 ? undefined : new TokenBucket(perSecond, burst, nowMs);
    return {
      packets: bucket(rates.packetPerSecond, rates.packetBurst),
      bytes: bucket(rates.receivedBytesPerSecond, rates.receivedBytesBurst),
      cpuMs: bucket(rates.cpuMsPerSecond, rates.cpuMsBurst),
      refusals: bucket(rates.refusalsPerMinute / MINUTE_S, rates.refusalsPerMinute),
    };
  }
}

/** Of a text in UTF-16 code units: counting its bytes would cost more than it is worth. */
function sizeOf(data: unknown): number {
  if (typeof data === "string") {
    return data.length;
  }
  return ArrayBuffer.isView(data) ? data.byteLength : 0;
}
