import type { RoomfulConfig } from "../config/config";
import type { Clock, Timer } from "../lifecycle/clock";
import { RepeatedTask } from "../lifecycle/repeated-task";
import type { Service } from "../lifecycle/service";
import type { DrainResult, OutboxCounts, OutboxRecord, OutboxRepository } from "../repositories/outbox-repository";

export interface OutboxDrainOptions {
  config: RoomfulConfig["outbox"];
  outbox: Pick<OutboxRepository, "look" | "drain" | "setAside" | "count">;
  namespaces: readonly string[];
  /** What keeps a row from being a message; undefined: nothing does. */
  refusalOf(row: OutboxRecord): string | undefined;
  /** `repeat`: at once; `retry`: later; `poison`: some row can never be appended. */
  classifyError(error: unknown): "repeat" | "retry" | "poison";
  clock: Clock;
  random: () => number;
  /** A row was appended and is gone; `duplicate`: its message was there already. Called in the order of the room. */
  onDrained(row: OutboxRecord, result: DrainResult): void;
  /** A row was set aside, for a person to look at. */
  onSetAside(row: OutboxRecord, failure: string): void;
  /** Somebody else holds the room's row, or rows of the outbox for it: these wait, and other rooms go on. */
  onLocked(row: OutboxRecord): void;
  onError(error: unknown): void;
}

/** A room that was found locked. */
interface LockedRoom {
  failures: number;
  dueAtMs: number;
}

/** Nodes that are woken by one commit do not all look at the same moment: the first finds it, the others nothing. */
const WAKE_SPREAD_MS = 10;
/** Another node is draining all that is left, and may end in the middle of it. */
const BUSY_RETRY_MS = 50;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5_000;
/** Calls that met another one, one after the other. */
const MAX_REPEATS = 5;
/** A statement that Postgres does not answer must not use up the time in which the service has to stop. */
const STOP_TIMEOUT_MS = 2_000;

/** What a batch of rows and its parts have in common. */
interface AppendCall {
  /** For what somebody else holds; for a second. */
  mayWait: boolean;
  /** Rooms of which a row was not appended. */
  left: Set<string>;
}

/**
 * Moves what other programs have committed into its rooms.
 *
 * It looks, appends and removes, and looks again until nothing is left. What it looks for is what is there, not what lies
 * behind some place: a row that is committed late, with an early place, is read by the next look. Which rows of a room
 * come first is settled by the look, and by the room's lock, which one node holds from the append to its commit.
 *
 * A node that ends between commit and broadcast leaves messages that are stored and not shown: other nodes find them in
 * the table as they find all that they have missed (`RoomRefresher`).
 */
export class OutboxDrain implements Service {
  readonly name = "outbox";
  private readonly task: RepeatedTask;
  private next: { timer: Timer; dueAtMs: number } | undefined;
  private isStopped = false;
  private mayTell = true;
  private failures = 0;
  private readonly locked = new Map<string, LockedRoom>();
  /** Where the last look ended, when rooms were left behind it. */
  private after: { namespace: string; room: string } | undefined;
  private countedAtMs = Number.NEGATIVE_INFINITY;
  private lastCounts: OutboxCounts = { waiting: 0, oldestAgeMs: 0, setAside: 0 };

  constructor(private readonly options: OutboxDrainOptions) {
    const { name } = this;
    const { config, clock, onError } = options;
    this.task = new RepeatedTask({ name, run: () => this.run(), intervalMs: config.pollIntervalMs, clock, onError });
  }

  /** What waited when it was last counted. */
  get counts(): OutboxCounts {
    return this.lastCounts;
  }

  async start(): Promise<void> {
    // Not awaited: a node need not have drained everything before it is ready.
    void this.task.start();
  }

  /** Ends after the rows that are being drained; where that takes long, their rooms are not told. */
  async stop(): Promise<void> {
    this.isStopped = true;
    this.next?.timer.clear();
    let endWait = (): void => {};
    const timeout = new Promise<void>((resolve) => {
      endWait = resolve;
    });
    const timer = this.options.clock.setTimer(endWait, STOP_TIMEOUT_MS);
    await Promise.race([this.task.stop(), timeout]);
    timer.clear();
    this.mayTell = false;
  }

  /** Something was committed. */
  wake(): void {
    this.lookIn(WAKE_SPREAD_MS * this.options.random());
  }

  private lookIn(delayMs: number): void {
    const { clock } = this.options;
    const dueAtMs = clock.monotonicMs() + delayMs;
    if (this.isStopped || (this.next && this.next.dueAtMs <= dueAtMs)) {
      return;
    }
    this.next?.timer.clear();
    const timer = clock.setTimer(() => {
      this.next = undefined;
      void this.task.runSoon();
    }, delayMs);
    this.next = { timer, dueAtMs };
  }

  /** Never rejects: what fails is tried again later. */
  private async run(): Promise<void> {
    const { onError } = this.options;
    try {
      const lookInMs = await this.drainAll();
      this.failures = 0;
      if (lookInMs !== undefined) {
        this.lookIn(lookInMs);
      }
      await this.count();
    } catch (error) {
      onError(error);
      this.lookIn(this.retryInMs(this.failures));
      this.failures += 1;
    }
  }

  private retryInMs(failures: number): number {
    const ceilingMs = Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
    return ceilingMs * (0.5 + this.options.random() / 2);
  }

