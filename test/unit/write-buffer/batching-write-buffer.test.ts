import { RoomfulError } from "../../../src/contract/roomful-error";
import { TestClock } from "../../../src/testing/test-clock";
import { BatchingWriteBuffer } from "../../../src/write-buffer/batching-write-buffer";
import type { BatchWriter, Settlement } from "../../../src/write-buffer/write-buffer";
import {
  ControlledWriter,
  times,
  WRITE_BUFFER_DEFAULTS,
  type WriteBufferOptions,
  WriteFailure,
  writeBufferSuite,
  writeOut,
} from "../../support/suites/write-buffer-suite";

interface Note {
  group: string;
  name: string;
  text: string;
  bytes: number;
}

interface Written {
  status: "stored" | "duplicate" | "conflict";
  seq: number;
}

const POISON = "poison";

/** Numbers notes per group and answers repeats with their first number, as the table does. */
class MemoryWriter implements BatchWriter<Note, Written> {
  /** Groups that somebody else holds. */
  readonly held = new Set<string>();
  private readonly notes = new Map<string, Note & { seq: number }>();

  async writeBatch(items: readonly Note[]): Promise<(Written | null)[]> {
    if (items.some(({ text }) => text === POISON)) {
      throw new WriteFailure("poison");
    }
    return items.map((note) => {
      if (this.held.has(note.group)) {
        return null;
      }
      const known = this.notes.get(note.name);
      if (known) {
        return { status: known.text === note.text ? "duplicate" : "conflict", seq: known.seq };
      }
      const seq = this.read(note.group).length + 1;
      this.notes.set(note.name, { ...note, seq });
      return { status: "stored", seq };
    });
  }

  rejectionOf({ status }: Written): RoomfulError | undefined {
    return status === "conflict" ? new RoomfulError("IDEMPOTENCY_CONFLICT") : undefined;
  }

  classifyError(): "retry" {
    return "retry";
  }

  read(group: string): string[] {
    return [...this.notes.values()].filter((note) => note.group === group).map(({ name }) => name);
  }
}

interface SetupOptions extends WriteBufferOptions {
  inner?: BatchWriter<Note, Written>;
  onSettled?: (settlements: readonly Settlement<Note, Written>[]) => void;
}

function setup({ config, random = () => 0.5, inner, onSettled }: SetupOptions = {}) {
  const memory = new MemoryWriter();
  const writer = new ControlledWriter(inner ?? memory);
  const clock = new TestClock({ isFrozen: true });
  const settlements: Settlement<Note, Written>[] = [];
  const errors: { error: unknown; failures: number }[] = [];
  const written: { size: number; seconds: number }[] = [];
  const locks: [group: string, isLocked: boolean][] = [];
  const buffer = new BatchingWriteBuffer<Note, Written>({
    config: { ...WRITE_BUFFER_DEFAULTS, ...config },
    trustKeysMs: 15_000,
    traits: {
      keyOf: ({ name }) => name,
      fingerprintOf: ({ text }) => text,
      groupOf: ({ group }) => group,
      bytesOf: ({ bytes }) => bytes,
    },
    ...{ writer, clock, random },
    onSettled(batch) {
      settlements.push(...batch);
      onSettled?.(batch);
    },
    onError: (error, failures) => errors.push({ error, failures }),
    onWritten: (size, seconds) => written.push({ size, seconds }),
    onLocked: (group, isLocked) => locks.push([group, isLocked]),
  });
  const admit = (name: string, note: Partial<Note> = {}) =>
    buffer.admit({ group: "a", name, text: "text", bytes: 10, ...note });
  const namesOf = (items: readonly Note[]) => items.map(({ name }) => name);
  return { buffer, writer, memory, clock, settlements, errors, written, locks, admit, namesOf };
}

const OVERLOADED = expect.objectContaining({ code: "OVERLOADED" });

describe("with a writer in memory", () => {
  writeBufferSuite<Note, Written>(async (options) => {
    const { memory, ...rest } = setup(options);
    return {
      ...rest,
      itemOf: (group, name, text = "text") => ({ group, name, text, bytes: 10 }),
      poisonOf: (group, name) => ({ group, name, text: POISON, bytes: 10 }),
      nameOf: ({ name }) => name,
      seqOf: ({ seq }) => seq,
      read: async (group) => memory.read(group),
      close: async () => {},
    };
  });
});

