import { setTimeout as delay } from "node:timers/promises";

import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { accountOf } from "../../src/testing/client-account";
import { checkRoom } from "../../src/testing/room-check";
import { readTable, type TableRow } from "../../src/testing/room-table";
import { createRandom } from "../support/random";
import { tries } from "../support/tries";

const INTERLEAVINGS = tries({ few: 200, many: 1_000 });
const AT_ONCE = 20;
const SEED = 20261124;

let server: TestServer;
let senders: TestClient[];
let readers: TestClient[];

beforeAll(async () => {
  server = await startTestServer({ config: { connections: { maxRooms: 0x7fffffff } } });
  const connect = (userId: string): Promise<TestClient> => server.connect({ userId });
  senders = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => connect(`sender-${index}`)));
  readers = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => connect(`reader-${index}`)));
});
afterAll(() => server.close());

interface Interleaving {
  room: string;
  members: TestClient[];
  /** What the reader says it holds already. */
  after: number;
}

/**
 * A reader joins while messages are sent: at a random moment, from the newest page or from a random number, with
 * the room's log in the node's memory or only in the table. What it is answered and what it is shown must be
 * the table, whatever the order in which admission, commit, answer and announcement fall.
 */
async function runOne(index: number, sender: TestClient, reader: TestClient): Promise<Interleaving> {
  const random = createRandom(SEED + index);
  const room = `race-${index}`;
  const count = 1 + Math.floor(random() * 12);
  const isEmptyAtFirst = random() < 0.3;
  await sender.call("join", { room });
  const first = isEmptyAtFirst ? 0 : 1 + Math.floor(random() * 5);
  await Promise.all(range(first).map((number) => sender.call("message", { room, content: `before ${number}` })));
  if (random() < 0.3) {
    // The last member leaves: the log in memory goes.
    await sender.call("leave", { room });
    await sender.call("join", { room });
  }
  const position: { after?: number } = random() < 0.5 ? {} : { after: Math.floor(random() * (first + 1)) };

  const sends: Promise<unknown>[] = [];
  const joinAt = Math.floor(random() * (count + 1));
  for (let number = 0; number <= count; number += 1) {
    if (number === joinAt) {
      sends.push(reader.call("join", { room, ...position, limit: 200 }));
    }
    if (number < count) {
      sends.push(sender.call("message", { room, content: `during ${number}` }));
    }
    if (random() < 0.4) {
      // A flush is due 10 ms after the first message of a batch.
      await delay(random() * 14);
    }
  }
  await Promise.all(sends);
  return { room, members: [sender, reader], after: position.after ?? 0 };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

it(`gives every reader page + live = table, in ${INTERLEAVINGS} interleavings of joins and commits (seed ${SEED})`, async () => {
  const runs: Interleaving[] = [];
  await Promise.all(
    senders.map(async (sender, lane) => {
      for (let index = lane; index < INTERLEAVINGS; index += AT_ONCE) {
        runs.push(await runOne(index, sender, readers[lane] as TestClient));
      }
    }),
  );
  await server.settled();
  await Promise.all(readers.map((reader) => reader.fence()));

  const rowsOf = new Map<string, TableRow[]>();
  for (const row of await readTable(server.database)) {
    rowsOf.set(row.room, [...(rowsOf.get(row.room) ?? []), row]);
  }
  expect(runs).toHaveLength(INTERLEAVINGS);
  for (const { room, members, after } of runs) {
    const rows = rowsOf.get(room) ?? [];
    const accounts = members.map(({ userId, steps }) => ({ name: userId, account: accountOf(userId, steps, room) }));
    const faults = checkRoom({ table: { lastSeq: rows.length, rows }, witnesses: accounts });
    // The reader has to have everything above what it had.
    expect({ room, ...faults, completeAbove: accounts[1]?.account.completeAbove }).toEqual({
      ...{ room, wrong: [], missing: [] },
      completeAbove: after,
    });
  }
});
