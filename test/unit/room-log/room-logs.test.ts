import type { LiveMessage, StoredRuns } from "../../../src/contract/events";
import type { RoomLog } from "../../../src/room-log/room-log";
import { RoomLogs } from "../../../src/room-log/room-logs";
import { TestClock } from "../../../src/testing/test-clock";
import { pendingOf } from "../../support/room-log";

function setup(ringBytes = 1_000_000) {
  const doubts: string[] = [];
  const waiting: LiveMessage[] = [];
  const logs = new RoomLogs({
    config: { ringMessages: 16, ringBytes },
    clock: new TestClock({ isFrozen: true }),
    waitingIn: (_namespace, room) => waiting.filter((each) => each.room === room),
    onDoubt: () => doubts.push("doubt"),
  });

  /** Joins a room whose row is known to be missing. */
  const join = (room: string, namespace = "/"): RoomLog => {
    const log = logs.retain(namespace, room);
    log.learn(null);
    return log;
  };
  const message = (room: string, id: string, parts: Partial<LiveMessage> = {}, namespace = "/") => {
    logs.observe(namespace, "message", {
      ...{ id, room, type: "text", content: "content", tip: 0 },
      ...{ userId: "alice", username: "Alice", color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
      ...parts,
    });
  };
  const stored = (room: string, seq: number, id: string, namespace = "/") => {
    logs.observe(namespace, "stored", { room, ...runOf(seq, id) });
  };
  return { logs, join, message, stored, doubts, waiting };
}

function runOf(seq: number, id: string): StoredRuns {
  return { epoch: "e1", runs: [{ from: seq, items: [["alice", id]] }] };
}

/** What the ring counts for one message of `setup`. */
function bytesOfOne(): number {
  const { join, message } = setup();
  const log = join("general");
  message("general", "a", { seq: 1 });
  return log.ringBytes;
}

describe("a room's log", () => {
  it("begins with the first local member and is shared by the others", () => {
    const { logs } = setup();
    expect(logs.find("/", "general")).toBeUndefined();

    const log = logs.retain("/", "general");

    expect(logs.retain("/", "general")).toBe(log);
    expect(logs.find("/", "general")).toBe(log);
  });

  it("ends with the last member", () => {
    const { logs } = setup();
    const log = logs.retain("/", "general");
    logs.retain("/", "general");

    logs.release("/", "general");
    expect(logs.find("/", "general")).toBe(log);

    logs.release("/", "general");
    expect(logs.find("/", "general")).toBeUndefined();
    expect(logs.retain("/", "general")).not.toBe(log);
  });

  it("is another one in each namespace", () => {
    const { logs, join, message } = setup();
    const log = join("general", "/");
    const other = join("general", "/support");
    expect(other).not.toBe(log);

    message("general", "a", {}, "/support");
    logs.release("/", "general");

    expect(log.hasShown).toBe(false);
    expect(logs.find("/", "general")).toBeUndefined();
    expect(logs.find("/support", "general")?.hasShown).toBe(true);
  });

  it("goes with its last member, whatever it holds, and gives back its memory", () => {
    const { logs, join, message, stored } = setup(2 * bytesOfOne());
    const log = join("general");
    message("general", "stored");
    message("general", "shown, and never settled");
    stored("general", 1, "stored");

    logs.release("/", "general");

    expect(logs.find("/", "general")).toBeUndefined();
    expect(log.ringBytes).toBe(0);
    expect(logs.retain("/", "general")).toMatchObject({ isLoaded: false, epoch: null, hasShown: false });
  });

  it("begins with what this node has shown and is still about to store", () => {
    const { logs, join, message, stored, waiting } = setup();
    const before = join("general");
    message("general", "a");
    waiting.push(...pendingOf(before));
    logs.release("/", "general");

    const log = join("general");
    join("other");

    expect(pendingOf(log)).toMatchObject([{ id: "a" }]);
    stored("general", 1, "a");
    expect(pendingOf(log)).toEqual([]);
    // What it said before the row was read may be a repeat.
    expect(log.range(1, 1)).toBeUndefined();
  });

  it("is not made by releasing a room that nobody is in", () => {
    const { logs } = setup();

    logs.release("/", "general");

    expect(logs.find("/", "general")).toBeUndefined();
  });
});

it("lists the rooms with local members", () => {
  const { logs, join, message } = setup();
  const general = join("general");
  const help = join("help", "/support");
  join("left");
  join("left, with something shown");
  message("left, with something shown", "a");
  logs.release("/", "left");
  logs.release("/", "left, with something shown");

  expect(logs.inUse()).toMatchObject([
    { namespace: "/", room: "general" },
    { namespace: "/support", room: "help" },
  ]);
  expect(logs.inUse().map(({ log }) => log)).toEqual([general, help]);
});

describe("what is delivered", () => {
  it("feeds the room's log: shown, then numbered", () => {
    const { join, message, stored } = setup();
    const log = join("general");

    message("general", "a");
    expect(pendingOf(log)).toMatchObject([{ id: "a" }]);

    stored("general", 1, "a");
    expect(pendingOf(log)).toEqual([]);
    expect(log.range(1, 1)).toMatchObject([{ id: "a", seq: 1 }]);
  });

  it("may carry the numbers of earlier messages", () => {
    const { join, message } = setup();
    const log = join("general");
    message("general", "a");

    message("general", "b", { stored: runOf(1, "a") });

    expect(log.range(1, 1)).toMatchObject([{ id: "a" }]);
    expect(log).toMatchObject({ tip: 1, epoch: "e1" });
    expect(pendingOf(log)).toMatchObject([{ id: "b" }]);
  });

  it("counts the numbers that a message carries before the message", () => {
    const { join, message } = setup();
    const log = join("general");

    // A repeat, carrying the number of its own first showing: it is at the tip then, and not what is stored.
    message("general", "a", { stored: runOf(1, "a") });

    expect(log.range(1, 1)).toBeUndefined();
    expect(pendingOf(log)).toEqual([]);
  });

  it("is doubted when it gives a number to two messages, and not twice", () => {
    const { join, message, stored, doubts } = setup();
    const log = join("general");
    message("general", "a", { seq: 1 });
    expect(log.isDoubtful).toBe(false);

    stored("general", 1, "b");
    stored("general", 1, "b");

    expect([log.isDoubtful, doubts]).toEqual([true, ["doubt"]]);
    expect(log.look().witness).toEqual({ seq: 1, key: "alice\0a" });
  });

  it("is not kept of rooms without members, nor of system messages and other events", () => {
    const { logs, join, message, stored } = setup();
    const log = join("general");

    message("elsewhere", "a");
    stored("elsewhere", 1, "a");
    message("general", "b", { type: "system" });
    logs.observe("/", "typing", { room: "general", userId: "alice", username: "Alice", isTyping: true });

    expect(logs.find("/", "elsewhere")).toBeUndefined();
    expect(log.hasShown).toBe(false);
    expect(log.tip).toBe(0);
  });
});

describe("memory", () => {
  it("is taken from the room that was fed longest ago", () => {
    const { join, message } = setup(2 * bytesOfOne());
    const [a, b, c] = [join("a"), join("b"), join("c")];
    message("a", "1", { seq: 1 });
    message("b", "1", { seq: 1 });
    expect([a, b].map(({ ringBytes }) => ringBytes > 0)).toEqual([true, true]);

    message("c", "1", { seq: 1 });

    expect([a, b, c].map(({ ringBytes }) => ringBytes > 0)).toEqual([false, true, true]);
    expect(a.tip).toBe(1);
  });

  it("counts being fed again, not the time of joining", () => {
    const { join, message } = setup(3 * bytesOfOne());
    const [a, b, c] = [join("a"), join("b"), join("c")];
    message("a", "1", { seq: 1 });
    message("b", "1", { seq: 1 });
    message("a", "2", { seq: 2 });

    message("c", "1", { seq: 1 });

    expect([a, b, c].map((log) => log.range(1, 1) !== undefined)).toEqual([true, false, true]);
  });

  it("is given back by rooms that are left", () => {
    const { logs, join, message } = setup(2 * bytesOfOne());
    join("a");
    const [b, c] = [join("b"), join("c")];
    message("b", "1", { seq: 1 });
    message("a", "1", { seq: 1 });
    logs.release("/", "a");

    message("c", "1", { seq: 1 });

    expect([b, c].map(({ ringBytes }) => ringBytes > 0)).toEqual([true, true]);
  });

  it("is given back by a room that is reset", () => {
    const { logs, join, message } = setup(2 * bytesOfOne());
    const [a, b, c] = [join("a"), join("b"), join("c")];
    message("a", "1", { seq: 1 });

    logs.reset("/", "a");
    expect(a).toMatchObject({ isLoaded: false, tip: 0, ringBytes: 0 });
    message("b", "1", { seq: 1 });
    message("c", "1", { seq: 1 });

    expect([b, c].map(({ ringBytes }) => ringBytes > 0)).toEqual([true, true]);
  });

  it("is not taken at all with 0 bytes", () => {
    const { join, message } = setup(0);
    const log = join("a");

    message("a", "1", { seq: 1 });

    expect(log.ringBytes).toBe(0);
    expect(log.tip).toBe(1);
  });

  it("is given back when all rings are dropped; tips and what was shown stay", () => {
    const { logs, join, message } = setup(2 * bytesOfOne());
    const [a, b, c] = [join("a"), join("b"), join("c")];
    message("a", "1", { seq: 1 });
    message("a", "shown");
    message("b", "1", { seq: 1 });

    logs.dropRings();

    expect([a, b].map(({ ringBytes }) => ringBytes)).toEqual([0, 0]);
    expect(a).toMatchObject({ tip: 1, hasShown: true });
    // Room for two again.
    message("b", "2", { seq: 2 });
    message("c", "1", { seq: 1 });
    expect([b, c].map(({ ringBytes }) => ringBytes > 0)).toEqual([true, true]);
  });
});

describe("a room that everybody has left while something was read", () => {
  it("is in use by its own log only", () => {
    const { logs } = setup();
    const before = logs.retain("/", "general");
    expect(logs.isInUse("/", "general", before)).toBe(true);
    logs.release("/", "general");
    expect(logs.isInUse("/", "general", before)).toBe(false);
    const after = logs.retain("/", "general");

    expect(logs.isInUse("/", "general", before)).toBe(false);
    expect(logs.isInUse("/", "general", after)).toBe(true);
  });
});