describe("a flush", () => {
  it("begins when the interval after a lane's first item is over, not earlier", async () => {
    const { admit, clock, writer, namesOf } = setup({ config: { flushIntervalMs: 10 } });
    admit("1");
    await clock.advance(6);
    admit("2");
    await clock.advance(3);
    expect(writer.calls).toEqual([]);

    await clock.advance(1);

    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1", "2"]]);
  });

  it("begins at once with a full batch, and leaves the rest for the interval", async () => {
    const { admit, clock, writer, namesOf } = setup({ config: { maxBatchSize: 3 } });
    for (const name of ["1", "2", "3", "4"]) {
      admit(name);
    }
    await clock.advance(0);
    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1", "2", "3"]]);

    await clock.advance(10);

    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1", "2", "3"], ["4"]]);
  });

  it("takes all items of one turn with an interval of 0, though the clock goes on meanwhile", async () => {
    const { admit, clock, writer, namesOf } = setup({ config: { flushIntervalMs: 0 } });
    const frozenMs = clock.monotonicMs.bind(clock);
    let passedMs = 0;
    clock.monotonicMs = () => {
      passedMs += 0.01;
      return frozenMs() + passedMs;
    };

    for (const name of ["1", "2", "3"]) {
      admit(name);
      expect(writer.calls).toEqual([]);
    }
    await clock.advance(1);

    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1", "2", "3"]]);
  });

  it("waits for the one before it in its lane, and takes what gathered meanwhile", async () => {
    const { admit, clock, writer, namesOf } = setup({ config: { lanes: 1 } });
    const release = writer.hold();
    admit("1");
    await clock.advance(10);
    admit("2");
    await clock.advance(1_000);
    admit("3", { group: "b" });
    await clock.advance(1_000);
    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1"]]);

    release();
    await clock.advance(0);

    expect(writer.calls.map(({ items }) => namesOf(items))).toEqual([["1"], ["2", "3"]]);
  });

  it("does not wait for other lanes", async () => {
    const { admit, clock, writer } = setup({ config: { lanes: 2 } });
    let mostInProgress = 0;
    writer.onBegin = (inProgress) => {
      mostInProgress = Math.max(mostInProgress, inProgress.length);
    };
    const release = writer.hold();
    for (const group of "abcdefgh") {
      admit(`${group}-1`, { group });
    }
    await clock.advance(10);
    for (const group of "abcdefgh") {
      admit(`${group}-2`, { group });
    }
    await clock.advance(1_000);
    expect(writer.calls).toHaveLength(2);

    release();
    await clock.advance(0);

    expect(writer.calls).toHaveLength(4);
    expect(mostInProgress).toBe(2);
  });

  it("keeps a group in its lane while another lane's writes fail", async () => {
    const { admit, clock, writer, memory } = setup({ config: { lanes: 2 } });
    let failingLane: string | undefined;
    writer.nextFailure = () => {
      const { items } = writer.calls.at(-1) ?? { items: [] };
      failingLane ??= items[0]?.group;
      return items.some(({ group }) => group === failingLane) ? new WriteFailure("retry") : undefined;
    };
    admit("first", { group: "a" });
    await clock.advance(10);
    // Names that differ in their last letter are spread over both lanes.
    for (const group of "bcdefgh") {
      admit(`${group}-1`, { group });
    }
    await clock.advance(10);

    const stored = [..."bcdefgh"].filter((group) => memory.read(group).length > 0);
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.length).toBeLessThan(7);
    expect(memory.read("a")).toEqual([]);
  });

  it("tells the size of each batch and how long it took", async () => {
    const { admit, clock, writer, written } = setup();
    const release = writer.hold();
    admit("1");
    admit("2");
    await clock.advance(10);
    await clock.advance(300);
    release();
    await clock.advance(0);

    expect(written).toEqual([{ size: 2, seconds: 0.3 }]);
  });
});

