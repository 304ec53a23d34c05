import type { LiveMessage } from "../../src/contract/events";
import { NumberedKeys } from "../../src/room-log/numbered-keys";
import { RoomLog } from "../../src/room-log/room-log";
import { TestClock } from "../../src/testing/test-clock";

/** A log by itself, of which nothing is known yet. */
export function createRoomLog(ringMessages: number): RoomLog {
  return new RoomLog({ ringMessages, numbered: new NumberedKeys(), clock: new TestClock({ isFrozen: true }) });
}

/** All that is shown in it and not numbered. */
export function pendingOf(log: RoomLog): LiveMessage[] {
  return log.pending(Number.POSITIVE_INFINITY).pending;
}
