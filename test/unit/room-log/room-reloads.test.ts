import { RoomLogs } from "../../../src/room-log/room-logs";
import { RoomReloads } from "../../../src/room-log/room-reloads";
import { TestClock } from "../../../src/testing/test-clock";

const RETRY_MS = 1_000;

async function setup() {
  const clock = new TestClock({ isFrozen: true });
  const logs = new RoomLogs({
    config: { ringMessages: 16, ringBytes: 1_000 },
    clock,
    waitingIn: () => [],
    onDoubt: () => {},
  });
  const told: string[] = [];
  const errors: unknown[] = [];
  const postgres = { isAvailable: true, failsFor: new Set<string>() };
  let begun = 0;
  const reloads = new RoomReloads({
    ...{ logs, clock },
    async reload(namespace, room) {
      if (postgres.failsFor.has(room)) {
        throw new Error(`${room} cannot be read`);
      }
      told.push(`${namespace} ${room}`);
    },
    onBegin() {
      begun += 1;
    },
    isAvailable: () => postgres.isAvailable,
    onError: (error) => errors.push(error),
  });
  await reloads.start();
  return { clock, logs, told, errors, postgres, reloads, begun: () => begun };
}

it("resets a room at once and reloads it", async () => {
  const { logs, reloads, told, begun, clock } = await setup();
  const log = logs.retain("/", "general");
  log.learn({ epoch: "e1", lastSeq: 7, delivery: null });

  reloads.add("/", "general");
  expect(log.isLoaded).toBe(false);
  await clock.advance(0);

  expect([told, begun()]).toEqual([["/ general"], 1]);
  await clock.advance(5 * RETRY_MS);
  expect([told, begun()]).toEqual([["/ general"], 1]);
});

it("owes each room its reload until that has succeeded, whatever becomes of the others", async () => {
  const { logs, reloads, told, errors, postgres, clock } = await setup();
  const rooms = Array.from({ length: 10 }, (_, index) => `room-${index}`);
  postgres.failsFor = new Set(rooms.slice(1));
  for (const room of rooms) {
    logs.retain("/", room);
    reloads.add("/", room);
  }
  await clock.advance(0);
  expect(told).toEqual(["/ room-0"]);
  expect(errors.length).toBeGreaterThanOrEqual(9);

  // Away for a while, as it was noticed.
  postgres.isAvailable = false;
  await clock.advance(5 * RETRY_MS);
  expect(told).toEqual(["/ room-0"]);

  postgres.isAvailable = true;
  postgres.failsFor = new Set();
  await clock.advance(RETRY_MS);
  expect(told).toEqual(rooms.map((room) => `/ ${room}`));
});

it("reloads a room again that becomes another one meanwhile", async () => {
  const { logs, reloads, told, clock } = await setup();
  logs.retain("/", "general");
  reloads.add("/", "general");
  reloads.add("/", "general");
  await clock.advance(0);
  reloads.add("/", "general");
  await clock.advance(0);

  expect(told).toEqual(["/ general", "/ general"]);
});

it("forgets a room that nobody is in any more", async () => {
  const { logs, reloads, told, postgres, clock } = await setup();
  postgres.isAvailable = false;
  logs.retain("/", "general");
  reloads.add("/", "general");
  reloads.add("/", "a room that nobody is in");
  logs.release("/", "general");
  logs.retain("/", "general");
  postgres.isAvailable = true;

  await clock.advance(RETRY_MS);

  expect(told).toEqual([]);
});