describe("full", () => {
  it("refuses from its number of items on, and accepts again below half of it", async () => {
    const { buffer, admit, clock, writer, namesOf } = setup({ config: { maxMessages: 4, maxBatchSize: 1, lanes: 1 } });
    let release = writer.hold();
    for (const name of ["1", "2", "3", "4"]) {
      admit(name);
    }
    expect(() => admit("5")).toThrow(OVERLOADED);
    expect(buffer.counts).toMatchObject({ admitted: 4, backlog: 4 });

    // One at a time: 3 and 2 are left, which is not below half of 4.
    for (const left of [3, 2]) {
      const next = release;
      next();
      release = writer.hold();
      await clock.advance(0);
      expect(buffer.counts.backlog).toBe(left);
      expect(() => admit("5")).toThrow(OVERLOADED);
    }
    release();
    release = writer.hold();
    await clock.advance(0);
    expect(buffer.counts.backlog).toBe(1);
    expect(admit("5").isDuplicate).toBe(false);
    // Open again up to the high mark.
    admit("6");
    admit("7");
    expect(() => admit("8")).toThrow(OVERLOADED);
    release();
    await clock.advance(100);
    expect(writer.calls.flatMap(({ items }) => namesOf(items))).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
  });

  it("refuses what would pass its bytes, and accepts again below half of them", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { maxBytes: 100, maxBatchSize: 1, lanes: 1 } });
    let release = writer.hold();
    admit("1", { bytes: 40 });
    admit("2", { bytes: 40 });
    admit("3", { bytes: 20 });
    expect(buffer.counts.backlogBytes).toBe(100);
    expect(() => admit("4", { bytes: 1 })).toThrow(OVERLOADED);

    release();
    release = writer.hold();
    await clock.advance(0);
    expect(buffer.counts.backlogBytes).toBe(60);
    expect(() => admit("4", { bytes: 1 })).toThrow(OVERLOADED);

    release();
    release = writer.hold();
    await clock.advance(0);
    expect(buffer.counts.backlogBytes).toBe(20);
    admit("4", { bytes: 1 });
    admit("5", { bytes: 79 });
    expect(() => admit("6", { bytes: 1 })).toThrow(OVERLOADED);
    release();
  });

  it("accepts an item of more than half of its bytes when it is empty again", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { maxBytes: 100, lanes: 1 } });
    const release = writer.hold();
    admit("1", { bytes: 60 });
    expect(() => admit("2", { bytes: 60 })).toThrow(OVERLOADED);
    await clock.advance(10);
    release();
    await clock.advance(0);
    expect(buffer.counts).toMatchObject({ backlog: 0, backlogBytes: 0 });

    expect(admit("2", { bytes: 60 }).isDuplicate).toBe(false);

    expect(() => admit("3", { bytes: 60 })).toThrow(OVERLOADED);
  });

  it("refuses while its oldest item is too old, the batch being written included, and accepts again at less than half the age", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { maxAgeMs: 1_000, maxBatchSize: 1, lanes: 1 } });
    let release = writer.hold();
    admit("1");
    await clock.advance(400);
    admit("2");
    await clock.advance(500);
    admit("3");
    await clock.advance(99);
    admit("4");
    await clock.advance(1);
    expect(buffer.counts.oldestAgeMs).toBe(1_000);
    expect(() => admit("5")).toThrow(OVERLOADED);

    release();
    release = writer.hold();
    await clock.advance(0);
    expect(buffer.counts.oldestAgeMs).toBe(600);
    expect(() => admit("5")).toThrow(OVERLOADED);

    release();
    release = writer.hold();
    await clock.advance(0);
    expect(buffer.counts.oldestAgeMs).toBe(100);
    expect(admit("5").isDuplicate).toBe(false);
    release();
  });

  it("takes the age of the oldest over all lanes", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { lanes: 4 } });
    writer.hold();
    for (const group of "abcdefgh") {
      admit(group, { group });
      await clock.advance(100);
    }

    expect(buffer.counts.oldestAgeMs).toBe(800);
  });

  it("still answers what it knows, and tells others when to come back, not all at one moment", async () => {
    const randoms = [0, 0.5];
    const { buffer, admit, writer } = setup({ config: { maxMessages: 1 }, random: () => randoms.shift() ?? 1 });
    writer.hold();
    admit("1");

    expect(() => admit("2")).toThrow(expect.objectContaining({ code: "OVERLOADED", retryAfterMs: 1_000 }));
    expect(() => admit("2")).toThrow(expect.objectContaining({ code: "OVERLOADED", retryAfterMs: 1_500 }));
    expect(admit("1").isDuplicate).toBe(true);
    expect(() => admit("1", { text: "other" })).toThrow(expect.objectContaining({ code: "IDEMPOTENCY_CONFLICT" }));
    expect(buffer.counts).toMatchObject({ admitted: 1, backlog: 1, backlogBytes: 10 });
  });
});

