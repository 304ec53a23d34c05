import type { StoredMessage } from "../../../src/contract/events";
import { MessageRing } from "../../../src/room-log/message-ring";

function messageOf(seq: number, parts: Partial<StoredMessage> = {}): StoredMessage {
  return {
    ...{ id: `id-${seq}`, room: "general", seq, type: "text", content: `content ${seq}` },
    ...{ userId: "alice", username: "Alice", color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
    ...parts,
  };
}

function setup(capacity: number, ...seqs: number[]) {
  const ring = new MessageRing(capacity);
  for (const seq of seqs) {
    ring.add(messageOf(seq));
  }
  const seqsOf = (first: number, last: number) => ring.range(first, last)?.map(({ seq }) => seq);
  return { ring, seqsOf };
}

it("answers a range in order, whatever the order in which it came", () => {
  const { ring, seqsOf } = setup(10, 3, 1, 4, 2);

  expect(seqsOf(1, 4)).toEqual([1, 2, 3, 4]);
  expect(seqsOf(2, 3)).toEqual([2, 3]);
  expect(ring.range(4, 4)).toEqual([messageOf(4)]);
});

it("answers nothing of a range with a hole, until the hole is filled", () => {
  const { ring, seqsOf } = setup(10, 1, 2, 4, 5);
  expect(seqsOf(1, 5)).toBeUndefined();
  expect(seqsOf(3, 3)).toBeUndefined();
  expect(seqsOf(4, 5)).toEqual([4, 5]);

  ring.add(messageOf(3));

  expect(seqsOf(1, 5)).toEqual([1, 2, 3, 4, 5]);
});

it("answers nothing of a range that begins before or ends behind what it holds", () => {
  const { seqsOf } = setup(10, 5, 6, 7);

  expect(seqsOf(4, 7)).toBeUndefined();
  expect(seqsOf(5, 8)).toBeUndefined();
  expect(seqsOf(1, 1_000_000_000)).toBeUndefined();
});

it("holds so many messages; the first that came goes first", () => {
  const { seqsOf } = setup(3, 1, 2, 3, 4);

  expect(seqsOf(1, 4)).toBeUndefined();
  expect(seqsOf(2, 4)).toEqual([2, 3, 4]);
});

it("keeps the first copy of a number", () => {
  const { ring } = setup(3, 1);
  const { bytes } = ring;

  ring.add(messageOf(1, { content: "a much longer text than that of the first copy" }));

  expect(ring.range(1, 1)).toEqual([messageOf(1)]);
  expect(ring.bytes).toBe(bytes);
});

it("counts bytes that grow with content and metadata, and go with what is dropped", () => {
  const { ring } = setup(2, 1);
  const small = ring.bytes;
  ring.add(messageOf(2, { content: "x".repeat(1_000) }));
  const withContent = ring.bytes - small;
  expect(withContent).toBeGreaterThanOrEqual(2_000);

  // Number 1 goes.
  ring.add(messageOf(3, { content: "content 3", metadata: { key: "y".repeat(500) } }));
  const withMetadata = ring.bytes - withContent;
  expect(withMetadata).toBeGreaterThanOrEqual(small + 1_000);

  ring.clear();
  expect(ring.bytes).toBe(0);
  expect(ring.range(3, 3)).toBeUndefined();
});

it("holds again what comes after it was cleared", () => {
  const { ring, seqsOf } = setup(2, 1, 2);
  ring.clear();

  ring.add(messageOf(2));
  ring.add(messageOf(3));

  expect(seqsOf(2, 3)).toEqual([2, 3]);
});

it("holds nothing with a capacity of 0", () => {
  const { ring, seqsOf } = setup(0, 1);

  expect(seqsOf(1, 1)).toBeUndefined();
  expect(ring.bytes).toBe(0);
});
