import type { LiveMessage } from "../../../src/contract/events";
import { ShownMessages } from "../../../src/room-log/shown-messages";

const CONTENT = "x".repeat(100);

function liveOf(id: string): LiveMessage {
  return {
    ...{ id, room: "general", type: "text", content: CONTENT, tip: 0, userId: "alice", username: "Alice" },
    ...{ color: "#000000", createdAt: "2026-01-01T00:00:00.000Z" },
  };
}

const bytesOfOne = Buffer.byteLength(JSON.stringify(liveOf("0"))) + 1;

function setup(count: number) {
  const shown = new ShownMessages();
  const ids = Array.from({ length: count }, (_, index) => `${index}`);
  ids.forEach((id, index) => {
    shown.add(id, liveOf(id), index, 0);
  });
  const newest = (maxBytes: number) => {
    const { pending, hasMorePending } = shown.newest(maxBytes);
    return { ids: pending.map(({ id }) => id), hasMorePending };
  };
  return { shown, newest };
}

it("lists the newest that fit, as they were shown, and says that there are more", () => {
  const { newest } = setup(10);

  expect(newest(3 * bytesOfOne)).toEqual({ ids: ["7", "8", "9"], hasMorePending: true });
  expect(newest(3 * bytesOfOne - 1)).toEqual({ ids: ["8", "9"], hasMorePending: true });
  expect(newest(10 * bytesOfOne)).toMatchObject({ ids: { length: 10 }, hasMorePending: false });
  expect(newest(0)).toEqual({ ids: [], hasMorePending: true });
  expect(setup(0).newest(0)).toEqual({ ids: [], hasMorePending: false });
});

it("lists no more messages than a page has", () => {
  expect(setup(5_000).newest(Number.POSITIVE_INFINITY)).toMatchObject({ ids: { length: 200 }, hasMorePending: true });
});

it("lists what is there, whatever has come and gone", () => {
  const { shown, newest } = setup(1_000);
  for (let index = 0; index < 1_000; index += 1) {
    if (index % 100 !== 0) {
      shown.remove(`${index}`);
    }
  }
  shown.remove("300");
  shown.add("300", liveOf("300"), 2_000, 0);

  expect(newest(1_000_000)).toEqual({
    ids: ["0", "100", "200", "400", "500", "600", "700", "800", "900", "300"],
    hasMorePending: false,
  });
  expect(shown.shownUntil(250).map(({ message }) => message.id)).toEqual(["0", "100", "200"]);
});