describe("a group that somebody else holds", () => {
  it("leaves the lane, and is tried alone without waiting for its lock; the others go on", async () => {
    const { buffer, memory, writer, clock, locks, admit, namesOf } = setup({ config: { lanes: 1 } });
    memory.held.add("held");
    admit("h1", { group: "held" });
    admit("1");
    await clock.advance(10);
    expect(memory.read("a")).toEqual(["1"]);
    expect(locks).toEqual([["held", true]]);
    admit("h2", { group: "held" });
    admit("2");
    await clock.advance(10);
    expect(memory.read("a")).toEqual(["1", "2"]);

    await clock.advance(5_000);
    const tries = writer.calls.filter(({ items }) => items.some(({ group }) => group === "held"));
    expect(tries.map(({ mayWait }) => mayWait)).toEqual([true, ...tries.slice(1).map(() => false)]);
    // A batch of its own each time, as a repeat: an attempt before may have been committed.
    expect(tries.slice(1).every(({ items, isRepeat }) => namesOf(items).join() === "h1,h2" && isRepeat)).toBe(true);
    expect(tries.length).toBeGreaterThan(5);
    expect(tries.length).toBeLessThan(30);
    expect(buffer.counts).toMatchObject({ backlog: 2, oldestAgeMs: 0, lockedGroups: 1, lockedOldestAgeMs: 5_020 });

    memory.held.clear();
    await writeOut({ buffer, writer, clock });

    expect(memory.read("held")).toEqual(["h1", "h2"]);
    expect(locks).toEqual([
      ["held", true],
      ["held", false],
    ]);
    expect(buffer.counts).toMatchObject({ admitted: 4, stored: 4, backlog: 0, lockedGroups: 0, lockedOldestAgeMs: 0 });
  });

  it("keeps its order with what waited in the lane, and over several batches", async () => {
    const { buffer, memory, writer, clock, admit } = setup({ config: { lanes: 1, maxBatchSize: 3 } });
    memory.held.add("held");
    const names = Array.from({ length: 20 }, (_, index) => `h${index}`);
    for (const name of names) {
      admit(name, { group: "held" });
      admit(`${name}-other`);
    }
    await clock.advance(1_000);
    expect(memory.read("a")).toHaveLength(20);
    admit("h20", { group: "held" });
    memory.held.clear();

    await writeOut({ buffer, writer, clock });

    expect(memory.read("held")).toEqual([...names, "h20"]);
  });

  it("is not passed by its own later items when a batch is bisected", async () => {
    const { buffer, memory, writer, clock, admit } = setup({ config: { lanes: 1 } });
    memory.held.add("held");
    admit("h1", { group: "held" });
    admit("bad", { text: POISON });
    admit("h2", { group: "held" });
    admit("1");
    writer.onBegin = () => {
      if (writer.calls.at(-1)?.items.some(({ text, group }) => text === POISON && group === "a")) {
        return;
      }
      const foundLocked = writer.calls.filter(({ items }) => items.every(({ group }) => group === "held"));
      if (foundLocked.length === 1 && writer.calls.at(-1) !== foundLocked[0]) {
        // Free again as soon as it was found locked: what comes behind could have it.
        memory.held.clear();
      }
    };

    await writeOut({ buffer, writer, clock });

    expect(memory.read("held")).toEqual(["h1", "h2"]);
    expect(buffer.counts).toMatchObject({ stored: 3, rejected: 1 });
  });

  it("is refused by its number, its bytes or its age, and nobody else because of it", async () => {
    const { buffer, memory, clock, admit } = setup({
      config: { lanes: 1, maxMessages: 100, maxBytes: 2_000, maxAgeMs: 1_000 },
    });
    memory.held.add("many").add("bytes").add("old");
    for (const group of memory.held) {
      admit(group, { group });
    }
    await clock.advance(10);
    expect(buffer.counts.lockedGroups).toBe(3);

    for (let more = 2; more <= 5; more += 1) {
      admit(`many-${more}`, { group: "many" });
    }
    expect(() => admit("many-6", { group: "many" })).toThrow(OVERLOADED);
    admit("bytes-2", { group: "bytes", bytes: 90 });
    expect(() => admit("bytes-3", { group: "bytes", bytes: 1 })).toThrow(OVERLOADED);
    admit("old-2", { group: "old" });
    await clock.advance(990);
    expect(() => admit("old-3", { group: "old" })).toThrow(OVERLOADED);
    await clock.advance(60_000);

    expect(admit("somebody else's").isDuplicate).toBe(false);
    await clock.advance(10);
    expect(memory.read("a")).toEqual(["somebody else's"]);
  });

  it("shares one more bound with the other locked ones, which is not everybody's either", async () => {
    const { memory, clock, admit } = setup({ config: { lanes: 2, maxMessages: 20 } });
    const groups = Array.from({ length: 20 }, (_, index) => `held-${index}`);
    for (const group of groups.slice(0, 19)) {
      memory.held.add(group);
      admit(group, { group });
      await clock.advance(10);
    }
    memory.held.add("held-19");
    admit("held-19", { group: "held-19" });
    await clock.advance(10);

    expect(() => admit("again", { group: "held-3" })).toThrow(OVERLOADED);
    expect(admit("somebody else's").isDuplicate).toBe(false);
  });

  it("is tried until the time for the last flush is over when the buffer stops", async () => {
    const { buffer, memory, clock, admit } = setup({ config: { lanes: 1, drainTimeoutMs: 3_000 } });
    memory.held.add("held").add("never");
    admit("h1", { group: "held" });
    admit("n1", { group: "never" });
    await clock.advance(10);

    const stopping = buffer.stop();
    await clock.advance(1_000);
    memory.held.delete("held");
    await clock.advance(1_000);
    expect(memory.read("held")).toEqual(["h1"]);
    await clock.advance(1_000);
    await stopping;

    expect(buffer.counts).toMatchObject({ stored: 1, backlog: 1 });
  });
});

