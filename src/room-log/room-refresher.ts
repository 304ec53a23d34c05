import type { StoredMessage } from "../contract/events";
import type { Clock } from "../lifecycle/clock";
import { RepeatedTask } from "../lifecycle/repeated-task";
import type { Service } from "../lifecycle/service";
import type { RoomRecord, RoomRepository } from "../repositories/room-repository";
import { roomKeyOf } from "./room-key";
import type { Look, RoomLog } from "./room-log";
import type { RoomLogs } from "./room-logs";

export interface RoomRefresherOptions {
  rooms: Pick<RoomRepository, "findMany">;
  logs: RoomLogs;
  intervalMs: number;
  clock: Clock;
  isAvailable(): boolean;
  /** The room is not what this node and its readers have followed. */
  onContradiction(namespace: string, room: string): void;
  /** Messages that were stored are gone from the table; its other messages are those that were followed. */
  onDeleted(namespace: string, room: string): void;
  /** The table holds what this node's members have not been told; the first 200 of it. */
  onMissed(namespace: string, room: string, missed: Missed): void;
  /** Finds out what became of what is shown for long and has no number. */
  settleShown(): Promise<void>;
  onError(error: unknown): void;
}

export interface Missed {
  epoch: string;
  lastSeq: number;
  messages: StoredMessage[];
}

interface RoomLooked {
  namespace: string;
  room: string;
  log: RoomLog;
  look: Look;
}

/** Where nothing is known of a room yet, nothing can have been missed. */
const NOTHING_ABOVE = Number.MAX_SAFE_INTEGER;

/**
 * Reads epoch, number and delivery of the rooms in use again, and what their members have missed: regularly, since
 * another node's broadcast may be lost, and when Postgres is back.
 */
export class RoomRefresher implements Service {
  readonly name = "room refresher";
  private readonly task: RepeatedTask;

  constructor(private readonly options: RoomRefresherOptions) {
    const { name } = this;
    const { intervalMs, clock, onError } = options;
    this.task = new RepeatedTask({ name, run: () => this.readAll(), intervalMs, clock, onError });
  }

  start(): Promise<void> {
    return this.task.start();
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  /** Never rejects; what happens before the call is seen. */
  refresh(): Promise<void> {
    return this.task.runSoon();
  }

  private async readAll(): Promise<void> {
    const { rooms, logs, isAvailable } = this.options;
    // Taken before the read: numbers that are given while it runs are no contradiction.
    const before = logs.inUse().map((each) => ({ ...each, look: each.log.look() }));
    if (before.length === 0 || !isAvailable()) {
      return;
    }
    const rows = await rooms.findMany(
      before.map(({ namespace, room, log, look }) => ({
        ...{ namespace, name: room, above: log.announcedUpTo ?? NOTHING_ABOVE },
        ...{ witness: look.witness?.seq, span: look.span },
      })),
    );
    const rowOf = new Map(rows.map((row) => [roomKeyOf(row.namespace, row.name), row]));
    for (const each of before) {
      // Left, and perhaps joined again, while the rows were read: the next join reads its own.
      const isInUse = logs.isInUse(each.namespace, each.room, each.log);
      if (isInUse && this.compare(each, rowOf.get(roomKeyOf(each.namespace, each.room)) ?? null)) {
        // Written before more comes: one socket may be in a hundred rooms, each with a page that it missed.
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
    }
    // After the rows: what the table holds above the last number that was told is told with them.
    await this.options.settleShown();
  }

  /** Answers true when members were told something that they had missed. */
  private compare({ namespace, room, log, look }: RoomLooked, row: RoomRecord | null): boolean {
    const { onContradiction, onDeleted, onMissed } = this.options;
    if (log.contradicts(row, look)) {
      onContradiction(namespace, room);
      return false;
    }
    if (log.lacks(row, look)) {
      onDeleted(namespace, room);
    }
    log.confirm(row, look);
    // What was told while the rows were read is not missed.
    const messages = row?.messages.filter(({ seq }) => seq > (log.announcedUpTo ?? NOTHING_ABOVE)) ?? [];
    if (!row || messages.length === 0) {
      return false;
    }
    onMissed(namespace, room, { epoch: row.epoch, lastSeq: row.lastSeq, messages });
    return true;
  }
}
