import type { LiveMessage, MessageKey } from "../../../src/contract/events";
import type { PlacedKey } from "../../../src/repositories/message-repository";
import { RoomLogs } from "../../../src/room-log/room-logs";
import { UnsettledMessages } from "../../../src/room-log/unsettled-messages";
import { TestClock } from "../../../src/testing/test-clock";

const WAIT_MS = 30_000;

function setup() {
  const clock = new TestClock({ isFrozen: true });
  const logs = new RoomLogs({
    config: { ringMessages: 16, ringBytes: 1_000 },
    clock,
    waitingIn: () => [],
    onDoubt: () => {},
  });
  const asked: MessageKey[][] = [];
  const told: string[] = [];
  const waiting = new Set<string>();
  const table = {
    places: [] as PlacedKey[],
    answering: Promise.resolve(),
    /** Rooms whose rows somebody holds. */
    held: new Set<string>(),
    isStoring: true,
  };
  const unsettled = new UnsettledMessages({
    messages: {
      async placesOf(keys) {
        asked.push([...keys]);
        await table.answering;
        return table.places;
      },
      heldRooms: async (rooms) => rooms.filter(({ room }) => table.held.has(room)),
    },
    ...{ logs, clock },
    isStoring: () => table.isStoring,
    isWaiting: (_userId, id) => waiting.has(id),
    onFound: (_namespace, room, { epoch, items }) =>
      told.push(`${room} ${epoch}: ${items.map(({ seq, key: [, id] }) => `${id} is ${seq}`).join()}`),
    onLost: (_namespace, room, lost) =>
      told.push(`${room}: ${lost.map(({ key: [, id], isElsewhere }) => `${id}${isElsewhere ? "!" : ""}`)} lost`),
  });
  const show = (room: string, id: string) => {
    const message: LiveMessage = {
      ...{ id, room, type: "text", content: "hi", tip: 0, userId: "alice", username: "Alice" },
      ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
    };
    logs.observe("/", "message", message);
  };
  const place = (room: string, id: string, seq: number) =>
    table.places.push({ namespace: "/", room, userId: "alice", id, seq, epoch: "e1" });
  logs.retain("/", "general");
  logs.retain("/", "other");
  return { clock, logs, unsettled, asked, told, waiting, table, show, place };
}

it("asks for all rooms at once what became of what is shown for long, and tells it", async () => {
  const { clock, unsettled, asked, told, show, place } = setup();
  show("general", "stored");
  show("general", "lost");
  show("other", "stored too");
  show("other", "stored elsewhere");
  await clock.advance(WAIT_MS - 1);
  show("general", "young");
  await unsettled.settle();
  expect(asked).toEqual([]);

  await clock.advance(1);
  place("general", "stored", 7);
  place("other", "stored too", 8);
  place("general", "stored elsewhere", 9);
  await unsettled.settle();

  expect(asked.map((keys) => keys.map(([, id]) => id))).toEqual([["stored", "lost", "stored too", "stored elsewhere"]]);
  expect(told).toEqual([
    "general e1: stored is 7",
    "general: lost lost",
    "other e1: stored too is 8",
    "other: stored elsewhere! lost",
  ]);
});

it("gives up nothing that this node is still about to store", async () => {
  const { clock, unsettled, asked, told, waiting, show } = setup();
  waiting.add("mine");
  show("general", "mine");
  await clock.advance(10 * WAIT_MS);

  await unsettled.settle();

  expect([asked, told]).toEqual([[], []]);
});

it("gives up nothing while Postgres answers and stores nothing", async () => {
  const { clock, unsettled, told, table, show } = setup();
  show("general", "another node's");
  table.isStoring = false;
  await clock.advance(10 * WAIT_MS);

  await unsettled.settle();
  expect(told).toEqual([]);
});

it("gives up nothing in a room whose row somebody holds, or held a moment ago", async () => {
  const { clock, unsettled, told, table, show, place } = setup();
  show("general", "another node's");
  show("other", "a dead node's");
  await clock.advance(10 * WAIT_MS);
  table.held.add("general");
  await unsettled.settle();
  expect(told).toEqual(["other: a dead node's lost"]);

  table.held.clear();
  await clock.advance(WAIT_MS / 2);
  await unsettled.settle();
  place("general", "another node's", 5);
  await clock.advance(WAIT_MS / 2);
  await unsettled.settle();
  expect(told.filter((each) => each.startsWith("general"))).toEqual(["general e1: another node's is 5"]);
});

it("gives up what is lost once the room's row has been free for as long", async () => {
  const { clock, unsettled, told, table, show } = setup();
  show("general", "a dead node's");
  await clock.advance(WAIT_MS);
  table.held.add("general");
  await unsettled.settle();
  table.held.clear();
  await clock.advance(WAIT_MS + 1);

  await unsettled.settle();

  expect(told).toEqual(["general: a dead node's lost"]);
});

it("gives up nothing that is sent again while the table is asked, here or elsewhere", async () => {
  const { clock, unsettled, told, waiting, table, show } = setup();
  show("general", "here");
  show("general", "elsewhere");
  await clock.advance(WAIT_MS);
  let answer = () => {};
  table.answering = new Promise((resolve) => {
    answer = resolve;
  });
  const settling = unsettled.settle();
  waiting.add("here");
  answer();
  await settling;
  expect(told).toEqual(["general: elsewhere lost"]);

  show("general", "elsewhere");
  await unsettled.settle();
  expect(told).toHaveLength(1);
});

it("gives up nothing before Postgres has answered for as long: other nodes write out what they hold", async () => {
  const { clock, unsettled, told, show, place } = setup();
  show("general", "another node's");
  show("general", "a dead node's");
  await clock.advance(10 * WAIT_MS);
  unsettled.beginAnew();
  await unsettled.settle();
  expect(told).toEqual([]);

  await clock.advance(WAIT_MS);
  place("general", "another node's", 5);
  await unsettled.settle();

  expect(told).toEqual(["general e1: another node's is 5", "general: a dead node's lost"]);
});

it("looks at younger ones after a loss, once, and numbers them only", async () => {
  const { clock, unsettled, asked, told, show, place } = setup();
  await clock.advance(WAIT_MS);
  show("general", "stored");
  show("general", "under way");
  place("general", "stored", 7);
  await clock.advance(1_000);

  unsettled.expectLosses();
  await unsettled.settle();
  await unsettled.settle();

  expect(asked).toHaveLength(1);
  expect(told).toEqual(["general e1: stored is 7"]);
});

it("tells nothing of what is settled while the table is asked", async () => {
  const { clock, logs, unsettled, told, table, show } = setup();
  show("general", "a");
  await clock.advance(WAIT_MS);
  let answer = (): void => {};
  table.answering = new Promise((resolve) => {
    answer = resolve;
  });

  const settling = unsettled.settle();
  logs.observe("/", "stored", { room: "general", epoch: "e1", runs: [{ from: 1, items: [["alice", "a"]] }] });
  answer();
  await settling;

  expect(told).toEqual([]);
});