describe("draining and stopped", () => {
  it("refuses new items from `refuse` on, and goes on writing those it has", async () => {
    const { buffer, admit, clock } = setup();
    const { stored } = admit("1");

    buffer.refuse();

    expect(() => admit("2")).toThrow(expect.objectContaining({ code: "DRAINING", retryAfterMs: expect.any(Number) }));
    expect(admit("1").isDuplicate).toBe(true);
    await clock.advance(10);
    expect(await stored).toEqual({ status: "stored", seq: 1 });
  });

  it("stops at once with an empty backlog, before `start` and twice", async () => {
    const { buffer, admit, clock } = setup();

    await buffer.stop();
    await buffer.stop();

    expect(clock.monotonicMs()).toBe(0);
    expect(() => admit("1")).toThrow(expect.objectContaining({ code: "DRAINING" }));
  });

  it("waits for a retry while it drains, and is stopped when that one is through", async () => {
    const { buffer, admit, clock, writer } = setup();
    writer.nextFailure = times(3, new WriteFailure("retry"));
    const { stored } = admit("1");
    let isStopped = false;
    const stopping = buffer.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(50);
    expect(isStopped).toBe(false);

    await clock.advance(500);

    await stopping;
    expect(await stored).toEqual({ status: "stored", seq: 1 });
  });

  it("gives up on a write that hangs after `drainTimeoutMs`, not earlier", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { drainTimeoutMs: 8_000 } });
    writer.hold();
    const { stored } = admit("1");
    let isStopped = false;
    const stopping = buffer.stop().then(() => {
      isStopped = true;
    });
    await clock.advance(7_999);
    expect(isStopped).toBe(false);

    await clock.advance(1);

    await stopping;
    expect(await Promise.race([stored, "open"])).toBe("open");
    expect(buffer.counts).toMatchObject({ admitted: 1, backlog: 1, stored: 0, rejected: 0 });
  });

  it("leaves no timer behind when it gives up between two attempts", async () => {
    const { buffer, admit, clock, writer } = setup({ config: { drainTimeoutMs: 90 }, random: () => 1 });
    const running = new Set<object>();
    const setTimer = clock.setTimer.bind(clock);
    clock.setTimer = (callback, delayMs) => {
      const mark = {};
      running.add(mark);
      const timer = setTimer(() => {
        running.delete(mark);
        callback();
      }, delayMs);
      return {
        clear() {
          running.delete(mark);
          timer.clear();
        },
      };
    };
    writer.nextFailure = () => new WriteFailure("retry");
    admit("1");
    const stopping = buffer.stop();
    await clock.advance(0);
    // The second pause, of 100 ms, has begun; the drain's timer runs too.
    await clock.advance(50);
    expect(writer.calls).toHaveLength(2);
    expect(running.size).toBe(2);

    await clock.advance(40);
    await stopping;

    expect(running.size).toBe(0);
  });

  it("does not bisect on after it has given up", async () => {
    const { buffer, admit, clock, writer, settlements } = setup({ config: { drainTimeoutMs: 100 } });
    const release = writer.hold();
    admit("1");
    admit("2", { text: POISON });
    const stopping = buffer.stop();
    await clock.advance(100);
    await stopping;

    release();
    await clock.advance(60_000);

    expect(writer.calls).toHaveLength(1);
    expect(settlements).toEqual([]);
    expect(buffer.counts.backlog).toBe(2);
  });
});

