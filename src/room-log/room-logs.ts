import type { RoomfulConfig } from "../config/config";
import type { LiveMessage, ServerPayload, StoredRuns } from "../contract/events";
import { SYSTEM_MESSAGE_TYPE } from "../contract/names";
import type { Clock } from "../lifecycle/clock";
import { NumberedKeys } from "./numbered-keys";
import { roomKeyOf } from "./room-key";
import { RoomLog } from "./room-log";

interface Entry {
  namespace: string;
  room: string;
  log: RoomLog;
  /** Local sockets in the room. */
  members: number;
}

export interface RoomLogsOptions {
  config: RoomfulConfig["catchUp"];
  clock: Pick<Clock, "monotonicMs">;
  /** What this node has shown in the room and is still about to store. */
  waitingIn(namespace: string, room: string): LiveMessage[];
  /** What was delivered is at odds with what a log holds: it is to be compared with the table. */
  onDoubt(): void;
}

/** The logs of all rooms in use on this node: a room has one from its first local member to its last, whatever it holds. */
export class RoomLogs {
  private readonly entries = new Map<string, Entry>();
  /** Rooms whose rings hold something, the one that was fed longest ago first. */
  private readonly fed = new Set<Entry>();
  private readonly numbered = new NumberedKeys();
  private ringBytes = 0;

  constructor(private readonly options: RoomLogsOptions) {}

  find(namespace: string, room: string): RoomLog | undefined {
    return this.entries.get(roomKeyOf(namespace, room))?.log;
  }

  /** The room's log, for one more local member. */
  retain(namespace: string, room: string): RoomLog {
    const key = roomKeyOf(namespace, room);
    let entry = this.entries.get(key);
    if (!entry) {
      const { config, clock } = this.options;
      const { numbered } = this;
      entry = { namespace, room, log: new RoomLog({ ringMessages: config.ringMessages, numbered, clock }), members: 0 };
      this.entries.set(key, entry);
      // Shown to earlier members, whose log has gone with them.
      for (const message of this.options.waitingIn(namespace, room)) {
        entry.log.show(message);
      }
    }
    entry.members += 1;
    return entry.log;
  }

  /** One local member less. */
  release(namespace: string, room: string): void {
    const entry = this.entries.get(roomKeyOf(namespace, room));
    if (!entry) {
      return;
    }
    entry.members -= 1;
    if (entry.members <= 0) {
      // Not kept for what is shown and not numbered: what would end that may be lost.
      this.dropRing(entry);
      this.entries.delete(roomKeyOf(namespace, room));
    }
  }

  /** Forgets the room that was followed: it is another one now. */
  reset(namespace: string, room: string): void {
    const entry = this.entries.get(roomKeyOf(namespace, room));
    if (entry) {
      this.dropRing(entry);
      entry.log.reset();
    }
  }

  /** Forgets the stored messages of a room: some are gone from the table. */
  dropRingOf(namespace: string, room: string): void {
    const entry = this.entries.get(roomKeyOf(namespace, room));
    if (entry) {
      this.dropRing(entry);
    }
  }

  /** Nothing counts any more until it was compared with the table. */
  doubt(): void {
    this.dropRings();
    for (const { log } of this.entries.values()) {
      log.doubt();
    }
  }

  /** True while the room has local members and this is its log. */
  isInUse(namespace: string, room: string, log: RoomLog): boolean {
    const entry = this.entries.get(roomKeyOf(namespace, room));
    return entry?.log === log;
  }

  /** Rooms with local members. */
  inUse(): { namespace: string; room: string; log: RoomLog }[] {
    return [...this.entries.values()];
  }

  /** Takes what this node delivers. What another program emits into a room under our words is shown, and not kept. */
  observe(namespace: string, event: string, payload: unknown): void {
    if (event === "message") {
      this.observeMessage(namespace, payload as LiveMessage);
    } else if (event === "stored") {
      const stored = payload as ServerPayload<"stored">;
      if (areRuns(stored)) {
        this.feed(namespace, stored.room, (log) => log.number(stored));
      }
    } else if (event === "retracted") {
      const { room, userId, id } = payload as ServerPayload<"retracted">;
      this.feed(namespace, room, (log) => log.retract(userId, id));
    }
  }

  /** Forgets all stored messages: what was missed while broadcasts were lost is not known. */
  dropRings(): void {
    for (const entry of this.fed) {
      this.dropRing(entry);
    }
  }

  private observeMessage(namespace: string, message: LiveMessage): void {
    const isOurs =
      [message.room, message.userId, message.id, message.content].every((each) => typeof each === "string") &&
      (message.seq === undefined || isSeq(message.seq)) &&
      (message.stored === undefined || areRuns(message.stored));
    if (isOurs && message.type !== SYSTEM_MESSAGE_TYPE) {
      this.feed(namespace, message.room, (log) => {
        if (message.stored) {
          log.number(message.stored);
        }
        log.show(message);
      });
    }
  }

  private feed(namespace: string, room: string, change: (log: RoomLog) => void): void {
    const entry = this.entries.get(roomKeyOf(namespace, room));
    if (!entry) {
      return;
    }
    const { ringBytes: bytesBefore, isDoubtful: wasDoubtful } = entry.log;
    change(entry.log);
    this.ringBytes += entry.log.ringBytes - bytesBefore;
    this.fed.delete(entry);
    this.fed.add(entry);
    for (const stalest of this.fed) {
      if (this.ringBytes <= this.options.config.ringBytes) {
        break;
      }
      this.dropRing(stalest);
    }
    if (entry.log.isDoubtful && !wasDoubtful) {
      this.options.onDoubt();
    }
  }

  private dropRing(entry: Entry): void {
    if (this.fed.delete(entry)) {
      this.ringBytes -= entry.log.ringBytes;
    }
    entry.log.dropRing();
  }
}

function areRuns({ epoch, runs }: StoredRuns): boolean {
  return (
    typeof epoch === "string" &&
    Array.isArray(runs) &&
    runs.every(({ from, items }) => isSeq(from) && Array.isArray(items) && items.every(Array.isArray))
  );
}

function isSeq(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}
