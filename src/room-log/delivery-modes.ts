import type { Clock } from "../lifecycle/clock";
import { GatheredRead } from "../lifecycle/gathered-read";
import type { RoomRepository } from "../repositories/room-repository";
import { roomKeyOf } from "./room-key";
import type { Delivery } from "./room-log";

export interface DeliveryModesOptions {
  rooms: Pick<RoomRepository, "findMany">;
  defaultDelivery: Delivery;
  /** What was read counts for this long, as it does in rooms with members here. */
  keepMs: number;
  clock: Clock;
  isAvailable(): boolean;
  /** The error means that Postgres is out of reach. */
  isUnavailable(error: unknown): boolean;
}

interface Known {
  delivery: Delivery;
  readAtMs: number;
}

interface Wanted {
  namespace: string;
  name: string;
}

/** Rooms remembered at most: the longest known go first. */
const MAX_KNOWN = 10_000;
/** Only the row itself is wanted, no message of the room. */
const NOTHING_ABOVE = Number.MAX_SAFE_INTEGER;

/**
 * How messages are delivered in rooms that have no member on this node, whose rows nobody here follows.
 *
 * Reads of one moment are one query, and one runs at a time. While Postgres is away, what was known counts; where
 * nothing is, `strict`: shown after the commit is right for both.
 */
export class DeliveryModes {
  private readonly known = new Map<string, Known>();
  private readonly reads = new GatheredRead((wanted: readonly Wanted[]) => this.readNow(wanted));
  private generation = 0;

  constructor(private readonly options: DeliveryModesOptions) {}

  /** Never rejects because Postgres is away. */
  async of(namespace: string, rooms: readonly string[]): Promise<ReadonlyMap<string, Delivery>> {
    const { clock, keepMs, isAvailable, isUnavailable } = this.options;
    const since = clock.monotonicMs() - keepMs;
    const unknown = rooms.filter((room) => !this.isKnownSince(namespace, room, since));
    const found = new Map<string, Delivery>();
    if (unknown.length > 0 && isAvailable()) {
      try {
        await this.reads.of(
          unknown.map((name) => ({ namespace, name })),
          (wanted) => roomKeyOf(wanted.namespace, wanted.name),
        );
      } catch (error) {
        if (!isUnavailable(error)) {
          throw error;
        }
      }
    }
    for (const room of rooms) {
      found.set(room, this.known.get(roomKeyOf(namespace, room))?.delivery ?? "strict");
    }
    return found;
  }

  /** Rooms may have been given another mode: they are read again. */
  forget(): void {
    this.generation += 1;
    this.known.clear();
  }

  private isKnownSince(namespace: string, room: string, sinceMs: number): boolean {
    const known = this.known.get(roomKeyOf(namespace, room));
    return known !== undefined && known.readAtMs > sinceMs;
  }

  private async readNow(wanted: readonly Wanted[]): Promise<void> {
    const { rooms, clock, defaultDelivery } = this.options;
    const { generation } = this;
    const readAtMs = clock.monotonicMs();
    const rows = await rooms.findMany(wanted.map((each) => ({ ...each, above: NOTHING_ABOVE })));
    const deliveryOf = new Map(rows.map((row) => [roomKeyOf(row.namespace, row.name), row.delivery]));
    for (const { namespace, name } of wanted) {
      const key = roomKeyOf(namespace, name);
      this.known.delete(key);
      // Read before a change: right for who asked before it, and not for later.
      const isCurrent = generation === this.generation;
      this.known.set(key, {
        delivery: deliveryOf.get(key) ?? defaultDelivery,
        readAtMs: isCurrent ? readAtMs : Number.NEGATIVE_INFINITY,
      });
    }
    for (const oldest of this.known.keys()) {
      if (this.known.size <= MAX_KNOWN) {
        break;
      }
      this.known.delete(oldest);
    }
  }
}