describe("errors", () => {
  it("waits longer and longer between attempts, up to half a second", async () => {
    const { admit, clock, writer, errors } = setup({ random: () => 1 });
    writer.nextFailure = times(6, new WriteFailure("retry"));
    const attemptsAtMs: number[] = [];
    writer.onBegin = () => attemptsAtMs.push(clock.monotonicMs());
    admit("1");

    await clock.advance(5_000);

    expect(attemptsAtMs.map((atMs, index) => atMs - (attemptsAtMs[index - 1] ?? 0))).toEqual([
      10, 50, 100, 200, 400, 500, 500,
    ]);
    expect(errors.map(({ failures }) => failures)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("waits a moment only after a lost race", async () => {
    const { admit, clock, writer } = setup({ random: () => 1 });
    writer.nextFailure = times(2, new WriteFailure("repeat"));
    const attemptsAtMs: number[] = [];
    writer.onBegin = () => attemptsAtMs.push(clock.monotonicMs());
    admit("1");

    await clock.advance(5_000);

    expect(attemptsAtMs).toEqual([10, 15, 25]);
  });

  it("pauses and bisects in one lane without hurting the order of those behind", async () => {
    const { buffer, writer, clock, admit, settlements } = setup({ config: { lanes: 1, maxBatchSize: 4 } });
    writer.nextFailure = times(1, new WriteFailure("retry"));
    for (const name of ["1", "2", "3", "4", "5", "6"]) {
      admit(name, { text: name === "2" || name === "3" ? POISON : "text" });
    }

    await writeOut({ buffer, writer, clock });

    expect(settlements.map(({ item, ...rest }) => [item.name, "stored" in rest ? rest.stored.seq : 0])).toEqual([
      ["1", 1],
      ["2", 0],
      ["3", 0],
      ["4", 2],
      ["5", 3],
      ["6", 4],
    ]);
  });

  it("says in a half of a bisected batch that an earlier attempt may have committed, and in the next batch that none did", async () => {
    const { buffer, writer, clock, admit } = setup({ config: { lanes: 1, maxBatchSize: 2 } });
    admit("1", { text: POISON });
    admit("2");
    admit("3");

    await writeOut({ buffer, writer, clock });

    expect(writer.calls.map(({ items, isRepeat }) => [items.map(({ name }) => name), isRepeat])).toEqual([
      [["1", "2"], false],
      [["1"], true],
      [["2"], true],
      [["3"], false],
    ]);
  });

  it("names the cause of a rejection", async () => {
    const { buffer, writer, clock, admit } = setup();
    const { stored } = admit("1", { text: POISON });
    const rejection = stored.catch((error: unknown) => error);

    await writeOut({ buffer, writer, clock });

    expect(await rejection).toMatchObject({ code: "STORAGE_REJECTED", cause: expect.any(WriteFailure) });
  });

  it("does not remember a rejected key: the next item with it is written", async () => {
    const { buffer, writer, clock, admit } = setup();
    admit("1", { text: POISON });
    await writeOut({ buffer, writer, clock });

    const second = admit("1", { text: "better" });
    await writeOut({ buffer, writer, clock });

    expect(second.isDuplicate).toBe(false);
    expect(await second.stored).toEqual({ status: "stored", seq: 1 });
  });

  it("takes a writer that throws at once like one that rejects", async () => {
    const memory = new MemoryWriter();
    let isFirst = true;
    const { buffer, writer, clock, admit } = setup({
      inner: {
        writeBatch(items) {
          if (isFirst) {
            isFirst = false;
            throw new Error("not even a promise");
          }
          return memory.writeBatch(items);
        },
        rejectionOf: () => undefined,
        classifyError: () => "retry",
      },
    });
    const { stored } = admit("1");

    await writeOut({ buffer, writer, clock });

    expect(await stored).toEqual({ status: "stored", seq: 1 });
  });

  it("never says stored for an item without a result", async () => {
    const { buffer, writer, clock, admit } = setup({
      inner: {
        writeBatch: async () => [{ status: "stored", seq: 1 }],
        rejectionOf: () => undefined,
        classifyError: () => "retry",
      },
    });
    const first = admit("1");
    const second = admit("2");
    const rejection = second.stored.catch((error: unknown) => error);

    await writeOut({ buffer, writer, clock });

    expect(await first.stored).toEqual({ status: "stored", seq: 1 });
    expect(await rejection).toMatchObject({ code: "INTERNAL" });
    expect(buffer.counts).toMatchObject({ stored: 1, rejected: 1, backlog: 0 });
  });
});

describe("settling", () => {
  it("reports a commit before it answers the admissions, with the backlog already smaller", async () => {
    const steps: string[] = [];
    const { buffer, admit, clock } = setup({
      onSettled: (batch) => steps.push(`settled ${batch.length}, backlog ${buffer.counts.backlog}`),
    });
    for (const name of ["1", "2"]) {
      void admit(name).stored.then(() => steps.push(`answered ${name}`));
    }

    await clock.advance(10);

    expect(steps).toEqual(["settled 2, backlog 0", "answered 1", "answered 2"]);
  });

  it("answers the senders although whoever listens fails, and reports that", async () => {
    const failure = new Error("a listener's bug");
    const { admit, clock, errors, buffer } = setup({
      onSettled: () => {
        throw failure;
      },
    });
    const { stored } = admit("1");

    await clock.advance(10);

    expect(await stored).toEqual({ status: "stored", seq: 1 });
    expect(errors).toEqual([{ error: failure, failures: 0 }]);
    expect(buffer.counts).toMatchObject({ stored: 1, backlog: 0 });
  });

  it("leaves no unhandled rejection when nobody waits for a rejected item", async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", listen);
    const { buffer, writer, clock, admit } = setup();
    admit("1", { text: POISON });

    await writeOut({ buffer, writer, clock });
    await clock.advance(0);

    process.off("unhandledRejection", listen);
    expect(buffer.counts.rejected).toBe(1);
    expect(unhandled).toEqual([]);
  });

  it("finds an item in the backlog and among the stored, and nothing else", async () => {
    const { buffer, admit, clock } = setup({ config: { rememberedKeys: 1 } });
    const noteOf = (name: string) => ({ group: "a", name, text: "text", bytes: 10 });
    expect(buffer.find(noteOf("1"))).toBeUndefined();
    admit("1");
    expect(buffer.find(noteOf("1"))).toMatchObject({ isDuplicate: true });
    await clock.advance(10);
    expect(await buffer.find(noteOf("1"))?.stored).toEqual({ status: "stored", seq: 1 });

    // One key is remembered: the next one takes its place.
    admit("2");
    await clock.advance(10);

    expect(buffer.find(noteOf("1"))).toBeUndefined();
    expect(await buffer.find(noteOf("2"))?.stored).toEqual({ status: "stored", seq: 2 });
  });
});
