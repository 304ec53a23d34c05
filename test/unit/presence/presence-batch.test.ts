import { PresenceBatch } from "../../../src/presence/presence-batch";
import { userOf } from "../../support/suites/presence-store-suite";

it("names who came and who went, in the order of it", () => {
  const batch = new PresenceBatch();
  batch.join(userOf("bob"));
  batch.leave(userOf("dave"));
  batch.join(userOf("alice"));
  batch.leave(userOf("carol"));

  expect(batch.toEvent("general", 120)).toStrictEqual({
    room: "general",
    joined: [userOf("bob"), userOf("alice")],
    left: ["dave", "carol"],
    count: 120,
  });
});

it("is empty until somebody comes or goes", () => {
  const batch = new PresenceBatch();
  expect(batch.isEmpty).toBe(true);

  batch.leave(userOf("alice"));
  expect(batch.isEmpty).toBe(false);
});

it("names nobody who came and went again", () => {
  const batch = new PresenceBatch();
  batch.join(userOf("alice"));
  expect(batch.isEmpty).toBe(false);
  batch.leave(userOf("alice"));

  expect(batch.isEmpty).toBe(true);
  expect(batch.toEvent("general", 120)).toMatchObject({ joined: [], left: [] });
});

it("names nobody who went and came again", () => {
  const batch = new PresenceBatch();
  batch.leave(userOf("alice"));
  batch.join(userOf("alice"));

  expect(batch.isEmpty).toBe(true);
});

it("names who came, went and came again as come, once and as known last", () => {
  const batch = new PresenceBatch();
  batch.join(userOf("alice", "Alice"));
  batch.leave(userOf("alice"));
  batch.join(userOf("alice", "Alice B."));

  expect(batch.toEvent("general", 120)).toMatchObject({ joined: [userOf("alice", "Alice B.")], left: [] });
});

describe.each([
  ["come", "joined", (batch: PresenceBatch, userId: string) => batch.join(userOf(userId))],
  ["gone", "left", (batch: PresenceBatch, userId: string) => batch.leave(userOf(userId))],
] as const)("of more than 50 who have %s", (_what, list, step) => {
  const batchOf = (size: number): PresenceBatch => {
    const batch = new PresenceBatch();
    for (let index = 0; index < size; index += 1) {
      step(batch, `user-${index}`);
    }
    return batch;
  };

  it("names the first 50, and says that it is cut", () => {
    const event = batchOf(51).toEvent("general", 500);

    expect(event[list]).toHaveLength(50);
    expect(event).toMatchObject({ truncated: true, count: 500 });
  });

  it("does not say so at 50", () => {
    const event = batchOf(50).toEvent("general", 500);

    expect(event[list]).toHaveLength(50);
    expect(event).not.toHaveProperty("truncated");
  });
});
