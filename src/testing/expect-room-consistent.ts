import { setTimeout as delay } from "node:timers/promises";

import { accountOf } from "./client-account";
import { checkRoom, type RoomFaults, type RoomReader, type Witness } from "./room-check";
import { readRoom } from "./room-table";
import type { TestClient } from "./test-client";

export interface RoomConsistencyOptions {
  /** @default "/" */
  namespace?: string;
  /** Rooms of `roomful-client` that are to agree as well. */
  readers?: readonly RoomReader[];
  /** How long what is on its way is waited for. @default 30_000 */
  patienceMs?: number;
}

export interface RoomConsistencyParts {
  database: string;
  clients: readonly TestClient[];
  mayHaveLost: boolean;
}

const LOOK_AGAIN_MS = 50;
const LINES = 20;

/** Resolves when clients, readers and table agree about a room; throws at once what cannot come right any more. */
export async function expectRoomConsistent(
  room: string,
  { namespace = "/", readers = [], patienceMs = 30_000 }: RoomConsistencyOptions,
  { database, clients, mayHaveLost }: RoomConsistencyParts,
): Promise<void> {
  const members = clients.filter((client) => client.namespace === namespace);
  const named = new Map(readers.map((reader, index) => [`reader ${index}`, reader]));
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    // The clients first: what they were told was stored by then.
    const witnesses = witnessesOf(members, room);
    const table = await readRoom(database, namespace, room);
    const faults = checkRoom({ table, witnesses, readers: named, mayHaveLost });
    if (faults.wrong.length + faults.missing.length === 0) {
      return;
    }
    if (faults.wrong.length > 0 || performance.now() > deadlineMs) {
      throw new Error(describe(room, namespace, faults, table.rows.length));
    }
    await delay(LOOK_AGAIN_MS);
  }
}

/** The clients that have to do with the room; several of one user are told apart by their order. */
function witnessesOf(members: readonly TestClient[], room: string): Witness[] {
  const counts = new Map<string, number>();
  return members.flatMap(({ userId, steps }) => {
    const account = accountOf(userId, steps, room);
    if (
      account.completeAbove === undefined &&
      account.sends.length + account.showings.length + account.claims.length === 0
    ) {
      return [];
    }
    const count = (counts.get(userId) ?? 0) + 1;
    counts.set(userId, count);
    return [{ name: count === 1 ? userId : `${userId} (client ${count})`, account }];
  });
}

function describe(room: string, namespace: string, { wrong, missing }: RoomFaults, count: number): string {
  const lines = [...wrong, ...missing];
  const more = lines.length > LINES ? [`  ... and ${lines.length - LINES} more`] : [];
  const where = namespace === "/" ? room : `${room} of ${namespace}`;
  return [
    `Room ${where}, with ${count} stored messages, is not as its clients have seen it:`,
    ...lines.slice(0, LINES).map((line) => `  ${line}`),
    ...more,
  ].join("\n");
}