  /** Answers when to look again, if rows are left that somebody else has. */
  private async drainAll(): Promise<number | undefined> {
    const { outbox, namespaces, config, clock, random } = this.options;
    const limit = config.batchSize;
    while (!this.isStopped) {
      const { after } = this;
      const rows = await outbox.look({ namespaces, limit, after });
      if (rows.length === 0 && !after) {
        this.locked.clear();
        return undefined;
      }
      // With as many rooms as rows, there may be more rooms: the next look begins behind these.
      const rooms = new Set(rows.map(keyOf));
      this.after = rooms.size >= limit ? rows.at(-1) : undefined;
      if (rows.length > 0 && (await this.drain(rows)) === 0) {
        // Another node is draining what is left, unless all of it is locked.
        const dueAtMs = Math.min(...[...rooms].map((room) => this.locked.get(room)?.dueAtMs ?? 0));
        return Math.max(BUSY_RETRY_MS * (0.5 + random() / 2), dueAtMs - clock.monotonicMs());
      }
    }
    return undefined;
  }

  /** Appends the rows, and sets aside those that cannot be; answers how many are out of the way. */
  private async drain(rows: readonly OutboxRecord[]): Promise<number> {
    const { refusalOf, clock } = this.options;
    const nowMs = clock.monotonicMs();
    const free: OutboxRecord[] = [];
    const locked: OutboxRecord[] = [];
    let done = 0;
    for (const row of rows) {
      const refusal = refusalOf(row);
      const lock = this.locked.get(keyOf(row));
      if (refusal !== undefined) {
        done += await this.setAside(row, refusal);
      } else if (!lock) {
        free.push(row);
      } else if (lock.dueAtMs <= nowMs) {
        locked.push(row);
      }
    }
    done += await this.append(free, { mayWait: true, left: new Set() });
    done += await this.append(locked, { mayWait: false, left: new Set() });
    return done;
  }

  private async append(given: readonly OutboxRecord[], call: AppendCall): Promise<number> {
    const { outbox, classifyError } = this.options;
    // What comes behind a row that was left must not pass it.
    const rows = given.filter((row) => !call.left.has(keyOf(row)));
    for (let repeats = 0; rows.length > 0; repeats += 1) {
      try {
        const results = await outbox.drain(
          rows.map(({ position }) => position),
          call.mayWait,
        );
        const locked = new Set(results.flatMap(({ position, status }) => (status === "locked" ? [position] : [])));
        const done = results.filter((result): result is DrainResult => result.status !== "locked");
        this.tell(rows, done);
        this.leave(rows, done, locked, call);
        return done.length;
      } catch (error) {
        const kind = classifyError(error);
        if (kind === "poison") {
          return this.bisect(rows, call, error);
        }
        if (kind === "retry" || repeats >= MAX_REPEATS) {
          throw error;
        }
      }
    }
    return 0;
  }

  /** Finds the row that can never be appended. The first half goes first: the order of a room is that of the places. */
  private async bisect(rows: readonly OutboxRecord[], call: AppendCall, cause: unknown): Promise<number> {
    const [only, second] = rows;
    if (only && !second) {
      const { code } = cause as { code?: unknown };
      return this.setAside(only, `STORAGE_REJECTED: Postgres refuses it (${code})`);
    }
    const middle = rows.length >> 1;
    return (await this.append(rows.slice(0, middle), call)) + (await this.append(rows.slice(middle), call));
  }

  /** Notes the rooms whose rows are still there, and when those that are locked are tried again. */
  private leave(
    rows: readonly OutboxRecord[],
    done: readonly DrainResult[],
    locked: ReadonlySet<number>,
    { left }: AppendCall,
  ): void {
    const { clock, onLocked } = this.options;
    const positions = new Set(done.map(({ position }) => position));
    const isLocked = new Map<string, OutboxRecord>();
    for (const row of rows) {
      if (!positions.has(row.position)) {
        left.add(keyOf(row));
      }
      if (locked.has(row.position)) {
        isLocked.set(keyOf(row), row);
      }
    }
    for (const room of new Set(rows.map(keyOf))) {
      const row = isLocked.get(room);
      const failures = this.locked.get(room)?.failures ?? 0;
      if (!row) {
        this.locked.delete(room);
        continue;
      }
      this.locked.set(room, { failures: failures + 1, dueAtMs: clock.monotonicMs() + this.retryInMs(failures) });
      if (failures === 0) {
        onLocked(row);
      }
    }
  }

  private async setAside(row: OutboxRecord, failure: string): Promise<number> {
    const isMine = await this.options.outbox.setAside(row.position, failure);
    if (isMine) {
      this.options.onSetAside(row, failure);
    }
    return Number(isMine);
  }

  private tell(rows: readonly OutboxRecord[], results: readonly DrainResult[]): void {
    const { onDrained, onSetAside, onError } = this.options;
    const rowAt = new Map(rows.map((row) => [row.position, row]));
    for (const result of this.mayTell ? results : []) {
      const row = rowAt.get(result.position);
      try {
        if (row && result.failure === null) {
          onDrained(row, result);
        } else if (row) {
          onSetAside(row, result.failure ?? "");
        }
      } catch (error) {
        // It is stored: whoever listens must not keep the others from being told.
        onError(error);
      }
    }
  }

  private async count(): Promise<void> {
    const { outbox, config, clock } = this.options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.countedAtMs >= config.pollIntervalMs) {
      this.lastCounts = await outbox.count();
      this.countedAtMs = nowMs;
    }
  }
}

/** Neither namespaces nor rooms hold a space. */
function keyOf({ namespace, room }: OutboxRecord): string {
  return `${namespace} ${room}`;
}
