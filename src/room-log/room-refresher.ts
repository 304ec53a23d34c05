import type { Clock, Timer } from "../lifecycle/clock";
import type { Service } from "../lifecycle/service";
import type { RoomRepository } from "../repositories/room-repository";
import { roomKeyOf } from "./room-key";
import type { RoomLogs } from "./room-logs";

export interface RoomRefresherOptions {
  rooms: Pick<RoomRepository, "findMany">;
  logs: RoomLogs;
  intervalMs: number;
  clock: Clock;
  isAvailable(): boolean;
  /** The room is not what this node and its readers have followed; its log was reset. */
  onReset(namespace: string, room: string): void;
  onError(error: unknown): void;
}

/** Reads epoch, number and delivery of the rooms in use again: regularly, and when Postgres is back. */
export class RoomRefresher implements Service {
  readonly name = "room refresher";
  private timer: Timer | undefined;
  private refreshing: Promise<void> = Promise.resolve();
  /** A refresh that waits for the one that runs. */
  private next: Promise<void> | undefined;

  constructor(private readonly options: RoomRefresherOptions) {}

  async start(): Promise<void> {
    const { clock, intervalMs } = this.options;
    this.timer = clock.setRepeating(() => void this.refresh(), intervalMs);
  }

  async stop(): Promise<void> {
    this.timer?.clear();
    await (this.next ?? this.refreshing);
  }

  /** Never rejects. One read at a time: a call during another one begins after it, and later calls share that. */
  refresh(): Promise<void> {
    this.next ??= this.refreshing.then(() => {
      this.next = undefined;
      this.refreshing = this.readAll().catch((error: unknown) => this.options.onError(error));
      return this.refreshing;
    });
    return this.next;
  }

  private async readAll(): Promise<void> {
    const { rooms, logs, isAvailable, onReset } = this.options;
    // Taken before the read: numbers that are given while it runs are no contradiction.
    const before = logs.inUse().map(({ namespace, room, log }) => ({ namespace, room, log, tip: log.tip }));
    if (before.length === 0 || !isAvailable()) {
      return;
    }
    const rows = await rooms.findMany(before.map(({ namespace, room }) => ({ namespace, name: room })));
    const rowOf = new Map(rows.map((row) => [roomKeyOf(row.namespace, row.name), row]));
    for (const { namespace, room, log, tip } of before) {
      const row = rowOf.get(roomKeyOf(namespace, room)) ?? null;
      if (log.contradicts(row, tip)) {
        logs.reset(namespace, room);
        log.learn(row);
        onReset(namespace, room);
      } else {
        log.learn(row);
      }
    }
  }
}
