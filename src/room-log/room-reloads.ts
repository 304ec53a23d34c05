import type { Clock } from "../lifecycle/clock";
import { RepeatedTask } from "../lifecycle/repeated-task";
import type { Service } from "../lifecycle/service";
import { roomKeyOf } from "./room-key";
import type { RoomLog } from "./room-log";
import type { RoomLogs } from "./room-logs";

export interface RoomReloadsOptions {
  logs: Pick<RoomLogs, "reset" | "find">;
  /** Tells the members here to drop what they have. Rejects when that cannot be done now. */
  reload(namespace: string, room: string): Promise<void>;
  /** Rooms are about to be reloaded. */
  onBegin(): void;
  clock: Clock;
  isAvailable(): boolean;
  onError(error: unknown): void;
}

interface Owed {
  namespace: string;
  room: string;
  log: RoomLog;
}

const RETRY_INTERVAL_MS = 1_000;
/** Each reads a page; all rooms at once, after a restore, would keep joins waiting. */
const ROOMS_AT_ONCE = 4;

/**
 * The rooms whose members are to be told that what they hold is not what Postgres has. A room is owed its reload until that
 * has succeeded, or nobody is in it any more: Postgres may go away again meanwhile.
 */
export class RoomReloads implements Service {
  readonly name = "room reloads";
  private readonly owed = new Map<string, Owed>();
  private readonly task: RepeatedTask;

  constructor(private readonly options: RoomReloadsOptions) {
    const { name } = this;
    const { clock, onError } = options;
    this.task = new RepeatedTask({ name, run: () => this.run(), intervalMs: RETRY_INTERVAL_MS, clock, onError });
  }

  /** The room is another one than its members here have followed. */
  add(namespace: string, room: string): void {
    const { logs } = this.options;
    const log = logs.find(namespace, room);
    if (log) {
      logs.reset(namespace, room);
      this.owed.set(roomKeyOf(namespace, room), { namespace, room, log });
      void this.task.runSoon();
    }
  }

  start(): Promise<void> {
    return this.task.start();
  }

  stop(): Promise<void> {
    return this.task.stop();
  }

  private async run(): Promise<void> {
    const { isAvailable, onBegin } = this.options;
    const waiting = [...this.owed];
    if (waiting.length > 0 && isAvailable()) {
      onBegin();
    }
    while (waiting.length > 0 && isAvailable()) {
      await Promise.all(waiting.splice(0, ROOMS_AT_ONCE).map(([key, owed]) => this.reload(key, owed)));
    }
  }

  private async reload(key: string, owed: Owed): Promise<void> {
    const { logs, reload, onError } = this.options;
    const { namespace, room, log } = owed;
    try {
      if (logs.find(namespace, room) === log) {
        await reload(namespace, room);
      }
    } catch (error) {
      onError(error);
      return;
    }
    // It may have become another one again.
    if (this.owed.get(key) === owed) {
      this.owed.delete(key);
    }
  }
}
