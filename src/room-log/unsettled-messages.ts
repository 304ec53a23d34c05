import type { MessageKey } from "../contract/events";
import type { Clock } from "../lifecycle/clock";
import type { MessageRepository, PlacedKey } from "../repositories/message-repository";
import { roomKeyOf } from "./room-key";
import type { RoomLog } from "./room-log";
import type { RoomLogs } from "./room-logs";

/** A message's key, and its number in the table. */
interface FoundKey {
  seq: number;
  key: MessageKey;
}

export interface LostKey {
  key: MessageKey;
  /** Another message is stored under it, in another room. */
  isElsewhere: boolean;
}

export interface UnsettledMessagesOptions {
  messages: Pick<MessageRepository, "placesOf" | "heldRooms">;
  logs: Pick<RoomLogs, "inUse">;
  clock: Pick<Clock, "monotonicMs">;
  /** Postgres commits what it is given, as far as this node knows. */
  isStoring(): boolean;
  /** This node is still about to store it. */
  isWaiting(userId: string, id: string): boolean;
  /** They are stored, and nobody said so here. */
  onFound(namespace: string, room: string, found: { epoch: string; items: FoundKey[] }): void;
  /** They are not stored, and nobody is left who would store them. */
  onLost(namespace: string, room: string, lost: LostKey[]): void;
}

interface Unsettled {
  namespace: string;
  room: string;
  log: RoomLog;
  key: MessageKey;
  shownAtMs: number;
}

/**
 * What is shown for longer than this without a number is looked up. No node admits messages while its oldest is older, but
 * into rooms whose rows somebody holds.
 */
const SETTLED_AFTER_MS = 30_000;
/** After a loss younger ones are looked up too: their numbers may be lost. */
const SETTLED_AFTER_LOSS_MS = 1_000;
/** Keys of one query; the others come with the next look. */
const MAX_KEYS = 5_000;

/**
 * Finds out what became of messages that were shown and never numbered or retracted: the node that had admitted them was
 * killed, or what it said was lost.
 *
 * One that is not in the table is given up when it was shown more than 30 s ago, is not in this node's own buffer, and Postgres
 * has answered this node and stored for all of the last 30 s: another node that lives has written out its own by then, unless
 * somebody holds the room's row. Should it not have (Postgres was away for it alone), it is numbered after all when it comes, and
 * shown again.
 */
export class UnsettledMessages {
  private answersSinceMs: number;
  private isAfterLoss = false;
  /** When a look found somebody else's lock on the room's row, by room. */
  private readonly heldAtMs = new Map<string, number>();

  constructor(private readonly options: UnsettledMessagesOptions) {
    this.answersSinceMs = options.clock.monotonicMs();
  }

  /** Postgres was away, or is another: what could not be stored meanwhile is given its time. */
  beginAnew(): void {
    this.answersSinceMs = this.options.clock.monotonicMs();
  }

  /** What other nodes said may be lost: the next look is at younger messages too. */
  expectLosses(): void {
    this.isAfterLoss = true;
  }

  /** Looks at all rooms, in one query. */
  async settle(): Promise<void> {
    const nowMs = this.options.clock.monotonicMs();
    const unsettled = this.shownUntil(nowMs - (this.isAfterLoss ? SETTLED_AFTER_LOSS_MS : SETTLED_AFTER_MS));
    this.isAfterLoss = false;
    if (unsettled.length === 0) {
      return;
    }
    const places = await this.options.messages.placesOf(unsettled.map(({ key }) => key));
    const placeOf = new Map(places.map((place) => [nameOf([place.userId, place.id]), place]));
    const lostBeforeMs = nowMs - SETTLED_AFTER_MS;
    const inRooms = byRoom(unsettled);
    if (this.options.isStoring() && this.answersSinceMs <= lostBeforeMs) {
      await this.findHeld(
        unsettled.filter(({ key, shownAtMs }) => shownAtMs <= lostBeforeMs && !placeOf.has(nameOf(key))),
        nowMs,
      );
    }
    const mayBeLost = this.options.isStoring() && this.answersSinceMs <= lostBeforeMs;
    for (const [roomKey, inRoom] of inRooms) {
      const isLost = mayBeLost && !this.heldAtMs.has(roomKey);
      this.settleRoom(inRoom, placeOf, isLost ? lostBeforeMs : Number.NEGATIVE_INFINITY);
    }
  }

  /** Notes whose rows somebody holds: a node that lives may wait for them with what it has shown. */
  private async findHeld(candidates: readonly Unsettled[], nowMs: number): Promise<void> {
    for (const [roomKey, atMs] of this.heldAtMs) {
      if (atMs < nowMs - SETTLED_AFTER_MS) {
        this.heldAtMs.delete(roomKey);
      }
    }
    const rooms = [...byRoom(candidates).values()].map(([{ namespace, room }]) => ({ namespace, room }));
    for (const { namespace, room } of rooms.length > 0 ? await this.options.messages.heldRooms(rooms) : []) {
      this.heldAtMs.set(roomKeyOf(namespace, room), nowMs);
    }
  }

  private shownUntil(ms: number): Unsettled[] {
    const unsettled: Unsettled[] = [];
    for (const { namespace, room, log } of this.options.logs.inUse()) {
      for (const { message, lastShownAtMs: shownAtMs } of log.shownUntil(ms)) {
        const { userId, id } = message;
        if (unsettled.length < MAX_KEYS && !this.options.isWaiting(userId, id)) {
          unsettled.push({ namespace, room, log, key: [userId, id], shownAtMs });
        }
      }
    }
    return unsettled;
  }

  private settleRoom(
    [first, ...others]: [Unsettled, ...Unsettled[]],
    placeOf: ReadonlyMap<string, PlacedKey>,
    lostBeforeMs: number,
  ): void {
    const { namespace, room, log } = first;
    const items: FoundKey[] = [];
    const lost: LostKey[] = [];
    let epoch = "";
    for (const { key, shownAtMs } of [first, ...others]) {
      const place = placeOf.get(nameOf(key));
      const isHere = place?.namespace === namespace && place.room === room;
      if (!log.isPending(...key) || this.options.isWaiting(...key)) {
        // Settled while the table was asked, or sent here again.
        continue;
      }
      if (isHere) {
        items.push({ seq: place.seq, key });
        epoch = place.epoch;
      } else if (place || shownAtMs <= lostBeforeMs) {
        lost.push({ key, isElsewhere: place !== undefined });
      }
    }
    if (items.length > 0) {
      this.options.onFound(namespace, room, { epoch, items });
    }
    if (lost.length > 0) {
      this.options.onLost(namespace, room, lost);
    }
  }
}

function byRoom(unsettled: readonly Unsettled[]): Map<string, [Unsettled, ...Unsettled[]]> {
  const rooms = new Map<string, [Unsettled, ...Unsettled[]]>();
  for (const each of unsettled) {
    const key = roomKeyOf(each.namespace, each.room);
    const known = rooms.get(key);
    if (known) {
      known.push(each);
    } else {
      rooms.set(key, [each]);
    }
  }
  return rooms;
}

/** Users' ids may hold any character but NUL. */
function nameOf([userId, id]: MessageKey): string {
  return `${userId}\0${id}`;
}
