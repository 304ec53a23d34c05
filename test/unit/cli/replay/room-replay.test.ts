import type { Client } from "../../../../src/cli/replay/client";
import { parseIrcLog } from "../../../../src/cli/replay/irc-log";
import type { Reader } from "../../../../src/cli/replay/reader";
import { formatReplayTable } from "../../../../src/cli/replay/replay-table";
import { RoomReplay } from "../../../../src/cli/replay/room-replay";
import type { HistoryPage } from "../../../../src/contract/events";

interface Row {
  id: string;
  seq: number;
}

/** A replay of so many lines into a room that numbers them, and whose rows a test may change. */
function setup(lines = 3) {
  const replay = new RoomReplay("chat.txt", "irc-1", parseIrcLog("[10:00] <ada> hi\n".repeat(lines)));
  const rows: Row[] = [];
  const calls: string[] = [];
  const fake: Pick<Client, "send" | "join" | "leave"> & Pick<Reader, "readAfter"> = {
    async join() {
      calls.push("join");
    },
    async leave() {
      calls.push("leave");
    },
    async send(_room, id) {
      calls.push("message");
      rows.push({ id, seq: rows.length + 1 });
      return { id, seq: rows.length, createdAt: "" };
    },
    async readAfter(_room, after) {
      calls.push("history");
      const following = rows.filter(({ seq }) => seq > after);
      // Of a page, a replay looks at these.
      return { messages: following.slice(0, 200), hasMoreAfter: following.length > 200 } as unknown as HistoryPage;
    },
  };
  // Of a client, a replay uses these, and its identity.
  const newClient = () => ({ ...fake }) as unknown as Client & Reader;
  const sendAll = async (client: Client): Promise<void> => {
    for (const { text } of replay.log.speeches) {
      await replay.send(client, text);
    }
  };
  return { replay, rows, calls, newClient, sendAll };
}

it("is complete when every line is stored once, under its number", async () => {
  const { replay, newClient, sendAll } = setup(3);
  await sendAll(newClient());
  expect(replay.isComplete).toBe(false);

  await replay.verify(newClient());

  expect(replay.isComplete).toBe(true);
  expect(replay).toMatchObject({
    ...{ sent: 3, acknowledged: 3, stored: 3 },
    ...{ duplicates: 0, holes: 0, missing: 0 },
  });
});

it("reads a room of many pages to its end", async () => {
  const { replay, calls, newClient, sendAll } = setup(401);
  await sendAll(newClient());

  await replay.verify(newClient());

  expect(replay).toMatchObject({ stored: 401, isComplete: true });
  expect(calls.filter((event) => event === "history")).toHaveLength(3);
});

it.each<[string, (rows: Row[]) => void, object]>([
  ["a line that is not stored", (rows) => rows.splice(2, 1), { stored: 2, missing: 1, holes: 0 }],
  ["a hole", (rows) => rows.splice(1, 1), { stored: 2, missing: 1, holes: 1 }],
  ["a line that is stored twice", (rows) => rows.push({ id: rows[0]?.id ?? "", seq: 4 }), { stored: 4, duplicates: 1 }],
  ["a line of somebody else", (rows) => rows.push({ id: "other", seq: 4 }), { stored: 4, duplicates: 0, missing: 0 }],
  ["another number", (rows) => rows.splice(2, 1, { id: rows[2]?.id ?? "", seq: 9 }), { holes: 6, missing: 1 }],
])("is not complete with %s", async (_what, change, counts) => {
  const { replay, rows, newClient, sendAll } = setup(3);
  await sendAll(newClient());
  change(rows);

  await replay.verify(newClient());

  expect(replay).toMatchObject({ ...counts, isComplete: false });
});

it("is not complete when a line was not sent", async () => {
  const { replay, newClient } = setup(2);
  await replay.send(newClient(), "hi");

  await replay.verify(newClient());

  expect(replay).toMatchObject({ sent: 1, acknowledged: 1, stored: 1, isComplete: false });
});

it("expects each line at everybody who is in the room when it is sent, and counts each arrival once", async () => {
  const { replay, rows, newClient } = setup(2);
  const [ada, bob] = [newClient(), newClient()];
  await replay.join(ada);
  await replay.send(ada, "hi");
  await replay.join(bob);
  await replay.send(ada, "hi");
  expect(replay.expectedDeliveries).toBe(3);
  const [first = "", second = ""] = rows.map(({ id }) => id);

  for (const [client, id] of [
    [ada, first],
    [ada, first],
    [bob, first],
    [ada, second],
    [bob, second],
  ] as const) {
    replay.observe(client, id);
  }
  replay.observe(ada, "of somebody else");

  expect(replay.delivered).toBe(3);
  expect(replay.deliveryTimes.count).toBe(3);
});

it("leaves when what was sent before has arrived", async () => {
  const { replay, rows, calls, newClient } = setup(1);
  const ada = newClient();
  await replay.join(ada);
  await replay.send(ada, "hi");

  const leaving = replay.leave(ada);
  await Promise.resolve();
  expect(calls).toEqual(["join", "message"]);
  replay.observe(ada, rows[0]?.id ?? "");
  await leaving;

  expect(calls).toEqual(["join", "message", "leave"]);
});

it("counts refusals by their code", () => {
  const { replay } = setup();

  for (const code of ["SEND_FORBIDDEN", "ROOM_FORBIDDEN", "SEND_FORBIDDEN"]) {
    replay.countRefusal(code);
  }

  expect([...replay.refused]).toEqual([
    ["SEND_FORBIDDEN", 2],
    ["ROOM_FORBIDDEN", 1],
  ]);
});

it("is a row of the table, and all of them are its last", async () => {
  const [first, second] = [setup(2), setup(1_000)];
  await first.sendAll(first.newClient());
  await second.sendAll(second.newClient());
  await first.replay.verify(first.newClient());

  const rows = formatReplayTable([first.replay, second.replay])
    .split("\n")
    .filter((line) => line.includes("│"))
    .map((line) =>
      line
        .split("│")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

  expect(rows[0]?.slice(0, 7)).toEqual(["log", "lines", "sent", "acked", "stored", "duplicates", "holes"]);
  expect(rows.slice(1).map((cells) => cells.slice(0, 11))).toEqual([
    ["chat.txt", "2", "2", "2", "2", "0", "0", "0", "0", "-", "-"],
    ["chat.txt", "1,000", "1,000", "1,000", "0", "0", "0", "0", "0", "-", "-"],
    ["all", "1,002", "1,002", "1,002", "2", "0", "0", "0", "0", "-", "-"],
  ]);
  expect(rows[1]?.slice(11).every((cell) => /^\d+\.\d ms$/.test(cell))).toBe(true);
});
