import { setTimeout as delay } from "node:timers/promises";

import type { RoomState } from "../../src";
import { startTestServer, type TestClient, type TestServer } from "../../src/testing";
import { createRandom } from "../support/random";
import { ReaderLog } from "../support/reader-log";
import { readTable } from "../support/table";

const INTERLEAVINGS = 1_000;
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
  log: ReaderLog;
}

/**
 * A reader joins while messages are sent: at a random moment, from the newest page or from a random number, with
 * the room's log in the node's memory or only in the table. What it is answered and what it is shown must be
 * the table, whatever the order in which admission, commit, answer and announcement fall.
 */
async function runOne(index: number, sender: TestClient, reader: TestClient): Promise<Interleaving> {
  const random = createRandom(SEED + index);
  const room = `race-${index}`;
  const log = new ReaderLog();
  const count = 1 + Math.floor(random() * 12);
  const isEmptyAtFirst = random() < 0.3;
  await sender.call("join", { room });
  const first = isEmptyAtFirst ? 0 : 1 + Math.floor(random() * 5);
  const before = await Promise.all(
    range(first).map(async (number) => {
      const content = `before ${number}`;
      const { id, seq } = await sender.call("message", { room, content });
      return { userId: sender.userId, id, seq, content };
    }),
  );
  if (random() < 0.3) {
    // The last member leaves: the log in memory goes.
    await sender.call("leave", { room });
    await sender.call("join", { room });
  }
  const position: { after?: number } = random() < 0.5 ? {} : { after: Math.floor(random() * (first + 1)) };

  let joined: Promise<RoomState> | undefined;
  const sends: Promise<unknown>[] = [];
  const joinAt = Math.floor(random() * (count + 1));
  for (let number = 0; number <= count; number += 1) {
    if (number === joinAt) {
      joined = reader.call("join", { room, ...position, limit: 200 });
    }
    if (number < count) {
      sends.push(sender.call("message", { room, content: `during ${number}` }));
    }
    if (random() < 0.4) {
      // A flush is due 10 ms after the first message of a batch.
      await delay(random() * 14);
    }
  }
  const state = (await joined) as RoomState;
  // It holds what lies before the number that it names.
  log.applyPage(before.filter(({ seq }) => seq <= (position.after ?? 0)));
  log.applyState(state);
  await Promise.all(sends);
  return { room, log };
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
  const logOf = new Map(runs.map(({ room, log }) => [room, log]));
  for (const reader of readers) {
    // In the order in which they came, after the answer of the join.
    for (const message of reader.received("message")) {
      logOf.get(message.room)?.applyMessage(message);
    }
    for (const stored of reader.received("stored")) {
      logOf.get(stored.room)?.applyStored(stored);
    }
  }

  const expected = new Map<string, string[]>();
  for (const { room, content } of await readTable(server.database)) {
    expected.set(room, [...(expected.get(room) ?? []), content]);
  }
  expect(runs).toHaveLength(INTERLEAVINGS);
  for (const { room, log } of runs) {
    const held = [...log.numbered].sort(([a], [b]) => a - b);
    expect({ room, seqs: held.map(([seq]) => seq), contents: held.map(([, content]) => content) }).toEqual({
      room,
      seqs: range(held.length).map((index) => index + 1),
      contents: expected.get(room),
    });
    expect({ room, unnumbered: [...log.unnumbered], unknown: log.unknown }).toEqual({
      room,
      unnumbered: [],
      unknown: [],
    });
  }
}, 120_000);
